-- Large results leave the database; tasks that ended long ago are removed.

-- Where a large result is. Its `result` is then the JSON null: the version before shows that, which
-- is no wrong result.
ALTER TABLE tasks ADD COLUMN blob TEXT;
ALTER TABLE tasks ADD COLUMN blob_bytes INTEGER;
ALTER TABLE tasks ADD COLUMN blob_sha256 TEXT CHECK (
  (blob IS NULL) = (blob_bytes IS NULL)
  AND (blob IS NULL) = (blob_sha256 IS NULL)
  AND (blob IS NULL OR (state = 'completed' AND result = 'null'
                        AND result_memory IS NULL AND result_outputs IS NULL))
);

-- Final tasks, the oldest first.
CREATE INDEX tasks_by_end ON tasks (finished_at) WHERE finished_at IS NOT NULL;

-- To remove a task, all that belongs to it must be found.
CREATE INDEX tags_by_task ON tags (sequence);

-- Tells the objects of this database from those of others in the same place.
CREATE TABLE identity (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  id  TEXT NOT NULL
) STRICT;

INSERT INTO identity (one, id) VALUES (1, lower(hex(randomblob(8))));
