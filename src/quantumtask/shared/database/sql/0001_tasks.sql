-- The first schema, in SQLite's dialect.
-- CHECK constraints guard the lifecycle: no query can write a row that breaks it.

CREATE TABLE tasks (
  sequence      INTEGER PRIMARY KEY,            -- order of submission
  id            TEXT    NOT NULL UNIQUE,
  state         TEXT    NOT NULL DEFAULT 'submitted',
  shots         INTEGER NOT NULL CHECK (shots > 0),
  seed          INTEGER,
  memory        INTEGER NOT NULL CHECK (memory IN (0, 1)),
  timeout_s     REAL    NOT NULL CHECK (timeout_s > 0),
  name          TEXT,
  tags          TEXT    NOT NULL DEFAULT '[]',
  cost_ms       REAL    NOT NULL,               -- predicted run time, to pack tasks into chunks
  submitted_at  REAL    NOT NULL,               -- seconds since 1970, as all times
  started_at    REAL,
  finished_at   REAL,
  attempt       INTEGER NOT NULL DEFAULT 0,     -- the fencing token: every claim increments it
  crashes       INTEGER NOT NULL DEFAULT 0,     -- number of slots and workers lost with the task
  worker        TEXT,
  lease_until   REAL,
  result        TEXT,                           -- counts, as JSON
  result_memory TEXT,                           -- the bit string of each shot, as JSON
  report        TEXT,                           -- seed, engine, version, method, run_ms, warnings, as JSON
  failure_code  TEXT,
  failure       TEXT,
  problems      TEXT,                           -- every problem of the circuit, as JSON

  CHECK (state IN ('submitted', 'running', 'completed', 'failed', 'cancelled')),
  CHECK ((state IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
  CHECK ((state = 'running') = (lease_until IS NOT NULL)),
  CHECK ((state = 'running') = (worker IS NOT NULL)),
  CHECK ((state = 'completed') = (result IS NOT NULL)),
  CHECK ((state = 'completed') = (report IS NOT NULL)),
  CHECK ((state = 'failed') = (failure_code IS NOT NULL)),
  CHECK ((state = 'failed') = (failure IS NOT NULL)),
  CHECK (attempt > 0 OR state IN ('submitted', 'cancelled'))
) STRICT;

CREATE INDEX tasks_by_state ON tasks (state, sequence);
CREATE INDEX tasks_by_name ON tasks (name, sequence) WHERE name IS NOT NULL;

-- In a table of its own, because a change of state would otherwise rewrite the whole text.
CREATE TABLE circuits (
  sequence INTEGER PRIMARY KEY REFERENCES tasks (sequence),
  circuit  BLOB NOT NULL
) STRICT;

CREATE TABLE tags (
  tag      TEXT    NOT NULL,
  sequence INTEGER NOT NULL REFERENCES tasks (sequence),
  PRIMARY KEY (tag, sequence)
) STRICT, WITHOUT ROWID;

-- The history of tasks: every change of state, written in the transaction of the move.
CREATE TABLE changes (
  sequence INTEGER NOT NULL REFERENCES tasks (sequence),
  at       REAL    NOT NULL,
  move     TEXT    NOT NULL,
  state    TEXT    NOT NULL,
  attempt  INTEGER NOT NULL,
  worker   TEXT                                 -- the worker that made the move; NULL: a client
) STRICT;

CREATE INDEX changes_by_task ON changes (sequence);

CREATE TABLE idempotency_keys (
  key        TEXT PRIMARY KEY,
  digest     TEXT NOT NULL,
  task_id    TEXT NOT NULL,
  expires_at REAL NOT NULL
) STRICT;

CREATE INDEX idempotency_by_expiry ON idempotency_keys (expires_at);

CREATE TABLE workers (
  id      TEXT PRIMARY KEY,
  slots   INTEGER NOT NULL,
  seen_at REAL    NOT NULL
) STRICT;

-- One row, written by readiness checks: a read-only database is not ready.
CREATE TABLE probe (
  one      INTEGER PRIMARY KEY CHECK (one = 1),
  written_at REAL NOT NULL
) STRICT;
