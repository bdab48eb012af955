-- Progress of a running task. It counts only while `progress_attempt` is the attempt of the task: the version
-- before does not know these columns, and leaves them as they are when a task starts again.

ALTER TABLE tasks ADD COLUMN progress_attempt INTEGER;
ALTER TABLE tasks ADD COLUMN progress REAL;      -- the fraction of the work that is done; NULL: not known
ALTER TABLE tasks ADD COLUMN progress_end REAL;  -- the expected time of the end
