-- Queries that replace those of ../queries.sql on PostgreSQL.
--
-- Queries that run once for each of many rows get all rows as `rows`, a JSON array with bytes as
-- hexadecimal digits. In SQLite a statement is a function call of microseconds; here each would be a
-- message and the start of a plan, which take longer than the row.
--
-- Queries that take rows of others (delete_past_shares, claim, cancel.batch, release.lost, abandon,
-- expired_tasks, expired_batches) skip locked rows. SQLite has one writer at a time; here the second of two
-- workers would wait for the first and then find no rows, and a worker that is stopped inside a transaction
-- would block all others.

-- name: insert_task
INSERT INTO tasks
  (id, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, project, owner, rank,
   fair, batch, item, submitted_at)
SELECT id, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, project, owner, rank,
       virtual_start, batch, item, $now
FROM ROWS FROM (json_to_recordset(:rows) AS (
  id text, shots bigint, seed bigint, memory integer, timeout_s float8, engine text, method text,
  name text, tags text, cost_ms float8, project text, owner text, rank bigint,
  virtual_start float8,
  batch text, item bigint
)) WITH ORDINALITY AS input
  (id, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, project, owner, rank,
   virtual_start, batch, item, place)
ORDER BY place
RETURNING sequence, state, attempt, id;

-- name: insert_completed
INSERT INTO tasks
  (id, state, attempt, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, project, owner,
   rank, fair, batch, item, submitted_at, started_at, finished_at, result, result_memory, result_outputs,
   result_data, report, processor_s, result_bytes)
SELECT id, 'completed', 1, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, project, owner,
       rank, virtual_start, batch, item, $now - submitted_ago_s, $now - started_ago_s, $now, result,
       result_memory, result_outputs, result_data, report, processor_s, result_bytes
FROM ROWS FROM (json_to_recordset(:rows) AS (
  id text, shots bigint, seed bigint, memory integer, timeout_s float8, engine text, method text,
  name text, tags text, cost_ms float8, project text, owner text, rank bigint,
  virtual_start float8,
  batch text, item bigint, submitted_ago_s float8, started_ago_s float8, result text, result_memory text,
  result_outputs text, result_data text, report text, processor_s float8, result_bytes bigint
)) WITH ORDINALITY AS input
  (id, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, project, owner, rank,
   virtual_start, batch, item, submitted_ago_s, started_ago_s, result, result_memory, result_outputs,
   result_data, report, processor_s, result_bytes, place)
ORDER BY place
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at, finished_at;

-- name: insert_circuit
INSERT INTO circuits (sequence, circuit)
SELECT sequence, decode(circuit, 'hex')
FROM json_to_recordset(:rows) AS input (sequence bigint, circuit text);

-- name: insert_parameters
INSERT INTO parameters (sequence, parameters)
SELECT sequence, parameters
FROM json_to_recordset(:rows) AS input (sequence bigint, parameters text);

-- name: insert_options
INSERT INTO options (sequence, options)
SELECT sequence, options
FROM json_to_recordset(:rows) AS input (sequence bigint, options text);

-- name: insert_metadata
INSERT INTO metadata (sequence, metadata)
SELECT sequence, metadata
FROM json_to_recordset(:rows) AS input (sequence bigint, metadata text);

-- name: insert_tag
INSERT INTO tags (sequence, tag)
SELECT sequence, tag FROM json_to_recordset(:rows) AS input (sequence bigint, tag text)
ON CONFLICT DO NOTHING;

-- name: insert_batch_tag
INSERT INTO batch_tags (sequence, tag)
SELECT sequence, tag FROM json_to_recordset(:rows) AS input (sequence bigint, tag text)
ON CONFLICT DO NOTHING;

-- name: record_change
INSERT INTO changes (sequence, at, move, state, attempt, worker)
SELECT sequence, $now, move, state, attempt, worker
FROM json_to_recordset(:rows) AS input
  (sequence bigint, move text, state text, attempt bigint, worker text);

