-- What a task may ask for beyond its counts, and the arrays that come of it.

-- Observables, precision, kinds of result, noise and backend, as JSON: apart, as the parameters are.
-- It goes with its task, also where the version before removes that.
CREATE TABLE options (
  sequence bigint PRIMARY KEY REFERENCES tasks (sequence) ON DELETE CASCADE,
  options  text NOT NULL
);

-- Name -> array, as JSON.
ALTER TABLE tasks ADD COLUMN result_data text;

-- Not valid: true of all that is there, whose column was just made, and so many need no look.
ALTER TABLE tasks ADD CHECK (
  result_data IS NULL OR (state = 'completed' AND blob IS NULL)
) NOT VALID;
