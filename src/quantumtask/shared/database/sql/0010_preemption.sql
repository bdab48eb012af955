-- Preemption: a task gives its slot to an owner who has none.

ALTER TABLE tasks ADD COLUMN turn_s REAL;     -- the shortest run before the task gives way; NULL: the setting
ALTER TABLE tasks ADD COLUMN called_at REAL;  -- the time at which a slot was freed for the task
