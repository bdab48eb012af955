-- All queries, by name. A query that moves tasks has the name of its move in MOVES (a suffix after a dot
-- tells two queries of one move apart), and a line with its source and target states; it returns the
-- columns of MovedRow in database/rows.py. The names of the columns of all other queries are the fields of
-- their row types there.
--
-- Three placeholders differ between databases: `$now` is the database's clock in seconds since 1970,
-- `$in :list` tests if a value is in a list, and `$by index` names the index that SQLite must use where it
-- would choose a worse one.

-- name: insert_task
-- A new task, which waits.
INSERT INTO tasks
  (id, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, owner, rank, fair,
   batch, item, submitted_at)
VALUES
  (:id, :shots, :seed, :memory, :timeout_s, :engine, :method, :name, :tags, :cost_ms, :owner, :rank,
   :virtual_start, :batch, :item, $now)
RETURNING sequence, state, attempt, id;

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

-- name: record_change
-- One entry of the history of a task.
INSERT INTO changes (sequence, at, move, state, attempt, worker)
VALUES (:sequence, $now, :move, :state, :attempt, :worker);

-- name: virtual_time
-- The current virtual time: the virtual start of the next waiting task, or the end of all shares if no
-- task waits.
SELECT coalesce(
  (SELECT fair FROM tasks $by tasks_waiting WHERE state = 'submitted' AND rank = :rank
   ORDER BY fair LIMIT 1),
  (SELECT finish FROM shares WHERE rank = :rank ORDER BY finish DESC LIMIT 1),
  0.0
);

-- name: extend_share
-- Appends `work` to the share of an owner, at its end or at `virtual_time`, whichever is later.
INSERT INTO shares (rank, owner, finish)
VALUES (:rank, :owner, CAST(:virtual_time AS float8) + :work)
ON CONFLICT (rank, owner) DO UPDATE SET finish =
  CASE WHEN shares.finish > :virtual_time THEN shares.finish ELSE :virtual_time END + :work
RETURNING finish;

-- name: delete_past_shares
-- Deletes shares that end before the current virtual time: their owners start at that time anyway.
DELETE FROM shares WHERE (rank, owner) IN (
  SELECT rank, owner FROM shares AS past
  WHERE finish < coalesce(
    (SELECT fair FROM tasks $by tasks_waiting
     WHERE state = 'submitted' AND tasks.rank = past.rank ORDER BY fair LIMIT 1),
    (SELECT finish FROM shares AS last WHERE last.rank = past.rank ORDER BY finish DESC LIMIT 1)
  )
  LIMIT 500
);

-- name: claim
-- move: submitted -> running
-- Claims the next waiting tasks whose predicted work fills `budget_ms`; always at least one.
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
    result_data = :result_data, report = :report, blob = :blob,
    blob_bytes = :blob_bytes, blob_sha256 = :blob_sha256
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt, id;

-- name: fail
-- move: running -> failed
UPDATE tasks
SET state = 'failed', finished_at = $now, worker = NULL, lease_until = NULL,
    failure_code = :code, failure = :message, problems = :problems
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt, id;

-- name: cancel
-- move: submitted | running -> cancelled
UPDATE tasks
SET state = 'cancelled', finished_at = $now, worker = NULL, lease_until = NULL
WHERE id = :id AND state IN ('submitted', 'running')
RETURNING sequence, state, attempt, id;

-- name: cancel.batch
-- move: submitted | running -> cancelled
UPDATE tasks
SET state = 'cancelled', finished_at = $now, worker = NULL, lease_until = NULL
WHERE batch = :batch AND state IN ('submitted', 'running')
RETURNING sequence, state, attempt, id;

-- name: release
-- move: running -> submitted
-- A worker returns a task; `crashed` is 1 if the slot was lost with the task.
UPDATE tasks
SET state = 'submitted', worker = NULL, lease_until = NULL, started_at = NULL,
    crashes = crashes + :crashed
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt, id;

-- name: leases
-- Leases of all workers. Tasks that were claimed or renewed together share one.
SELECT DISTINCT worker, lease_until AS expires_at, lease_until < $now AS expired
FROM tasks WHERE state = 'running';

-- name: release.lost
-- move: running -> submitted
-- The lease was not renewed: its worker is lost, and another one may run the task.
UPDATE tasks
SET state = 'submitted', worker = NULL, lease_until = NULL, started_at = NULL,
    crashes = crashes + 1
WHERE state = 'running' AND worker = :lost_worker AND lease_until = :expires_at
  AND crashes + 1 < :max_crashes
RETURNING sequence, state, attempt, id;

-- name: abandon
-- move: running -> failed
-- As release.lost, for a task that has lost too many slots and workers.
UPDATE tasks
SET state = 'failed', finished_at = $now, worker = NULL, lease_until = NULL, crashes = crashes + 1,
    failure_code = 'worker_crashed',
    failure = 'the worker was lost ' || (crashes + 1) || ' times while it had this task'
WHERE state = 'running' AND worker = :lost_worker AND lease_until = :expires_at
  AND crashes + 1 >= :max_crashes
