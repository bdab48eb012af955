-- Values for a circuit's `input` declarations go in, values of its `output` declarations come out.

-- Apart from tasks as the circuits are, and apart from those: few tasks have any.
CREATE TABLE parameters (
  sequence   INTEGER PRIMARY KEY REFERENCES tasks (sequence),
  parameters TEXT NOT NULL                      -- name -> value, as JSON
) STRICT;

-- Name -> one value a shot, as JSON.
ALTER TABLE tasks ADD COLUMN result_outputs TEXT
  CHECK (result_outputs IS NULL OR state = 'completed');
