-- Every query, by name. A query that moves tasks is named after its move in MOVES (a word after a
-- dot tells two queries of one move apart) and says from where to where. Three words differ between
-- databases: `$now` is the database's clock in seconds since 1970, `$in :list` whether a value is in
-- a list, `$by index` tells SQLite, which takes another one that fits less, what to look through.
-- Moves return what `record` needs.

-- name: insert
-- A new task, waiting.
INSERT INTO tasks
  (id, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, owner, rank, fair,
   batch, item, submitted_at)
VALUES
  (:id, :shots, :seed, :memory, :timeout_s, :engine, :method, :name, :tags, :cost_ms, :owner, :rank,
   :fair, :batch, :item, $now)
RETURNING sequence, state, attempt;

-- name: insert_circuit
INSERT INTO circuits (sequence, circuit) VALUES (:sequence, :circuit);

-- name: insert_parameters
INSERT INTO parameters (sequence, parameters) VALUES (:sequence, :parameters);

-- name: insert_options
INSERT INTO options (sequence, options) VALUES (:sequence, :options);

-- name: insert_metadata
INSERT INTO metadata (sequence, metadata) VALUES (:sequence, :metadata);

-- name: insert_tag
INSERT INTO tags (tag, sequence) VALUES (:tag, :sequence) ON CONFLICT DO NOTHING;

-- name: record
-- One line of a task's history.
INSERT INTO changes (sequence, at, move, state, attempt, worker)
VALUES (:sequence, $now, :move, :state, :attempt, :worker);

-- name: line
-- Where the line of work is being served: where the next waiting task begins, or where all ends if
-- none waits.
SELECT coalesce(
  (SELECT fair FROM tasks $by tasks_waiting WHERE state = 'submitted' AND rank = :rank
   ORDER BY fair LIMIT 1),
  (SELECT finish FROM shares WHERE rank = :rank ORDER BY finish DESC LIMIT 1),
  0.0
);

-- name: take_share
-- Lays `work` out for an owner, behind what it has there already and no sooner than `line`.
INSERT INTO shares (rank, owner, finish)
VALUES (:rank, :owner, CAST(:line AS float8) + :work)
ON CONFLICT (rank, owner) DO UPDATE SET finish =
  CASE WHEN shares.finish > :line THEN shares.finish ELSE :line END + :work
RETURNING finish;

-- name: forget_shares
-- Some that end before the line is being served: their owners begin there anew anyhow.
DELETE FROM shares WHERE (rank, owner) IN (
  SELECT rank, owner FROM shares AS old
  WHERE finish < coalesce(
    (SELECT fair FROM tasks $by tasks_waiting
     WHERE state = 'submitted' AND tasks.rank = old.rank ORDER BY fair LIMIT 1),
    (SELECT finish FROM shares AS last WHERE last.rank = old.rank ORDER BY finish DESC LIMIT 1)
  )
  LIMIT 500
);

-- name: claim
-- move: submitted -> running
-- The next waiting tasks whose predicted work fills `budget_ms`; always at least one.
WITH waiting AS (
  SELECT sequence,
         sum(cost_ms) OVER (ORDER BY rank, fair, sequence) - cost_ms AS before_ms
  FROM (SELECT sequence, rank, fair, cost_ms FROM tasks $by tasks_waiting WHERE state = 'submitted'
        ORDER BY rank, fair, sequence LIMIT 256) AS next
)
UPDATE tasks
SET state = 'running', attempt = attempt + 1, worker = :worker,
    lease_until = $now + :lease_s, started_at = $now
WHERE state = 'submitted'
  AND sequence IN (SELECT sequence FROM waiting WHERE before_ms < :budget_ms)
RETURNING sequence, state, attempt, id, crashes, cost_ms, shots, seed, memory, timeout_s,
          engine, method, submitted_at, started_at, rank, fair;

-- name: read_circuits
SELECT sequence, circuit, parameters, options
FROM circuits LEFT JOIN parameters USING (sequence) LEFT JOIN options USING (sequence)
WHERE sequence $in :sequences;

-- name: read_circuit
SELECT circuit FROM circuits JOIN tasks USING (sequence) WHERE id = :id;

