-- Projects of tasks and batches, and the tokens that principals show.

-- Rows of the previous release belong to the project `default`.
ALTER TABLE tasks ADD COLUMN project TEXT NOT NULL DEFAULT 'default';
ALTER TABLE batches ADD COLUMN project TEXT NOT NULL DEFAULT 'default';

CREATE INDEX tasks_by_project ON tasks (project, sequence);
CREATE INDEX batches_by_project ON batches (project, sequence);

-- The waiting tasks are counted by project and owner in the index alone.
DROP INDEX tasks_waiting;
CREATE INDEX tasks_waiting ON tasks (rank, fair, sequence, owner, cost_ms, project)
  WHERE state = 'submitted';

-- A token itself is not stored: `prefix` finds its row, `hash` proves the rest. A row is never removed
-- and never changed except by the one revocation.
CREATE TABLE tokens (
  prefix     TEXT PRIMARY KEY,                  -- the first characters of the token
  hash       TEXT NOT NULL,                     -- SHA-256 of the whole token, in hexadecimal digits
  name       TEXT NOT NULL,
  project    TEXT NOT NULL,
  role       TEXT NOT NULL CHECK (role IN ('read', 'user', 'admin')),
  created_at REAL NOT NULL,
  expires_at REAL,                              -- NULL: never
  revoked_at REAL
) STRICT;
