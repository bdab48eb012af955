-- Limits of projects and users, and their usage.

-- The owner '' stands for the project as a whole, '*' for each user of it.
CREATE TABLE limits (
  project TEXT NOT NULL,
  owner   TEXT NOT NULL,
  name    TEXT NOT NULL,                       -- a field of Limits
  value   REAL NOT NULL CHECK (value > 0),
  PRIMARY KEY (project, owner, name)
) STRICT, WITHOUT ROWID;

-- Of a finished task; a previous release leaves both empty.
ALTER TABLE tasks ADD COLUMN processor_s REAL;
ALTER TABLE tasks ADD COLUMN result_bytes INTEGER;

-- Sums over finished tasks, by the day of their end. Each connection adds to rows of its own, so that none
-- waits for another.
CREATE TABLE usage (
  day           INTEGER NOT NULL,              -- days since 1970, in UTC
  project       TEXT    NOT NULL,
  owner         TEXT    NOT NULL,
  writer        TEXT    NOT NULL,
  tasks         INTEGER NOT NULL,
  shots         INTEGER NOT NULL,
  processor_s   REAL    NOT NULL,
  result_bytes  INTEGER NOT NULL,
  removed_bytes INTEGER NOT NULL,              -- of results that retention has removed on that day
  PRIMARY KEY (day, project, owner, writer)
) STRICT, WITHOUT ROWID;