-- name: record_run
INSERT INTO changes (sequence, at, move, state, attempt, worker)
SELECT sequence, at, move, state, attempt, CASE WHEN attempt > 0 THEN worker END
FROM json_to_recordset(:rows) AS input
  (sequence bigint, submitted_at float8, started_at float8, finished_at float8, worker text),
  LATERAL (VALUES (1, submitted_at, 'submit', 'submitted', 0),
                  (2, started_at, 'claim', 'running', 1),
                  (3, finished_at, 'complete', 'completed', 1)) AS moves (place, at, move, state, attempt)
ORDER BY sequence, place;

-- name: complete
-- move: running -> completed
UPDATE tasks
SET state = 'completed', finished_at = $now, worker = NULL, lease_until = NULL,
    result = done.result, result_memory = done.result_memory,
    result_outputs = done.result_outputs, result_data = done.result_data, report = done.report,
    processor_s = done.run_s, result_bytes = done.stored_bytes,
    blob = done.blob, blob_bytes = done.blob_bytes, blob_sha256 = done.blob_sha256
FROM (
  SELECT id AS task, attempt AS claimed, result, result_memory, result_outputs, result_data,
         report, processor_s AS run_s, result_bytes AS stored_bytes, blob, blob_bytes, blob_sha256
  FROM json_to_recordset(:rows) AS input
    (id text, attempt bigint, result text, result_memory text, result_outputs text,
     result_data text, report text, processor_s float8, result_bytes bigint, blob text, blob_bytes bigint, blob_sha256 text)
) AS done
WHERE id = done.task AND state = 'running' AND attempt = done.claimed
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at;

-- name: add_usage
INSERT INTO usage
  (day, project, owner, writer, tasks, shots, processor_s, result_bytes, removed_bytes)
SELECT CAST(floor($now / 86400) AS integer), project, owner, writer, tasks, shots, processor_s,
       result_bytes, 0
FROM json_to_recordset(:rows) AS input
  (project text, owner text, writer text, tasks bigint, shots bigint, processor_s float8,
   result_bytes bigint)
ON CONFLICT (day, project, owner, writer) DO UPDATE
SET tasks = usage.tasks + excluded.tasks, shots = usage.shots + excluded.shots,
    processor_s = usage.processor_s + excluded.processor_s,
    result_bytes = usage.result_bytes + excluded.result_bytes;

-- name: add_minute
INSERT INTO minutes
  (minute, project, writer, completed, failed, cancelled, started, waiting_s, longest_s)
SELECT CAST(floor($now / 60) AS bigint), project, writer, completed, failed, cancelled, started,
       waiting_s, longest_s
FROM json_to_recordset(:rows) AS input
  (project text, writer text, completed bigint, failed bigint, cancelled bigint, started bigint,
   waiting_s float8, longest_s float8)
ON CONFLICT (minute, project, writer) DO UPDATE
SET completed = minutes.completed + excluded.completed, failed = minutes.failed + excluded.failed,
    cancelled = minutes.cancelled + excluded.cancelled, started = minutes.started + excluded.started,
    waiting_s = minutes.waiting_s + excluded.waiting_s,
    longest_s = greatest(minutes.longest_s, excluded.longest_s);

-- name: record_progress
UPDATE tasks
SET progress_attempt = latest.attempt, progress = latest.fraction,
    progress_end = $now + latest.remaining_s
FROM json_to_recordset(:rows) AS latest
  (id text, attempt bigint, worker text, fraction float8, remaining_s float8)
WHERE tasks.id = latest.id AND state = 'running' AND tasks.attempt = latest.attempt
  AND tasks.worker = latest.worker;

-- name: delete_past_shares
DELETE FROM shares WHERE (rank, owner) IN (
  SELECT rank, owner FROM shares AS past
  WHERE finish < coalesce(
    (SELECT fair FROM tasks WHERE state = 'submitted' AND tasks.rank = past.rank
     ORDER BY fair LIMIT 1),
    (SELECT finish FROM shares AS last WHERE last.rank = past.rank ORDER BY finish DESC LIMIT 1)
  )
  LIMIT 500 FOR UPDATE SKIP LOCKED
);

