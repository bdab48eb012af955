-- Every query, by name. A query that moves tasks is named after its move in MOVES (a word after a
-- dot tells two queries of one move apart) and says from where to where. Two words differ between
-- databases: `$now` is the database's clock in seconds since 1970, `$in :list` whether a value is in
-- a list. Moves return what `record` needs.

-- name: insert
-- A new task, waiting.
INSERT INTO tasks
  (id, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, submitted_at)
VALUES
  (:id, :shots, :seed, :memory, :timeout_s, :engine, :method, :name, :tags, :cost_ms, $now)
RETURNING sequence, state, attempt;

-- name: insert_circuit
INSERT INTO circuits (sequence, circuit) VALUES (:sequence, :circuit);

-- name: insert_parameters
INSERT INTO parameters (sequence, parameters) VALUES (:sequence, :parameters);

-- name: insert_tag
INSERT INTO tags (tag, sequence) VALUES (:tag, :sequence) ON CONFLICT DO NOTHING;

-- name: record
-- One line of a task's history.
INSERT INTO changes (sequence, at, move, state, attempt, worker)
VALUES (:sequence, $now, :move, :state, :attempt, :worker);

-- name: claim
-- move: submitted -> running
-- The oldest waiting tasks whose predicted work fills `budget_ms`; always at least one.
WITH waiting AS (
  SELECT sequence, sum(cost_ms) OVER (ORDER BY sequence) - cost_ms AS before_ms
  FROM (SELECT sequence, cost_ms FROM tasks WHERE state = 'submitted' ORDER BY sequence LIMIT 256)
)
UPDATE tasks
SET state = 'running', attempt = attempt + 1, worker = :worker,
    lease_until = $now + :lease_s, started_at = $now
WHERE state = 'submitted'
  AND sequence IN (SELECT sequence FROM waiting WHERE before_ms < :budget_ms)
RETURNING sequence, state, attempt, id, crashes, cost_ms, shots, seed, memory, timeout_s,
          engine, method;

-- name: read_circuits
SELECT sequence, circuit, parameters FROM circuits LEFT JOIN parameters USING (sequence)
WHERE sequence $in :sequences;

-- name: complete
-- move: running -> completed
UPDATE tasks
SET state = 'completed', finished_at = $now, worker = NULL, lease_until = NULL,
    result = :result, result_memory = :result_memory, result_outputs = :result_outputs,
    report = :report
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

-- name: release
-- move: running -> submitted
-- Given back by its worker; `crashed` is 1 where the task took its slot down.
UPDATE tasks
SET state = 'submitted', worker = NULL, lease_until = NULL, started_at = NULL,
    crashes = crashes + :crashed
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt;

-- name: release.expired
-- move: running -> submitted
-- The lease ran out, so its worker is gone or stuck: another may try.
UPDATE tasks
SET state = 'submitted', worker = NULL, lease_until = NULL, started_at = NULL,
    crashes = crashes + 1
WHERE state = 'running' AND lease_until < $now AND crashes + 1 < :max_crashes
RETURNING sequence, state, attempt;

-- name: abandon
-- move: running -> failed
-- The lease ran out once too often.
UPDATE tasks
SET state = 'failed', finished_at = $now, worker = NULL, lease_until = NULL, crashes = crashes + 1,
    failure_code = 'worker_crashed',
    failure = 'the worker was lost ' || (crashes + 1) || ' times while it had this task'
WHERE state = 'running' AND lease_until < $now AND crashes + 1 >= :max_crashes
RETURNING sequence, state, attempt;

-- name: renew
-- Prolongs a worker's leases of these tasks; one that is not returned is no longer its own. Of those
-- only: a claim whose commit was never confirmed is unknown to its worker, and must run out.
UPDATE tasks SET lease_until = $now + :lease_s
WHERE id $in :ids AND state = 'running' AND worker = :worker
RETURNING id, attempt;

-- name: held
-- What a worker still holds, without writing.
SELECT id, attempt FROM tasks WHERE state = 'running' AND worker = :worker;

-- name: count_waiting
-- How many tasks wait, counted no further than `most`.
SELECT count(*) FROM (SELECT 1 FROM tasks WHERE state = 'submitted' LIMIT :most) AS waiting;

-- name: states
SELECT id, state FROM tasks WHERE id $in :ids;

-- name: read
SELECT id, sequence, state, shots, name, tags, submitted_at, attempt, started_at, finished_at,
       result, result_memory, result_outputs, report, failure_code, failure, problems,
       (SELECT parameters FROM parameters WHERE parameters.sequence = tasks.sequence)
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
       NULL, NULL, NULL, report, failure_code, failure, NULL, NULL
FROM tasks
WHERE sequence $in :sequences ORDER BY sequence DESC;

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
INSERT INTO workers (id, slots, seen_at) VALUES (:worker, :slots, $now)
ON CONFLICT (id) DO UPDATE SET seen_at = excluded.seen_at, slots = excluded.slots;

-- name: forget_workers
-- Workers that left, or have not been seen for a day.
DELETE FROM workers WHERE id = :worker OR seen_at < $now - 86400;

-- name: workers_seen
SELECT count(*) FROM workers WHERE seen_at > $now - :within_s;

-- name: probe
INSERT INTO probe (one, written_at) VALUES (1, $now)
ON CONFLICT (one) DO UPDATE SET written_at = excluded.written_at;
