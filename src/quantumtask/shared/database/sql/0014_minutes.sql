-- Tasks that ended, by minute, for the curves of the last hour. Each connection adds to rows of its own, so
-- that none waits for another; rows of more than two hours ago are deleted.

CREATE TABLE minutes (
  minute    INTEGER NOT NULL,                  -- minutes since 1970
  project   TEXT    NOT NULL,
  writer    TEXT    NOT NULL,
  completed INTEGER NOT NULL,
  failed    INTEGER NOT NULL,
  cancelled INTEGER NOT NULL,
  started   INTEGER NOT NULL,                  -- those of them that had begun to run
  waiting_s REAL    NOT NULL,                  -- sum of their times from submission to claim
  longest_s REAL    NOT NULL,                  -- the longest of these times
  PRIMARY KEY (minute, project, writer)
) STRICT, WITHOUT ROWID;
