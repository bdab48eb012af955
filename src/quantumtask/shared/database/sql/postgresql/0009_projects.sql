-- Projects of tasks and batches, and the tokens that principals show.

-- Rows of the previous release belong to the project `default`.
ALTER TABLE tasks ADD COLUMN project text NOT NULL DEFAULT 'default';
ALTER TABLE batches ADD COLUMN project text NOT NULL DEFAULT 'default';

CREATE INDEX tasks_by_project ON tasks (project, sequence);
CREATE INDEX batches_by_project ON batches (project, sequence);

-- The waiting tasks are counted by project and owner in the index alone.
DROP INDEX tasks_waiting;
CREATE INDEX tasks_waiting ON tasks (rank, fair, sequence, owner, cost_ms, project)
  WHERE state = 'submitted';

-- A token itself is not stored: `prefix` finds its row, `hash` proves the rest. A row is never removed
-- and never changed except by the one revocation.
CREATE TABLE tokens (
  prefix     text   PRIMARY KEY,                -- the first characters of the token
  hash       text   NOT NULL,                   -- SHA-256 of the whole token, in hexadecimal digits
  name       text   NOT NULL,
  project    text   NOT NULL,
  role       text   NOT NULL CHECK (role IN ('read', 'user', 'admin')),
  created_at float8 NOT NULL,
  expires_at float8,                            -- NULL: never
  revoked_at float8
);
