-- Owner, priority and virtual start time of a task.
--
-- Start-time fair queueing (Goyal, Vin and Cheng, 1996): the tasks of an owner follow one another in
-- virtual time; each takes its predicted work divided by the owner's weight. An owner without waiting
-- tasks starts at the current virtual time. The task with the earliest virtual start runs next.

ALTER TABLE tasks ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;  -- the negated priority: smaller runs first
ALTER TABLE tasks ADD COLUMN fair REAL NOT NULL DEFAULT 0;     -- the virtual start time

-- Waiting tasks in the order in which they run, with the columns of queries over many tasks.
CREATE INDEX tasks_waiting ON tasks (rank, fair, sequence, owner, cost_ms)
  WHERE state = 'submitted';

-- The end of an owner's tasks in virtual time, for each priority.
CREATE TABLE shares (
  rank    INTEGER NOT NULL,
  owner   TEXT    NOT NULL,
  finish  REAL    NOT NULL,
  PRIMARY KEY (rank, owner)
) STRICT, WITHOUT ROWID;

CREATE INDEX shares_by_finish ON shares (rank, finish);

-- Predicted work in ms that the worker does in a second; NULL: not measured yet.
ALTER TABLE workers ADD COLUMN rate REAL;
