-- The schema as the third version of SQLite's has it, in PostgreSQL's dialect. From here on both are
-- changed together, and a number means the same in both.
-- The lifecycle is guarded here as well: a row that breaks it cannot be written by any query.

CREATE TABLE schema_version (version integer NOT NULL);
INSERT INTO schema_version VALUES (0);

CREATE TABLE tasks (
  sequence       bigint  GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of submission
  id             text    NOT NULL UNIQUE,
  state          text    NOT NULL DEFAULT 'submitted',
  shots          bigint  NOT NULL CHECK (shots > 0),
  seed           bigint,
  memory         integer NOT NULL CHECK (memory IN (0, 1)),
  timeout_s      float8  NOT NULL CHECK (timeout_s > 0),
  engine         text,                          -- asked for; NULL: it is chosen
  method         text,
  name           text,
  tags           text    NOT NULL DEFAULT '[]',
  cost_ms        float8  NOT NULL,              -- predicted, for sharing work out in chunks
  submitted_at   float8  NOT NULL,              -- seconds since 1970, as every time here
  started_at     float8,
  finished_at    float8,
  attempt        bigint  NOT NULL DEFAULT 0,    -- the fencing token: every claim raises it
  crashes        bigint  NOT NULL DEFAULT 0,    -- how often the task took a slot or a worker down
  worker         text,
  lease_until    float8,
  result         text,                          -- counts, as JSON
  result_memory  text,                          -- one bit string a shot, as JSON
  result_outputs text,                          -- name -> one value a shot, as JSON
  report         text,                          -- seed, engine, version, method, run_ms, warnings, as JSON
  failure_code   text,
  failure        text,
  problems       text,                          -- every problem of the circuit, as JSON

  CHECK (state IN ('submitted', 'running', 'completed', 'failed', 'cancelled')),
  CHECK ((state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK ((state = 'running') = (lease_until IS NOT NULL)),
  CHECK ((state = 'running') = (worker IS NOT NULL)),
  CHECK ((state = 'completed') = (result IS NOT NULL)),
  CHECK ((state = 'completed') = (report IS NOT NULL)),
  CHECK (result_outputs IS NULL OR state = 'completed'),
  CHECK ((state = 'failed') = (failure_code IS NOT NULL)),
  CHECK ((state = 'failed') = (failure IS NOT NULL)),
  CHECK (attempt > 0 OR state IN ('submitted', 'cancelled'))
) WITH (
  -- Every task leaves several dead rows behind, at the very place where the next one is looked for.
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02
);

CREATE INDEX tasks_by_state ON tasks (state, sequence);
CREATE INDEX tasks_by_name ON tasks (name, sequence) WHERE name IS NOT NULL;

-- Apart from tasks, because a change of state would otherwise write the whole text again.
CREATE TABLE circuits (
  sequence bigint PRIMARY KEY REFERENCES tasks (sequence),
  circuit  bytea  NOT NULL
);

-- Values for a circuit's `input` declarations.
CREATE TABLE parameters (
  sequence   bigint PRIMARY KEY REFERENCES tasks (sequence),
  parameters text   NOT NULL                    -- name -> value, as JSON
);

CREATE TABLE tags (
  tag      text   NOT NULL,
  sequence bigint NOT NULL REFERENCES tasks (sequence),
  PRIMARY KEY (tag, sequence)
);

-- Every change of state, written in the transaction that makes it.
CREATE TABLE changes (
  rowid    bigint GENERATED ALWAYS AS IDENTITY, -- SQLite has it unasked
  sequence bigint NOT NULL REFERENCES tasks (sequence),
  at       float8 NOT NULL,
  move     text   NOT NULL,
  state    text   NOT NULL,
  attempt  bigint NOT NULL,
  worker   text                                 -- who made the move, where a worker did
);

CREATE INDEX changes_by_task ON changes (sequence);

CREATE TABLE idempotency_keys (
  key        text   PRIMARY KEY,
  digest     text   NOT NULL,
  task_id    text   NOT NULL,
  expires_at float8 NOT NULL
);

CREATE INDEX idempotency_by_expiry ON idempotency_keys (expires_at);

CREATE TABLE workers (
  id      text   PRIMARY KEY,
  slots   bigint NOT NULL,
  seen_at float8 NOT NULL
);

-- One row, written by readiness checks: a database that only reads is not ready.
CREATE TABLE probe (
  one        integer PRIMARY KEY CHECK (one = 1),
  written_at float8  NOT NULL
);