RETURNING sequence, state, attempt, id;

-- name: renew_leases
-- Extends the leases of these tasks of a worker, and of no others: a task whose claim was committed
-- without the worker getting the answer must expire. Returns the tasks that the worker still holds.
UPDATE tasks SET lease_until = $now + :lease_s
WHERE id $in :ids AND state = 'running' AND worker = :worker
RETURNING id, attempt;

-- name: held_attempts
-- The tasks that a worker holds.
SELECT id, attempt FROM tasks WHERE state = 'running' AND worker = :worker;

-- name: count_waiting_by_owner
SELECT owner, rank, count(*) AS tasks FROM tasks $by tasks_waiting WHERE state = 'submitted'
GROUP BY owner, rank;

-- name: count_running_by_owner
SELECT owner, rank, count(*) AS tasks FROM tasks WHERE state = 'running' GROUP BY owner, rank;

-- name: oldest_submission
-- The submission time of the oldest waiting task.
SELECT submitted_at FROM tasks WHERE state = 'submitted' ORDER BY sequence LIMIT 1;

-- name: tasks_ahead
-- The number of tasks that run before a task, at most `limit`, and their predicted work.
SELECT count(*) AS tasks, coalesce(sum(cost_ms), 0) AS work_ms FROM (
  SELECT cost_ms FROM tasks $by tasks_waiting
  WHERE state = 'submitted'
    AND (rank, fair, sequence) < (:rank, :virtual_start, :sequence)
  LIMIT :limit
) AS ahead;

-- name: worker_rate
-- Live workers, their slots, and the predicted work in ms that they do in a second. A worker that has
-- not measured its rate counts as 1,000 ms in a second for each slot. A heartbeat in the future does not
-- count: the clock was set back after it.
SELECT count(*) AS workers, CAST(coalesce(sum(slots), 0) AS integer) AS slots,
       coalesce(sum(coalesce(rate, slots * 1000.0)), 0) AS rate
FROM workers WHERE seen_at BETWEEN $now - :within_s AND $now + :within_s;

-- name: task_states
SELECT id, state FROM tasks WHERE id $in :ids;

-- name: task_versions
-- Values that differ after every move of a task.
SELECT id, state, attempt, sequence FROM tasks WHERE id $in :ids;

-- name: read_tasks
SELECT id, sequence, state, shots, name, tags, submitted_at, attempt, started_at, finished_at,
       owner, rank, fair,
       report, failure_code, failure, batch, item,
       result, result_memory, result_outputs, result_data, blob, blob_bytes, blob_sha256, problems,
       (SELECT parameters FROM parameters WHERE parameters.sequence = tasks.sequence) AS parameters,
       (SELECT options FROM options WHERE options.sequence = tasks.sequence) AS options,
       (SELECT metadata FROM metadata WHERE metadata.sequence = tasks.sequence) AS metadata
FROM tasks WHERE id $in :ids;

-- name: read_changes
SELECT sequence, move, state, at, attempt, worker FROM changes
WHERE sequence $in :sequences ORDER BY rowid;

-- name: page
-- The newest tasks before the cursor in some states. Tasks with a name or a tag have their own queries:
-- few tasks have them, and this query would scan all others.
SELECT sequence FROM tasks
WHERE sequence < :before AND state $in :states
ORDER BY sequence DESC LIMIT :limit;

-- name: page_by_name
SELECT sequence FROM tasks
WHERE name = :name AND sequence < :before AND state $in :states
  AND (CAST(:tag AS text) IS NULL
       OR EXISTS (SELECT 1 FROM tags WHERE tag = :tag AND tags.sequence = tasks.sequence))
ORDER BY sequence DESC LIMIT :limit;

-- name: page_by_tag
SELECT sequence FROM tags
WHERE tag = :tag AND sequence < :before
  AND EXISTS (SELECT 1 FROM tasks WHERE tasks.sequence = tags.sequence AND state $in :states)
ORDER BY sequence DESC LIMIT :limit;

-- name: list_tasks
-- Tasks for a list, newest first, without the columns that can be large.
SELECT id, sequence, state, shots, name, tags, submitted_at, attempt, started_at, finished_at,
       owner, rank, report, failure_code, failure, batch, item
FROM tasks
WHERE sequence $in :sequences ORDER BY sequence DESC;

-- name: insert_batch
-- Runs before the tasks of the batch are inserted: triggers count their events in this row.
INSERT INTO batches (id, name, tags, size, metadata, submitted_at)
VALUES (:id, :name, :tags, :size, :metadata, $now)
RETURNING sequence;

-- name: insert_batch_tag
INSERT INTO batch_tags (tag, sequence) VALUES (:tag, :sequence) ON CONFLICT DO NOTHING;

-- name: batch_task_ids
-- The tasks of a batch in the order of the submission.
SELECT id FROM tasks WHERE batch = :batch ORDER BY item;

-- name: batch_versions
-- Values that differ after every move of a task of the batch.
SELECT id, events, ended, size FROM batches WHERE id $in :ids;