-- name: complete
-- move: running -> completed
UPDATE tasks
SET state = 'completed', finished_at = $now, worker = NULL, lease_until = NULL,
    result = :result, result_memory = :result_memory, result_outputs = :result_outputs,
    result_data = :result_data, report = :report, blob = :blob, blob_bytes = :blob_bytes, blob_sha256 = :blob_sha256
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt, id;

-- name: fail
-- move: running -> failed
UPDATE tasks
SET state = 'failed', finished_at = $now, worker = NULL, lease_until = NULL,
    failure_code = :code, failure = :message, problems = :problems
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt;

-- name: cancel
-- move: submitted | running -> cancelled
UPDATE tasks
SET state = 'cancelled', finished_at = $now, worker = NULL, lease_until = NULL
WHERE id = :id AND state IN ('submitted', 'running')
RETURNING sequence, state, attempt;

-- name: cancel.batch
-- move: submitted | running -> cancelled
UPDATE tasks
SET state = 'cancelled', finished_at = $now, worker = NULL, lease_until = NULL
WHERE batch = :batch AND state IN ('submitted', 'running')
RETURNING sequence, state, attempt;

-- name: release
-- move: running -> submitted
-- Given back by its worker; `crashed` is 1 where the task took its slot down.
UPDATE tasks
SET state = 'submitted', worker = NULL, lease_until = NULL, started_at = NULL,
    crashes = crashes + :crashed
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt;

-- name: leases
-- Tasks that were claimed or renewed together have the same.
SELECT DISTINCT worker, lease_until, lease_until < $now FROM tasks WHERE state = 'running';

-- name: release.lost
-- move: running -> submitted
-- The lease is not renewed any more, so its worker is gone or stuck: another may try.
UPDATE tasks
SET state = 'submitted', worker = NULL, lease_until = NULL, started_at = NULL,
    crashes = crashes + 1
WHERE state = 'running' AND worker = :holder AND lease_until = :until
  AND crashes + 1 < :max_crashes
RETURNING sequence, state, attempt, id;

-- name: abandon
-- move: running -> failed
-- A lease was lost once too often.
UPDATE tasks
SET state = 'failed', finished_at = $now, worker = NULL, lease_until = NULL, crashes = crashes + 1,
    failure_code = 'worker_crashed',
    failure = 'the worker was lost ' || (crashes + 1) || ' times while it had this task'
WHERE state = 'running' AND worker = :holder AND lease_until = :until
  AND crashes + 1 >= :max_crashes
RETURNING sequence, state, attempt, id;

-- name: renew
-- Prolongs a worker's leases of these tasks; one that is not returned is no longer its own. Of those
-- only: a claim whose commit was never confirmed is unknown to its worker, and must run out.
UPDATE tasks SET lease_until = $now + :lease_s
WHERE id $in :ids AND state = 'running' AND worker = :worker
RETURNING id, attempt;

-- name: held
-- What a worker still holds, without writing.
SELECT id, attempt FROM tasks WHERE state = 'running' AND worker = :worker;

-- name: waiting
-- What waits, by owner and priority.
SELECT owner, rank, count(*) FROM tasks $by tasks_waiting WHERE state = 'submitted'
GROUP BY owner, rank;

-- name: running
SELECT owner, rank, count(*) FROM tasks WHERE state = 'running' GROUP BY owner, rank;

-- name: oldest
-- Since when the task waits that has waited longest.
SELECT submitted_at FROM tasks WHERE state = 'submitted' ORDER BY sequence LIMIT 1;

-- name: ahead
-- How many tasks run before this one, and their predicted work; counted no further than `most`.
SELECT count(*), coalesce(sum(cost_ms), 0) FROM (
  SELECT cost_ms FROM tasks $by tasks_waiting
  WHERE state = 'submitted'
    AND (rank, fair, sequence) < (:rank, :fair, :sequence)
  LIMIT :most
) AS ahead;

