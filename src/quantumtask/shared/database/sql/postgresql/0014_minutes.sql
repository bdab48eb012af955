-- Tasks that ended, by minute, for the curves of the last hour. Each connection adds to rows of its own, so
-- that none waits for another; rows of more than two hours ago are deleted.

CREATE TABLE minutes (
  minute    bigint  NOT NULL,                  -- minutes since 1970
  project   text    NOT NULL,
  writer    text    NOT NULL,
  completed bigint  NOT NULL,
  failed    bigint  NOT NULL,
  cancelled bigint  NOT NULL,
  started   bigint  NOT NULL,                  -- those of them that had begun to run
  waiting_s float8  NOT NULL,                  -- sum of their times from submission to claim
  longest_s float8  NOT NULL,                  -- the longest of these times
  PRIMARY KEY (minute, project, writer)
);