-- name: read_batches
SELECT id, sequence, name, tags, size, submitted_at, finished_at, metadata
FROM batches WHERE id $in :ids
ORDER BY sequence DESC;

-- name: count_batch_states
SELECT batch, state, count(*) AS tasks FROM tasks WHERE batch $in :ids GROUP BY batch, state;

-- name: read_batch_events
-- Moves of a batch's tasks after a place, in order.
SELECT place, tasks.id, item, move, changes.state, at, changes.attempt, changes.worker
FROM batch_events AS event
JOIN tasks ON tasks.sequence = event.sequence
JOIN changes ON changes.sequence = event.sequence AND changes.attempt = event.attempt
            AND changes.state = event.state
WHERE event.batch = :batch AND place > :after
ORDER BY place LIMIT :limit;

-- name: finished_batch_tasks
-- Finished tasks of a batch, in the order in which they finished.
SELECT ended AS number, tasks.id FROM batch_events AS event JOIN tasks ON tasks.sequence = event.sequence
WHERE event.batch = :batch AND ended >= :offset
ORDER BY ended LIMIT :limit;

-- name: page_batches
-- The newest batches before the cursor. `pending` is 1 for batches with unfinished tasks, 0 for the
-- others, NULL for all.
SELECT id FROM batches
WHERE sequence < :before AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
ORDER BY sequence DESC LIMIT :limit;

-- name: page_batches_by_name
SELECT id FROM batches
WHERE name = :name AND sequence < :before
  AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
  AND (CAST(:tag AS text) IS NULL
       OR EXISTS (SELECT 1 FROM batch_tags
                  WHERE tag = :tag AND batch_tags.sequence = batches.sequence))
ORDER BY sequence DESC LIMIT :limit;

-- name: page_batches_by_tag
SELECT id FROM batches JOIN batch_tags USING (sequence)
WHERE tag = :tag AND sequence < :before
  AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
ORDER BY sequence DESC LIMIT :limit;

-- name: delete_expired_keys
DELETE FROM idempotency_keys WHERE expires_at < $now;

-- name: find_key
SELECT digest, task_id FROM idempotency_keys WHERE key = :key;

-- name: insert_key
-- Returns no row if the key exists.
INSERT INTO idempotency_keys (key, digest, task_id, expires_at)
VALUES (:key, :digest, :task_id, $now + :ttl_s)
ON CONFLICT (key) DO NOTHING RETURNING key;

-- name: heartbeat
INSERT INTO workers (id, slots, rate, seen_at) VALUES (:worker, :slots, :rate, $now)
ON CONFLICT (id) DO UPDATE
SET seen_at = excluded.seen_at, slots = excluded.slots, rate = excluded.rate;

-- name: delete_workers
-- Deletes one worker, and all without a heartbeat for a day.
DELETE FROM workers WHERE id = :worker OR seen_at < $now - 86400;

-- name: list_workers
-- Workers, their slots, and the age of their last heartbeat in seconds. Must work with every version of
-- the schema.
SELECT id, slots, $now - seen_at AS age_s FROM workers ORDER BY age_s;

-- name: count_waiting
-- The number of waiting tasks, at most `limit`. Must work with every version of the schema.
SELECT count(*) FROM (SELECT 1 FROM tasks WHERE state = 'submitted' LIMIT :limit) AS waiting;

-- name: clock
SELECT $now;

-- name: probe
INSERT INTO probe (one, written_at) VALUES (1, $now)
ON CONFLICT (one) DO UPDATE SET written_at = excluded.written_at;

-- name: identity
SELECT id FROM identity;

-- name: read_blobs
-- The object that each task names, and the attempt that may name one soon.
SELECT id, blob, CASE WHEN state = 'running' THEN attempt END AS running_attempt
FROM tasks WHERE id $in :ids;

-- name: expired_tasks
-- Tasks that finished more than `ttl_s` ago, the oldest first, with the objects that they name.
SELECT sequence, blob FROM tasks WHERE finished_at < $now - :ttl_s
ORDER BY finished_at LIMIT :limit;

-- name: delete_changes
DELETE FROM changes WHERE sequence $in :sequences;

-- name: delete_tags
DELETE FROM tags WHERE sequence $in :sequences;

-- name: delete_parameters
DELETE FROM parameters WHERE sequence $in :sequences;

-- name: delete_circuits
DELETE FROM circuits WHERE sequence $in :sequences;

-- name: delete_tasks
DELETE FROM tasks WHERE sequence $in :sequences;

-- name: expired_batches
-- Batches that finished more than `ttl_s` ago and have no tasks any more, the oldest first.
SELECT sequence, id FROM batches
WHERE finished_at < $now - :ttl_s AND NOT EXISTS (SELECT 1 FROM tasks WHERE batch = batches.id)
ORDER BY finished_at LIMIT :limit;

-- name: delete_batch_events
DELETE FROM batch_events WHERE batch $in :ids;

-- name: delete_batch_tags
DELETE FROM batch_tags WHERE sequence $in :sequences;

-- name: delete_batches
DELETE FROM batches WHERE sequence $in :sequences;
