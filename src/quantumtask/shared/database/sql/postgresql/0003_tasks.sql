-- The third version of the schema in PostgreSQL's dialect. Later versions change both databases and
-- have the same number in both.
-- CHECK constraints guard the lifecycle: no query can write a row that breaks it.

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
  engine         text,                          -- requested engine; NULL: the slot chooses
  method         text,
  name           text,
  tags           text    NOT NULL DEFAULT '[]',
  cost_ms        float8  NOT NULL,              -- predicted run time, to pack tasks into chunks
  submitted_at   float8  NOT NULL,              -- seconds since 1970, as all times
  started_at     float8,
  finished_at    float8,
  attempt        bigint  NOT NULL DEFAULT 0,    -- the fencing token: every claim increments it
  crashes        bigint  NOT NULL DEFAULT 0,    -- number of slots and workers lost with the task
  worker         text,
  lease_until    float8,
  result         text,                          -- counts, as JSON
  result_memory  text,                          -- the bit string of each shot, as JSON
  result_outputs text,                          -- name -> array with the value after each shot, as JSON
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
  -- Every task leaves several dead rows, in the range of the index that claims scan.
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02
);

CREATE INDEX tasks_by_state ON tasks (state, sequence);
CREATE INDEX tasks_by_name ON tasks (name, sequence) WHERE name IS NOT NULL;

-- In a table of its own, because a change of state would otherwise rewrite the whole text.
CREATE TABLE circuits (
  sequence bigint PRIMARY KEY REFERENCES tasks (sequence),
  circuit  bytea  NOT NULL
);

-- Values of a circuit's `input` declarations.
CREATE TABLE parameters (
  sequence   bigint PRIMARY KEY REFERENCES tasks (sequence),
  parameters text   NOT NULL                    -- name -> value, as JSON
);

CREATE TABLE tags (
  tag      text   NOT NULL,
  sequence bigint NOT NULL REFERENCES tasks (sequence),
  PRIMARY KEY (tag, sequence)
);

-- The history of tasks: every change of state, written in the transaction of the move.
CREATE TABLE changes (
  rowid    bigint GENERATED ALWAYS AS IDENTITY, -- SQLite has this column by itself
  sequence bigint NOT NULL REFERENCES tasks (sequence),
  at       float8 NOT NULL,
  move     text   NOT NULL,
  state    text   NOT NULL,
  attempt  bigint NOT NULL,
  worker   text                                 -- the worker that made the move; NULL: a client
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

-- One row, written by readiness checks: a read-only database is not ready.
CREATE TABLE probe (
  one        integer PRIMARY KEY CHECK (one = 1),
  written_at float8  NOT NULL
);
