-- What clients keep beside tasks and batches: a JSON object that the service never looks into.

-- Apart from tasks as their options are: few have any. It goes with its task, also where the version
-- before removes that.
CREATE TABLE metadata (
  sequence INTEGER PRIMARY KEY REFERENCES tasks (sequence) ON DELETE CASCADE,
  metadata TEXT NOT NULL
) STRICT;

ALTER TABLE batches ADD COLUMN metadata TEXT;
