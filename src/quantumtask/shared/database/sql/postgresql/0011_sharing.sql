-- Limits of projects and users, and their usage.

-- The owner '' stands for the project as a whole, '*' for each user of it.
CREATE TABLE limits (
  project text NOT NULL,
  owner   text NOT NULL,
  name    text NOT NULL,                       -- a field of Limits
  value   float8 NOT NULL CHECK (value > 0),
  PRIMARY KEY (project, owner, name)
);

-- Of a finished task; a previous release leaves both empty.
ALTER TABLE tasks ADD COLUMN processor_s float8;
ALTER TABLE tasks ADD COLUMN result_bytes bigint;

-- Sums over finished tasks, by the day of their end. Each connection adds to rows of its own, so that none
-- waits for another.
CREATE TABLE usage (
  day           bigint NOT NULL,              -- days since 1970, in UTC
  project       text    NOT NULL,
  owner         text    NOT NULL,
  writer        text    NOT NULL,
  tasks         bigint NOT NULL,
  shots         bigint NOT NULL,
  processor_s   float8    NOT NULL,
  result_bytes  bigint NOT NULL,
  removed_bytes bigint NOT NULL,              -- of results that retention has removed on that day
  PRIMARY KEY (day, project, owner, writer)
);