-- name: claim
-- move: submitted -> running
-- Counts how many of the next tasks fill the budget, and locks as many of those that are not locked; then
-- takes no more of them than the budget admits, because they may be others than those that were counted.
-- The sequences are an array because the planner cannot know that the count is small: it assumes a tenth of
-- the table, and would join all of that.
WITH counted AS (
  SELECT count(*) AS tasks FROM (
    SELECT sum(cost_ms) OVER (ORDER BY rank, fair, sequence) - cost_ms AS before_ms
    FROM (SELECT rank, fair, sequence, cost_ms FROM tasks WHERE state = 'submitted'
          ORDER BY rank, fair, sequence LIMIT 256) AS next
  ) AS summed WHERE before_ms < :budget_ms
), unlocked AS (
  SELECT rank, fair, sequence, cost_ms FROM tasks WHERE state = 'submitted'
  ORDER BY rank, fair, sequence
  LIMIT (SELECT tasks FROM counted) FOR UPDATE SKIP LOCKED
), waiting AS (
  SELECT sequence, sum(cost_ms) OVER (ORDER BY rank, fair, sequence) - cost_ms AS before_ms FROM unlocked
)
UPDATE tasks
SET state = 'running', attempt = attempt + 1, worker = :worker,
    lease_until = $now + :lease_s, started_at = $now
WHERE state = 'submitted'
  AND sequence = ANY (ARRAY(SELECT sequence FROM waiting WHERE before_ms < :budget_ms))
RETURNING sequence, state, attempt, id, crashes, cost_ms, shots, seed, memory, timeout_s,
          engine, method, submitted_at, started_at, rank, fair;

-- name: lock_claims
SELECT 1 FROM pg_advisory_xact_lock(6515);

-- name: cancel.batch
-- move: submitted | running -> cancelled
UPDATE tasks
SET state = 'cancelled', finished_at = $now, worker = NULL, lease_until = NULL,
    processor_s = $now - started_at
WHERE state IN ('submitted', 'running') AND sequence IN (
  SELECT sequence FROM tasks
  WHERE batch = :batch AND :project IN ('*', project) AND state IN ('submitted', 'running')
  FOR UPDATE SKIP LOCKED
)
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at;

-- name: release.lost
-- move: running -> submitted
UPDATE tasks
SET state = 'submitted', worker = NULL, lease_until = NULL, started_at = NULL,
    crashes = crashes + 1
WHERE state = 'running' AND sequence IN (
  SELECT sequence FROM tasks
  WHERE state = 'running' AND worker = :lost_worker AND lease_until = :expires_at
    AND crashes + 1 < :max_crashes
  FOR UPDATE SKIP LOCKED
)
RETURNING sequence, state, attempt, id;

-- name: abandon
-- move: running -> failed
UPDATE tasks
SET state = 'failed', finished_at = $now, worker = NULL, lease_until = NULL, crashes = crashes + 1,
    processor_s = lease_until - started_at,
    failure_code = 'worker_crashed',
    failure = 'the worker was lost ' || (crashes + 1) || ' times while it had this task'
WHERE state = 'running' AND sequence IN (
  SELECT sequence FROM tasks
  WHERE state = 'running' AND worker = :lost_worker AND lease_until = :expires_at
    AND crashes + 1 >= :max_crashes
  FOR UPDATE SKIP LOCKED
)
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at;

-- name: expired_tasks
SELECT sequence, blob FROM tasks WHERE finished_at < $now - :ttl_s
ORDER BY finished_at LIMIT :limit FOR UPDATE SKIP LOCKED;

-- name: expired_batches
SELECT sequence, id FROM batches
WHERE finished_at < $now - :ttl_s AND NOT EXISTS (SELECT 1 FROM tasks WHERE batch = batches.id)
ORDER BY finished_at LIMIT :limit FOR UPDATE SKIP LOCKED;