-- name: pace
-- Who works: how many, their slots, and how much predicted work they get done in a second. One whose
-- pace is not known yet is taken to need just the time predicted. One that was seen in the future is
-- not there: the clock went back since.
SELECT count(*), CAST(coalesce(sum(slots), 0) AS integer),
       coalesce(sum(coalesce(rate, slots * 1000.0)), 0)
FROM workers WHERE seen_at BETWEEN $now - :within_s AND $now + :within_s;

-- name: states
SELECT id, state FROM tasks WHERE id $in :ids;

-- name: marks
-- What is new wherever anything happened to a task.
SELECT id, state, attempt, sequence FROM tasks WHERE id $in :ids;

-- name: read
SELECT id, sequence, state, shots, name, tags, submitted_at, attempt, started_at, finished_at,
       owner, rank, fair,
       result, result_memory, result_outputs, result_data, report, blob, blob_bytes, blob_sha256,
       failure_code, failure, problems, batch, item,
       (SELECT parameters FROM parameters WHERE parameters.sequence = tasks.sequence),
       (SELECT options FROM options WHERE options.sequence = tasks.sequence),
       (SELECT metadata FROM metadata WHERE metadata.sequence = tasks.sequence)
FROM tasks WHERE id $in :ids;

-- name: read_changes
SELECT sequence, move, state, at, attempt, worker FROM changes
WHERE sequence $in :sequences ORDER BY rowid;

-- name: page
-- The newest tasks below the cursor, in some states. Those with a name or a tag are found by these:
-- few tasks have them, and all would have to be looked through.
SELECT sequence FROM tasks
WHERE sequence < :before AND state $in :states
ORDER BY sequence DESC LIMIT :most;

-- name: page_of_name
SELECT sequence FROM tasks
WHERE name = :name AND sequence < :before AND state $in :states
  AND (CAST(:tag AS text) IS NULL
       OR EXISTS (SELECT 1 FROM tags WHERE tag = :tag AND tags.sequence = tasks.sequence))
ORDER BY sequence DESC LIMIT :most;

-- name: page_of_tag
SELECT sequence FROM tags
WHERE tag = :tag AND sequence < :before
  AND EXISTS (SELECT 1 FROM tasks WHERE tasks.sequence = tags.sequence AND state $in :states)
ORDER BY sequence DESC LIMIT :most;

-- name: list
-- Tasks, newest first; what can be large stays unread.
SELECT id, sequence, state, shots, name, tags, submitted_at, attempt, started_at, finished_at,
       owner, rank, fair,
       NULL, NULL, NULL, NULL, report, NULL, NULL, NULL, failure_code, failure, NULL,
       batch, item, NULL, NULL, NULL
FROM tasks
WHERE sequence $in :sequences ORDER BY sequence DESC;

-- name: insert_batch
-- Before its tasks: their events are counted here.
INSERT INTO batches (id, name, tags, size, metadata, submitted_at)
VALUES (:id, :name, :tags, :size, :metadata, $now)
RETURNING sequence;

-- name: insert_batch_tag
INSERT INTO batch_tags (tag, sequence) VALUES (:tag, :sequence) ON CONFLICT DO NOTHING;

-- name: tasks_of
-- The tasks of a batch as it was submitted.
SELECT id FROM tasks WHERE batch = :batch ORDER BY item;

-- name: batch_marks
-- What is new wherever anything happened to a task of a batch.
SELECT id, events, ended, size FROM batches WHERE id $in :ids;

-- name: read_batches
SELECT id, sequence, name, tags, size, submitted_at, finished_at, metadata
FROM batches WHERE id $in :ids
ORDER BY sequence DESC;

-- name: batch_states
SELECT batch, state, count(*) FROM tasks WHERE batch $in :ids GROUP BY batch, state;

-- name: batch_events
-- What happened behind a place, in order.
SELECT place, tasks.id, item, move, changes.state, at, changes.attempt, changes.worker
FROM batch_events AS event
JOIN tasks ON tasks.sequence = event.sequence
JOIN changes ON changes.sequence = event.sequence AND changes.attempt = event.attempt
            AND changes.state = event.state
WHERE event.batch = :batch AND place > :after
ORDER BY place LIMIT :most;

