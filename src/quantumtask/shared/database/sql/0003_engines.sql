-- The requested engine and method of a task; NULL: the slot chooses.

ALTER TABLE tasks ADD COLUMN engine TEXT;
ALTER TABLE tasks ADD COLUMN method TEXT;
