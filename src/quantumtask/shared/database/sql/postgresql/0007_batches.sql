-- Batches, and the order of the moves of their tasks.
--
-- There are no foreign keys between these tables and `tasks`: the previous release removes old tasks
-- and does not know these tables.

ALTER TABLE tasks ADD COLUMN batch text;        -- the id of its batch
ALTER TABLE tasks ADD COLUMN item bigint;

-- NOT VALID: existing rows satisfy the constraint, because their column is new; a scan is not needed.
ALTER TABLE tasks ADD CHECK ((item IS NULL) = (batch IS NULL)) NOT VALID;

CREATE INDEX tasks_by_batch ON tasks (batch, state, item) WHERE batch IS NOT NULL;

CREATE TABLE batches (
  sequence     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- order of submission
  id           text   NOT NULL UNIQUE,
  name         text,
  tags         text   NOT NULL DEFAULT '[]',
  size         bigint NOT NULL CHECK (size > 0),
  submitted_at float8 NOT NULL,
  events       bigint NOT NULL DEFAULT 0,       -- number of moves of its tasks
  ended        bigint NOT NULL DEFAULT 0,       -- number of its tasks that have ended
  finished_at  float8,                          -- the end of the last task

  CHECK (ended <= size),
  CHECK ((ended = size) = (finished_at IS NOT NULL))
);

CREATE INDEX batches_by_name ON batches (name, sequence) WHERE name IS NOT NULL;
CREATE INDEX batches_by_end ON batches (finished_at) WHERE finished_at IS NOT NULL;

CREATE TABLE batch_tags (
  tag      text   NOT NULL,
  sequence bigint NOT NULL REFERENCES batches (sequence),
  PRIMARY KEY (tag, sequence)
);

CREATE INDEX batch_tags_by_batch ON batch_tags (sequence);

-- The moves of a batch's tasks. `place` numbers them from 1 in the order of their commits, without a
-- gap, so that a reader of one move has read all before it. The other columns of a move are in
-- `changes`: a task enters a state at most once in each attempt.
CREATE TABLE batch_events (
  rowid    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, -- SQLite has this column by itself
  batch    text   NOT NULL,
  place    bigint,                              -- NULL: the transaction has not begun to commit
  sequence bigint NOT NULL,                     -- the sequence of the task
  state    text   NOT NULL,
  attempt  bigint NOT NULL,
  ended    bigint                               -- of a final move: number of tasks that ended before
);

CREATE UNIQUE INDEX batch_events_by_place ON batch_events (batch, place);
CREATE UNIQUE INDEX batch_events_by_end ON batch_events (batch, ended) WHERE ended IS NOT NULL;
CREATE INDEX batch_events_new ON batch_events (rowid) WHERE place IS NULL;

-- Triggers, because the previous release moves tasks too. They ignore tasks without a batch.
CREATE FUNCTION note_batch_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO batch_events (batch, sequence, state, attempt)
  VALUES (NEW.batch, NEW.sequence, NEW.state, NEW.attempt);
  RETURN NULL;
END $$;

CREATE TRIGGER batch_submitted AFTER INSERT ON tasks
FOR EACH ROW WHEN (NEW.batch IS NOT NULL) EXECUTE FUNCTION note_batch_event();

CREATE TRIGGER batch_changed AFTER UPDATE OF state ON tasks
FOR EACH ROW WHEN (NEW.batch IS NOT NULL) EXECUTE FUNCTION note_batch_event();

-- A transaction numbers all its events at its commit, on the first of them. It locks the batches until
-- the commit is done, so places are in the order of commits. The lock does not wait for a client, which
-- has sent all its statements by then. All transactions lock batches in the same order and nothing after
-- them. Events without a place are visible only to their own transaction.
CREATE FUNCTION count_batch_events() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ours text[];
BEGIN
  IF NOT EXISTS (SELECT FROM batch_events WHERE rowid = NEW.rowid AND place IS NULL) THEN
    RETURN NULL;
  END IF;
  ours := ARRAY(
    SELECT id FROM batches WHERE id IN (SELECT batch FROM batch_events WHERE place IS NULL)
    ORDER BY id FOR NO KEY UPDATE
  );
  UPDATE batch_events AS event
  SET place = batches.events + counted.place, ended = batches.ended + counted.ended
  FROM (
    SELECT rowid, batch, row_number() OVER in_order AS place,
           CASE WHEN state NOT IN ('submitted', 'running')
                THEN count(*) FILTER (WHERE state NOT IN ('submitted', 'running')) OVER in_order - 1
           END AS ended
    FROM batch_events WHERE place IS NULL
    WINDOW in_order AS (PARTITION BY batch ORDER BY rowid)
  ) AS counted JOIN batches ON batches.id = counted.batch
  WHERE event.rowid = counted.rowid;
  UPDATE batches
  SET events = batches.events + counted.events, ended = batches.ended + counted.ended,
      finished_at = CASE WHEN batches.ended + counted.ended = size THEN counted.last_at END
  FROM (
    SELECT batch, count(*) AS events, count(event.ended) AS ended,
           max((SELECT finished_at FROM tasks WHERE tasks.sequence = event.sequence)) AS last_at
    FROM batch_events AS event JOIN batches ON batches.id = batch AND place > batches.events
    WHERE batches.id = ANY (ours)
    GROUP BY batch
  ) AS counted
  WHERE batches.id = counted.batch;
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER batch_counted AFTER INSERT ON batch_events
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION count_batch_events();
