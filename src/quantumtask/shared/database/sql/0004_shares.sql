-- Who asked for a task, how urgent it is, and its place among all that wait.
--
-- Start-time fair queueing (Goyal, Vin and Cheng, 1996): an owner's tasks are laid out one after the
-- other on a line of work, each taking its predicted work divided by the owner's weight; whoever has
-- nothing waiting begins where the line is being served. The task that begins first on it is next.

ALTER TABLE tasks ADD COLUMN owner TEXT NOT NULL DEFAULT '';
ALTER TABLE tasks ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;  -- the priority, negated: less is sooner
ALTER TABLE tasks ADD COLUMN fair REAL NOT NULL DEFAULT 0;     -- where it begins on the line

-- What waits, in the order in which it runs, with all that is asked of many at once.
CREATE INDEX tasks_waiting ON tasks (rank, fair, sequence, owner, cost_ms)
  WHERE state = 'submitted';

-- How far an owner's tasks reach on the line; there is one for each priority.
CREATE TABLE shares (
  rank    INTEGER NOT NULL,
  owner   TEXT    NOT NULL,
  finish  REAL    NOT NULL,
  PRIMARY KEY (rank, owner)
) STRICT, WITHOUT ROWID;

CREATE INDEX shares_by_finish ON shares (rank, finish);

-- Predicted work, in milliseconds, that the worker gets done in a second; NULL: not known yet.
ALTER TABLE workers ADD COLUMN rate REAL;
