-- Batches, and the order of the moves of their tasks.
--
-- There are no foreign keys between these tables and `tasks`: the previous release removes old tasks
-- and does not know these tables.

ALTER TABLE tasks ADD COLUMN batch TEXT;        -- the id of its batch
ALTER TABLE tasks ADD COLUMN item INTEGER CHECK ((item IS NULL) = (batch IS NULL));

CREATE INDEX tasks_by_batch ON tasks (batch, state, item) WHERE batch IS NOT NULL;

CREATE TABLE batches (
  sequence     INTEGER PRIMARY KEY,             -- order of submission
  id           TEXT    NOT NULL UNIQUE,
  name         TEXT,
  tags         TEXT    NOT NULL DEFAULT '[]',
  size         INTEGER NOT NULL CHECK (size > 0),
  submitted_at REAL    NOT NULL,
  events       INTEGER NOT NULL DEFAULT 0,      -- number of moves of its tasks
  ended        INTEGER NOT NULL DEFAULT 0,      -- number of its tasks that have ended
  finished_at  REAL,                            -- the end of the last task

  CHECK (ended <= size),
  CHECK ((ended = size) = (finished_at IS NOT NULL))
) STRICT;

CREATE INDEX batches_by_name ON batches (name, sequence) WHERE name IS NOT NULL;
CREATE INDEX batches_by_end ON batches (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE batch_tags (
  tag      TEXT    NOT NULL,
  sequence INTEGER NOT NULL REFERENCES batches (sequence),
  PRIMARY KEY (tag, sequence)
) STRICT, WITHOUT ROWID;

CREATE INDEX batch_tags_by_batch ON batch_tags (sequence);

-- The moves of a batch's tasks. `place` numbers them from 1 in the order of their commits, without a
-- gap, so that a reader of one move has read all before it. The other columns of a move are in
-- `changes`: a task enters a state at most once in each attempt.
CREATE TABLE batch_events (
  batch    TEXT    NOT NULL,
  place    INTEGER,
  sequence INTEGER NOT NULL,                    -- the sequence of the task
  state    TEXT    NOT NULL,
  attempt  INTEGER NOT NULL,
  ended    INTEGER                              -- of a final move: number of tasks that ended before
) STRICT;

CREATE UNIQUE INDEX batch_events_by_place ON batch_events (batch, place);
CREATE UNIQUE INDEX batch_events_by_end ON batch_events (batch, ended) WHERE ended IS NOT NULL;

-- Triggers, because the previous release moves tasks too. They ignore tasks without a batch.
CREATE TRIGGER batch_submitted AFTER INSERT ON tasks WHEN NEW.batch IS NOT NULL
BEGIN
  UPDATE batches SET events = events + 1 WHERE id = NEW.batch;
  INSERT INTO batch_events (batch, place, sequence, state, attempt)
  SELECT id, events, NEW.sequence, NEW.state, NEW.attempt FROM batches WHERE id = NEW.batch;
END;

CREATE TRIGGER batch_changed AFTER UPDATE OF state ON tasks WHEN NEW.batch IS NOT NULL
BEGIN
  UPDATE batches
  SET events = events + 1,
      ended = ended + (NEW.finished_at IS NOT NULL),
      finished_at = CASE WHEN ended + (NEW.finished_at IS NOT NULL) = size THEN NEW.finished_at END
  WHERE id = NEW.batch;
  INSERT INTO batch_events (batch, place, sequence, state, attempt, ended)
  SELECT id, events, NEW.sequence, NEW.state, NEW.attempt,
         CASE WHEN NEW.finished_at IS NOT NULL THEN ended - 1 END
  FROM batches WHERE id = NEW.batch;
END;
