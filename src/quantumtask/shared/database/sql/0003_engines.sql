-- Who asks for an engine gets it: which one, and which method of it. NULL: it is chosen.

ALTER TABLE tasks ADD COLUMN engine TEXT;
ALTER TABLE tasks ADD COLUMN method TEXT;
