-- Options of tasks, and the arrays of their results.

-- Observables, precision, kinds of output, noise and backend, as JSON, in a table of their own because
-- few tasks have options. A row is removed with its task, also if the previous release removes the task.
CREATE TABLE options (
  sequence bigint PRIMARY KEY REFERENCES tasks (sequence) ON DELETE CASCADE,
  options  text NOT NULL
);

-- Name -> array, as JSON.
ALTER TABLE tasks ADD COLUMN result_data text;

-- NOT VALID: existing rows satisfy the constraint, because their column is new; a scan is not needed.
ALTER TABLE tasks ADD CHECK (
  result_data IS NULL OR (state = 'completed' AND blob IS NULL)
) NOT VALID;
