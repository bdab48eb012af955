-- Values of a circuit's `input` and `output` declarations.

-- A table of its own, because few tasks have parameters.
CREATE TABLE parameters (
  sequence   INTEGER PRIMARY KEY REFERENCES tasks (sequence),
  parameters TEXT NOT NULL                      -- name -> value, as JSON
) STRICT;

-- Name -> array with the value after each shot, as JSON.
ALTER TABLE tasks ADD COLUMN result_outputs TEXT
  CHECK (result_outputs IS NULL OR state = 'completed');