-- name: batch_ends
-- Who ended, in order.
SELECT ended, tasks.id FROM batch_events AS event JOIN tasks ON tasks.sequence = event.sequence
WHERE event.batch = :batch AND ended >= :offset
ORDER BY ended LIMIT :most;

-- name: page_of_batches
-- The newest below the cursor, likewise. `pending`: 1 for those with tasks that have not ended, 0 for
-- the others, NULL for all.
SELECT id FROM batches
WHERE sequence < :before AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
ORDER BY sequence DESC LIMIT :most;

-- name: page_of_batches_of_name
SELECT id FROM batches
WHERE name = :name AND sequence < :before
  AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
  AND (CAST(:tag AS text) IS NULL
       OR EXISTS (SELECT 1 FROM batch_tags
                  WHERE tag = :tag AND batch_tags.sequence = batches.sequence))
ORDER BY sequence DESC LIMIT :most;

-- name: page_of_batches_of_tag
SELECT id FROM batches JOIN batch_tags USING (sequence)
WHERE tag = :tag AND sequence < :before
  AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
ORDER BY sequence DESC LIMIT :most;

-- name: forget_keys
DELETE FROM idempotency_keys WHERE expires_at < $now;

-- name: find_key
SELECT digest, task_id FROM idempotency_keys WHERE key = :key;

-- name: remember_key
-- Returns nothing if the key is there already.
INSERT INTO idempotency_keys (key, digest, task_id, expires_at)
VALUES (:key, :digest, :task_id, $now + :keep_s)
ON CONFLICT (key) DO NOTHING RETURNING key;

-- name: beat
-- A worker says that it is alive.
INSERT INTO workers (id, slots, rate, seen_at) VALUES (:worker, :slots, :rate, $now)
ON CONFLICT (id) DO UPDATE
SET seen_at = excluded.seen_at, slots = excluded.slots, rate = excluded.rate;

-- name: forget_workers
-- Workers that left, or have not been seen for a day.
DELETE FROM workers WHERE id = :worker OR seen_at < $now - 86400;

-- name: workers
-- Workers, how many slots each has, and how long ago it was seen, in seconds.
SELECT id, slots, $now - seen_at AS ago FROM workers ORDER BY ago;

-- name: count_waiting
-- How many tasks wait, counted no further than `most`. As `workers`, on the schema of any version.
SELECT count(*) FROM (SELECT 1 FROM tasks WHERE state = 'submitted' LIMIT :most) AS waiting;

-- name: clock
SELECT $now;

-- name: probe
INSERT INTO probe (one, written_at) VALUES (1, $now)
ON CONFLICT (one) DO UPDATE SET written_at = excluded.written_at;

-- name: identity
SELECT id FROM identity;

-- name: blobs_of
-- The object that a task names, and the attempt that may be about to name one.
SELECT id, blob, CASE WHEN state = 'running' THEN attempt END FROM tasks WHERE id $in :ids;

-- name: old
-- Tasks that ended long ago, the oldest first, and the objects they name.
SELECT sequence, blob FROM tasks WHERE finished_at < $now - :keep_s
ORDER BY finished_at LIMIT :most;

-- name: remove_changes
DELETE FROM changes WHERE sequence $in :sequences;

-- name: remove_tags
DELETE FROM tags WHERE sequence $in :sequences;

-- name: remove_parameters
DELETE FROM parameters WHERE sequence $in :sequences;

-- name: remove_circuits
DELETE FROM circuits WHERE sequence $in :sequences;

-- name: remove_tasks
DELETE FROM tasks WHERE sequence $in :sequences;

-- name: old_batches
-- Batches that ended long ago and have no task any more, the oldest first.
SELECT sequence, id FROM batches
WHERE finished_at < $now - :keep_s AND NOT EXISTS (SELECT 1 FROM tasks WHERE batch = batches.id)
ORDER BY finished_at LIMIT :most;

-- name: remove_batch_events
DELETE FROM batch_events WHERE batch $in :ids;

-- name: remove_batch_tags
DELETE FROM batch_tags WHERE sequence $in :sequences;

-- name: remove_batches
DELETE FROM batches WHERE sequence $in :sequences;
