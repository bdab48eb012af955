-- Metadata of tasks and batches: a JSON object of the client, which the service never reads.

-- A table of its own, as for options, because few tasks have metadata. A row is removed with its
-- task, also if the previous version of the service removes the task.
CREATE TABLE metadata (
  sequence INTEGER PRIMARY KEY REFERENCES tasks (sequence) ON DELETE CASCADE,
  metadata TEXT NOT NULL
) STRICT;

ALTER TABLE batches ADD COLUMN metadata TEXT;
