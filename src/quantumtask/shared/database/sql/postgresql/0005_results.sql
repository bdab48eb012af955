-- Large results outside the database, and deletion of old tasks.

-- The object of a large result. `result` is then the JSON null, which the previous release shows
-- instead of wrong counts.
ALTER TABLE tasks ADD COLUMN blob text;
ALTER TABLE tasks ADD COLUMN blob_bytes bigint;
ALTER TABLE tasks ADD COLUMN blob_sha256 text;

-- NOT VALID: existing rows satisfy the constraint, because their column is new; a scan is not needed.
ALTER TABLE tasks ADD CHECK (
  (blob IS NULL) = (blob_bytes IS NULL)
  AND (blob IS NULL) = (blob_sha256 IS NULL)
  AND (blob IS NULL OR (state = 'completed' AND result = 'null'
                        AND result_memory IS NULL AND result_outputs IS NULL))
) NOT VALID;

-- Finished tasks, the oldest first.
CREATE INDEX tasks_by_end ON tasks (finished_at) WHERE finished_at IS NOT NULL;

-- The rows that refer to a task, for its deletion.
CREATE INDEX tags_by_task ON tags (sequence);

-- The name that tells the objects of this database from those of others in the same folder.
CREATE TABLE identity (
  one integer PRIMARY KEY CHECK (one = 1),
  id  text NOT NULL
);

INSERT INTO identity (one, id) VALUES (1, left(md5(gen_random_uuid()::text), 16));
