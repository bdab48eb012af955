-- All queries, by name. A query that moves tasks has the name of its move in MOVES (a suffix after a dot
-- tells two queries of one move apart), and a line with its source and target states; it returns the
-- columns of FinalRow in database/usage_rows.py if it ends tasks, and those of MovedRow in rows.py otherwise.
-- The names of the columns of all other queries are the fields of their row types there.
--
-- Three placeholders differ between databases: `$now` is the database's clock in seconds since 1970,
-- `$in :list` tests if a value is in a list, and `$by index` names the index that SQLite must use where it
-- would choose a worse one.
--
-- A query for a client has the condition `:project IN ('*', project)`: `*` stands for all projects.

-- name: insert_task
-- A new task, which waits.
INSERT INTO tasks
  (id, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, project, owner, rank,
   fair, batch, item, submitted_at)
VALUES
  (:id, :shots, :seed, :memory, :timeout_s, :engine, :method, :name, :tags, :cost_ms, :project, :owner,
   :rank, :virtual_start, :batch, :item, $now)
RETURNING sequence, state, attempt, id;

-- name: insert_completed
-- A new task that its worker has run before: submitted, claimed and completed in one statement.
INSERT INTO tasks
  (id, state, attempt, shots, seed, memory, timeout_s, engine, method, name, tags, cost_ms, project, owner,
   rank, fair, batch, item, submitted_at, started_at, finished_at, result, result_memory, result_outputs,
   result_data, report, processor_s, result_bytes)
VALUES
  (:id, 'completed', 1, :shots, :seed, :memory, :timeout_s, :engine, :method, :name, :tags, :cost_ms,
   :project, :owner, :rank, :virtual_start, :batch, :item, $now - :submitted_ago_s,
   $now - :started_ago_s, $now, :result, :result_memory, :result_outputs, :result_data, :report,
   :processor_s, :result_bytes)
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at, finished_at;

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

-- name: record_run
-- The whole history of a task that was inserted as completed.
INSERT INTO changes (sequence, at, move, state, attempt, worker)
VALUES (:sequence, :submitted_at, 'submit', 'submitted', 0, NULL),
       (:sequence, :started_at, 'claim', 'running', 1, :worker),
       (:sequence, :finished_at, 'complete', 'completed', 1, :worker);

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

-- name: claim.limited
-- move: submitted -> running
-- As claim, within the limits of projects and owners on running tasks and on slots. A task is a whole slot
-- if it is no tiny one or has run for 2 s; tiny tasks share slots. `lock_claims` runs before.
WITH load AS (
  SELECT project, owner, count(*) AS tasks,
         sum(CASE WHEN cost_ms > :chunk_ms OR started_at < $now - 2 THEN 1.0
             ELSE cost_ms / :chunk_ms END) AS slots
  FROM tasks WHERE state = 'running' GROUP BY project, owner
), project_load AS (
  SELECT project, sum(tasks) AS tasks, sum(slots) AS slots FROM load GROUP BY project
), next AS (
  SELECT sequence, rank, fair, cost_ms, project, owner,
         CASE WHEN cost_ms > :chunk_ms THEN 1.0 ELSE cost_ms / :chunk_ms END AS part
  FROM tasks $by tasks_waiting
  WHERE state = 'submitted'
    AND (project, owner) NOT IN (
      SELECT project, owner FROM load
      WHERE tasks >= coalesce(
              (SELECT value FROM limits WHERE limits.project = load.project
               AND limits.owner = load.owner AND name = 'max_running'),
              (SELECT value FROM limits WHERE limits.project = load.project
               AND limits.owner = '*' AND name = 'max_running'), :user_running)
         OR slots >= coalesce(
              (SELECT value FROM limits WHERE limits.project = load.project
               AND limits.owner = load.owner AND name = 'max_slots'),
              (SELECT value FROM limits WHERE limits.project = load.project
               AND limits.owner = '*' AND name = 'max_slots'), :user_slots)
    )
    AND project NOT IN (
      SELECT project FROM project_load
      WHERE tasks >= coalesce(
              (SELECT value FROM limits WHERE limits.project = project_load.project
               AND limits.owner = '' AND name = 'max_running'), :project_running)
         OR slots >= coalesce(
              (SELECT value FROM limits WHERE limits.project = project_load.project
               AND limits.owner = '' AND name = 'max_slots'), :project_slots)
    )
  ORDER BY rank, fair, sequence LIMIT 256
), numbered AS (
  SELECT sequence, rank, fair, cost_ms, project, owner,
         count(*) OVER of_user AS user_tasks, sum(part) OVER of_user AS user_part,
         count(*) OVER of_project AS project_tasks, sum(part) OVER of_project AS project_part
  FROM next
  WINDOW of_user AS (PARTITION BY project, owner ORDER BY rank, fair, sequence),
         of_project AS (PARTITION BY project ORDER BY rank, fair, sequence)
), caps AS (
  SELECT shares.project, shares.owner,
         coalesce((SELECT value FROM limits WHERE limits.project = shares.project
                   AND limits.owner = shares.owner AND name = 'max_running'),
                  (SELECT value FROM limits WHERE limits.project = shares.project
                   AND limits.owner = '*' AND name = 'max_running'), :user_running)
           - coalesce(load.tasks, 0) AS user_tasks,
         coalesce((SELECT value FROM limits WHERE limits.project = shares.project
                   AND limits.owner = shares.owner AND name = 'max_slots'),
                  (SELECT value FROM limits WHERE limits.project = shares.project
                   AND limits.owner = '*' AND name = 'max_slots'), :user_slots)
           - coalesce(load.slots, 0) AS user_part,
         coalesce((SELECT value FROM limits WHERE limits.project = shares.project
                   AND limits.owner = '' AND name = 'max_running'), :project_running)
           - coalesce(project_load.tasks, 0) AS project_tasks,
         coalesce((SELECT value FROM limits WHERE limits.project = shares.project
                   AND limits.owner = '' AND name = 'max_slots'), :project_slots)
           - coalesce(project_load.slots, 0) AS project_part
  FROM (SELECT DISTINCT project, owner FROM next) AS shares
  LEFT JOIN load ON load.project = shares.project AND load.owner = shares.owner
  LEFT JOIN project_load ON project_load.project = shares.project
), waiting AS (
  SELECT sequence, sum(cost_ms) OVER (ORDER BY rank, fair, sequence) - cost_ms AS before_ms
  FROM numbered JOIN caps ON caps.project = numbered.project AND caps.owner = numbered.owner
  WHERE numbered.user_tasks <= caps.user_tasks AND numbered.user_part <= caps.user_part + 1e-6
    AND numbered.project_tasks <= caps.project_tasks AND numbered.project_part <= caps.project_part + 1e-6
)
UPDATE tasks
SET state = 'running', attempt = attempt + 1, worker = :worker,
    lease_until = $now + :lease_s, started_at = $now
WHERE state = 'submitted'
  AND sequence IN (SELECT sequence FROM waiting WHERE before_ms < :budget_ms)
RETURNING sequence, state, attempt, id, crashes, cost_ms, shots, seed, memory, timeout_s,
          engine, method, submitted_at, started_at, rank, fair;

-- name: lock_claims
-- Lets one claim within limits run at a time; the writers of SQLite take turns anyway.
SELECT 1;

-- name: read_limits
SELECT project, owner, name, value FROM limits ORDER BY project, owner, name;

-- name: set_limit
INSERT INTO limits (project, owner, name, value) VALUES (:project, :owner, :name, :value)
ON CONFLICT (project, owner, name) DO UPDATE SET value = excluded.value;

-- name: delete_limit
DELETE FROM limits WHERE project = :project AND owner = :owner AND name = :name;

-- name: add_usage
-- Adds the tasks of an owner that have just ended to the usage of that owner.
INSERT INTO usage
  (day, project, owner, writer, tasks, shots, processor_s, result_bytes, removed_bytes)
VALUES (CAST(floor($now / 86400) AS integer), :project, :owner, :writer, :tasks, :shots, :processor_s,
        :result_bytes, 0)
ON CONFLICT (day, project, owner, writer) DO UPDATE
SET tasks = usage.tasks + excluded.tasks, shots = usage.shots + excluded.shots,
    processor_s = usage.processor_s + excluded.processor_s,
    result_bytes = usage.result_bytes + excluded.result_bytes;

-- name: add_minute
-- Adds the tasks of a project that have just ended to this minute.
INSERT INTO minutes
  (minute, project, writer, completed, failed, cancelled, started, waiting_s, longest_s)
VALUES (CAST(floor($now / 60) AS integer), :project, :writer, :completed, :failed, :cancelled, :started,
        :waiting_s, :longest_s)
ON CONFLICT (minute, project, writer) DO UPDATE
SET completed = minutes.completed + excluded.completed, failed = minutes.failed + excluded.failed,
    cancelled = minutes.cancelled + excluded.cancelled, started = minutes.started + excluded.started,
    waiting_s = minutes.waiting_s + excluded.waiting_s,
    longest_s = CASE WHEN minutes.longest_s > excluded.longest_s THEN minutes.longest_s
                ELSE excluded.longest_s END;

-- name: read_minutes
-- The last minutes of a project with tasks that ended, the oldest first.
SELECT minute, CAST(sum(completed) AS bigint) AS completed, CAST(sum(failed) AS bigint) AS failed,
       CAST(sum(cancelled) AS bigint) AS cancelled, CAST(sum(started) AS bigint) AS started,
       sum(waiting_s) AS waiting_s, max(longest_s) AS longest_s
FROM minutes
WHERE minute > floor($now / 60) - :minutes AND :project IN ('*', project)
GROUP BY minute ORDER BY minute;

-- name: delete_past_minutes
DELETE FROM minutes WHERE minute < floor($now / 60) - 120;

-- name: live_workers
-- The workers that worker_rate counts, with the number of tasks that each holds.
SELECT id, slots, rate, $now - seen_at AS age_s, coalesce(tasks, 0) AS tasks
FROM workers LEFT JOIN (
  SELECT worker, count(*) AS tasks FROM tasks WHERE state = 'running' GROUP BY worker
) AS held ON held.worker = workers.id
WHERE seen_at BETWEEN $now - :within_s AND $now + :within_s
ORDER BY id LIMIT :limit;

-- name: held_tasks
-- The running tasks of a project, the one that has run for the longest time first.
SELECT worker, id, project, owner, name, coalesce(engine, 'auto') AS engine, shots, started_at
FROM tasks WHERE state = 'running' AND :project IN ('*', project)
ORDER BY started_at, sequence LIMIT :limit;

-- name: subtract_results
-- Subtracts the results of tasks that are being removed from what their owners keep.
INSERT INTO usage
  (day, project, owner, writer, tasks, shots, processor_s, result_bytes, removed_bytes)
SELECT CAST(floor($now / 86400) AS integer), project, owner, CAST(:writer AS text), 0, 0, 0, 0,
       sum(result_bytes)
FROM tasks WHERE sequence $in :sequences AND result_bytes > 0
GROUP BY project, owner ORDER BY project, owner
ON CONFLICT (day, project, owner, writer) DO UPDATE
SET removed_bytes = usage.removed_bytes + excluded.removed_bytes;

-- name: read_consumption
-- The processor seconds of today and the bytes of kept results, by owner.
SELECT project, owner,
       coalesce(sum(CASE WHEN day = floor($now / 86400) THEN processor_s END), 0) AS processor_s,
       CAST(sum(result_bytes) - sum(removed_bytes) AS bigint) AS result_bytes
FROM usage GROUP BY project, owner;

-- name: read_usage
-- Usage by day and project, the newest day first; days without a finished task are left out.
SELECT day, project, CAST(sum(tasks) AS bigint) AS tasks, CAST(sum(shots) AS bigint) AS shots,
       sum(processor_s) AS processor_s, CAST(sum(result_bytes) AS bigint) AS result_bytes
FROM usage
WHERE :project IN ('*', project) AND day > floor($now / 86400) - :days
GROUP BY day, project HAVING sum(tasks) > 0 ORDER BY day DESC, project;

-- name: list_projects
-- The projects of tokens, of limits and of finished tasks.
SELECT project FROM tokens UNION SELECT project FROM limits UNION SELECT project FROM usage
UNION SELECT 'default' ORDER BY 1;

-- name: read_circuits
SELECT sequence, circuit, parameters, options
FROM circuits LEFT JOIN parameters USING (sequence) LEFT JOIN options USING (sequence)
WHERE sequence $in :sequences;

-- name: read_circuit
SELECT circuit FROM circuits JOIN tasks USING (sequence)
WHERE id = :id AND :project IN ('*', project);

-- name: read_request
SELECT circuit, shots, seed, memory, timeout_s, name, tags, parameters, engine, method, owner, rank,
       options, metadata, project
FROM tasks JOIN circuits USING (sequence) LEFT JOIN parameters USING (sequence)
     LEFT JOIN options USING (sequence) LEFT JOIN metadata USING (sequence)
WHERE id = :id AND :project IN ('*', project);

-- name: complete
-- move: running -> completed
UPDATE tasks
SET state = 'completed', finished_at = $now, worker = NULL, lease_until = NULL,
    result = :result, result_memory = :result_memory, result_outputs = :result_outputs,
    result_data = :result_data, report = :report, blob = :blob,
    processor_s = :processor_s, result_bytes = :result_bytes,
    blob_bytes = :blob_bytes, blob_sha256 = :blob_sha256
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at;

-- name: fail
-- move: running -> failed
UPDATE tasks
SET state = 'failed', finished_at = $now, worker = NULL, lease_until = NULL,
    processor_s = $now - started_at, failure_code = :code, failure = :message, problems = :problems
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at;

-- name: cancel
-- move: submitted | running -> cancelled
UPDATE tasks
SET state = 'cancelled', finished_at = $now, worker = NULL, lease_until = NULL,
    processor_s = $now - started_at
WHERE id = :id AND :project IN ('*', project) AND state IN ('submitted', 'running')
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at;

-- name: cancel.batch
-- move: submitted | running -> cancelled
UPDATE tasks
SET state = 'cancelled', finished_at = $now, worker = NULL, lease_until = NULL,
    processor_s = $now - started_at
WHERE batch = :batch AND :project IN ('*', project) AND state IN ('submitted', 'running')
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at;

-- name: release
-- move: running -> submitted
-- A worker returns a task; `crashed` is 1 if the slot was lost with the task.
UPDATE tasks
SET state = 'submitted', worker = NULL, lease_until = NULL, started_at = NULL,
    crashes = crashes + :crashed
WHERE id = :id AND state = 'running' AND attempt = :attempt
RETURNING sequence, state, attempt, id;

-- name: starved_task
-- The next waiting task whose owner has no running task, `patience_s` after its submission. Only tasks of
-- the highest priority count, because all others wait for these. A task for which a slot was freed lately
-- does not count.
SELECT sequence, rank FROM tasks $by tasks_waiting
WHERE state = 'submitted'
  AND rank = (SELECT rank FROM tasks $by tasks_waiting WHERE state = 'submitted' ORDER BY rank LIMIT 1)
  AND (project, owner) NOT IN (SELECT project, owner FROM tasks WHERE state = 'running')
  AND project NOT IN (
    SELECT project FROM tasks AS busy WHERE state = 'running' GROUP BY project
    HAVING count(*) >= coalesce(
      (SELECT min(value) FROM limits WHERE limits.project = busy.project AND limits.owner = ''
       AND name IN ('max_running', 'max_slots')), :project_running)
  )
  AND submitted_at < $now - :patience_s
  AND (called_at IS NULL OR called_at < $now - :again_s)
ORDER BY fair, sequence LIMIT 1;

-- name: call_task
-- Puts a waiting task before all others of its priority, and before the running task `id`, which gives way
-- to it. Returns no row if another worker has freed a slot for the task.
UPDATE tasks
SET called_at = $now,
    fair = (
      SELECT min(fair) - 1 FROM (
        SELECT fair FROM (SELECT fair FROM tasks $by tasks_waiting WHERE state = 'submitted' AND rank = :rank
                          ORDER BY fair LIMIT 1) AS first
        UNION ALL SELECT fair FROM tasks WHERE id = :id
      ) AS others
    )
WHERE sequence = :sequence AND state = 'submitted'
  AND (called_at IS NULL OR called_at < $now - :again_s)
RETURNING sequence;

-- name: held_turns
-- The tasks that a worker holds, with the run that each was promised when it gave way.
SELECT id, attempt, project, owner, rank, turn_s FROM tasks
WHERE state = 'running' AND worker = :worker;

-- name: release.preempted
-- move: running -> submitted
-- The task gives its slot to another owner; `turn_s` is the run that it is promised next time.
UPDATE tasks
SET state = 'submitted', worker = NULL, lease_until = NULL, started_at = NULL, turn_s = :turn_s
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
    processor_s = lease_until - started_at,
    failure_code = 'worker_crashed',
    failure = 'the worker was lost ' || (crashes + 1) || ' times while it had this task'
WHERE state = 'running' AND worker = :lost_worker AND lease_until = :expires_at
  AND crashes + 1 >= :max_crashes
RETURNING sequence, state, attempt, id, project, owner, shots, processor_s, result_bytes,
          submitted_at, started_at;

-- name: renew_leases
-- Extends the leases of these tasks of a worker, and of no others: a task whose claim was committed
-- without the worker getting the answer must expire. Returns the tasks that the worker still holds.
UPDATE tasks SET lease_until = $now + :lease_s
WHERE id $in :ids AND state = 'running' AND worker = :worker
RETURNING id, attempt;

-- name: record_progress
-- The progress of an attempt, if the worker still holds it. It counts for this attempt alone, so that no move
-- has to remove it.
UPDATE tasks
SET progress_attempt = :attempt, progress = :fraction, progress_end = $now + :remaining_s
WHERE id = :id AND state = 'running' AND attempt = :attempt AND worker = :worker;

-- name: held_attempts
-- The tasks that a worker holds.
SELECT id, attempt FROM tasks WHERE state = 'running' AND worker = :worker;

-- name: count_waiting_by_owner
SELECT project, owner, rank, count(*) AS tasks FROM tasks $by tasks_waiting
WHERE state = 'submitted' GROUP BY project, owner, rank;

-- name: count_running_by_owner
SELECT project, owner, rank, count(*) AS tasks FROM tasks WHERE state = 'running'
GROUP BY project, owner, rank;

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
-- Values that differ after every move of a task, and with its progress.
SELECT id, state, attempt, sequence,
       CASE WHEN state = 'running' AND progress_attempt = attempt THEN progress END AS progress,
       CASE WHEN state = 'running' AND progress_attempt = attempt THEN progress_end END AS progress_end
FROM tasks
WHERE id $in :ids AND :project IN ('*', project);

-- name: read_tasks
SELECT id, sequence, state, shots, name, tags, submitted_at, attempt, started_at, finished_at,
       project, owner, rank, fair,
       report, failure_code, failure, batch, item,
       CASE WHEN progress_attempt = attempt THEN progress END AS progress,
       CASE WHEN progress_attempt = attempt THEN progress_end - $now END AS remaining_s,
       result, result_memory, result_outputs, result_data, blob, blob_bytes, blob_sha256, problems,
       (SELECT parameters FROM parameters WHERE parameters.sequence = tasks.sequence) AS parameters,
       (SELECT options FROM options WHERE options.sequence = tasks.sequence) AS options,
       (SELECT metadata FROM metadata WHERE metadata.sequence = tasks.sequence) AS metadata
FROM tasks WHERE id $in :ids AND :project IN ('*', project);

-- name: read_changes
SELECT sequence, move, state, at, attempt, worker FROM changes
WHERE sequence $in :sequences ORDER BY rowid;

-- name: page
-- The newest tasks of all projects before the cursor in some states. Tasks of one project, with a name or
-- with a tag have their own queries: few tasks have them, and this query would scan all others. In all of
-- them, `after` is the sequence of a task before the time `since`.
SELECT sequence FROM tasks
WHERE sequence < :before AND state $in :states
  AND sequence > :after AND submitted_at >= :since
  AND (CAST(:owner AS text) IS NULL OR owner = :owner)
  AND (CAST(:name_prefix AS text) IS NULL
       OR substr(name, 1, length(CAST(:name_prefix AS text))) = :name_prefix)
ORDER BY sequence DESC LIMIT :limit;

-- name: page_by_project
SELECT sequence FROM tasks $by tasks_by_project
WHERE project = :project AND sequence < :before AND state $in :states
  AND sequence > :after AND submitted_at >= :since
  AND (CAST(:owner AS text) IS NULL OR owner = :owner)
  AND (CAST(:name_prefix AS text) IS NULL
       OR substr(name, 1, length(CAST(:name_prefix AS text))) = :name_prefix)
ORDER BY sequence DESC LIMIT :limit;

-- name: page_by_name
SELECT sequence FROM tasks
WHERE name = :name AND :project IN ('*', project) AND sequence < :before AND state $in :states
  AND sequence > :after AND submitted_at >= :since
  AND (CAST(:owner AS text) IS NULL OR owner = :owner)
  AND (CAST(:name_prefix AS text) IS NULL
       OR substr(name, 1, length(CAST(:name_prefix AS text))) = :name_prefix)
  AND (CAST(:tag AS text) IS NULL
       OR EXISTS (SELECT 1 FROM tags WHERE tag = :tag AND tags.sequence = tasks.sequence))
ORDER BY sequence DESC LIMIT :limit;

-- name: page_by_tag
SELECT sequence FROM tags
WHERE tag = :tag AND sequence < :before AND sequence > :after
  AND EXISTS (SELECT 1 FROM tasks WHERE tasks.sequence = tags.sequence AND state $in :states
                                    AND :project IN ('*', project) AND submitted_at >= :since
                                    AND (CAST(:owner AS text) IS NULL OR owner = :owner)
                                    AND (CAST(:name_prefix AS text) IS NULL
                                         OR substr(name, 1, length(CAST(:name_prefix AS text)))
                                            = :name_prefix))
ORDER BY sequence DESC LIMIT :limit;

-- name: page_by_id
-- The newest tasks with an id from `first_id` to before `end_id`.
SELECT sequence FROM tasks
WHERE id >= :first_id AND id < :end_id
  AND :project IN ('*', project) AND sequence < :before AND state $in :states
  AND (CAST(:name AS text) IS NULL OR name = :name)
  AND (CAST(:tag AS text) IS NULL
       OR EXISTS (SELECT 1 FROM tags WHERE tag = :tag AND tags.sequence = tasks.sequence))
  AND sequence > :after AND submitted_at >= :since
  AND (CAST(:owner AS text) IS NULL OR owner = :owner)
  AND (CAST(:name_prefix AS text) IS NULL
       OR substr(name, 1, length(CAST(:name_prefix AS text))) = :name_prefix)
ORDER BY sequence DESC LIMIT :limit;

-- name: last_sequence_before
-- The sequence of the last task before an id. Ids begin with the time of the submission.
SELECT sequence FROM tasks WHERE id < :id ORDER BY id DESC LIMIT 1;

-- name: project_version
-- Values of which one differs after each move of a task of the project, and with its progress. Of the tasks that have ended, the
-- last 200 of all projects are looked at: after more of others, one that ends is not noticed.
SELECT CASE WHEN :project = '*' THEN (SELECT max(sequence) FROM tasks)
            ELSE (SELECT max(sequence) FROM tasks $by tasks_by_project WHERE project = :project)
       END AS newest,
       (SELECT count(*) FROM tasks $by tasks_by_state
        WHERE state = 'running' AND :project IN ('*', project)) AS running,
       CAST((SELECT coalesce(sum(sequence + attempt), 0) FROM tasks $by tasks_by_state
             WHERE state = 'running' AND :project IN ('*', project)) AS bigint) AS running_sum,
       (SELECT max(finished_at)
        FROM (SELECT project, finished_at FROM tasks WHERE finished_at IS NOT NULL
              ORDER BY finished_at DESC LIMIT 200) AS ended
        WHERE :project IN ('*', project)) AS ended_at,
       (SELECT coalesce(sum(progress), 0.0) + count(progress_attempt) FROM tasks $by tasks_by_state
        WHERE state = 'running' AND :project IN ('*', project)) AS progress;

-- name: list_tasks
-- Tasks for a list, newest first, without the columns that can be large.
SELECT id, sequence, state, shots, name, tags, submitted_at, attempt, started_at, finished_at,
       project, owner, rank, report, failure_code, failure, batch, item,
       CASE WHEN progress_attempt = attempt THEN progress END AS progress,
       CASE WHEN progress_attempt = attempt THEN progress_end - $now END AS remaining_s
FROM tasks
WHERE sequence $in :sequences ORDER BY sequence DESC;

-- name: insert_batch
-- Runs before the tasks of the batch are inserted: triggers count their events in this row.
INSERT INTO batches (id, project, name, tags, size, metadata, submitted_at)
VALUES (:id, :project, :name, :tags, :size, :metadata, $now)
RETURNING sequence;

-- name: insert_batch_tag
INSERT INTO batch_tags (tag, sequence) VALUES (:tag, :sequence) ON CONFLICT DO NOTHING;

-- name: batch_task_ids
-- The tasks of a batch in the order of the submission.
SELECT id FROM tasks WHERE batch = :batch AND :project IN ('*', project) ORDER BY item;

-- name: first_batch_failure
-- The first task of a batch, in the order of the submission, that failed.
SELECT id FROM tasks WHERE batch = :batch AND :project IN ('*', project) AND state = 'failed'
ORDER BY item LIMIT 1;

-- name: batch_versions
-- Values that differ after every move of a task of the batch.
SELECT id, events, ended, size FROM batches
WHERE id $in :ids AND :project IN ('*', project);

-- name: read_batches
SELECT id, sequence, project, name, tags, size, submitted_at, finished_at, metadata
FROM batches WHERE id $in :ids AND :project IN ('*', project)
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
WHERE event.batch = :batch AND :project IN ('*', project) AND place > :after
ORDER BY place LIMIT :limit;

-- name: finished_batch_tasks
-- Finished tasks of a batch, in the order in which they finished.
SELECT ended AS number, tasks.id FROM batch_events AS event JOIN tasks ON tasks.sequence = event.sequence
WHERE event.batch = :batch AND :project IN ('*', project) AND ended >= :offset
ORDER BY ended LIMIT :limit;

-- name: page_batches
-- The newest batches of all projects before the cursor. `pending` is 1 for batches with unfinished tasks,
-- 0 for the others, NULL for all.
SELECT id FROM batches
WHERE sequence < :before AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
ORDER BY sequence DESC LIMIT :limit;

-- name: page_batches_by_project
SELECT id FROM batches $by batches_by_project
WHERE project = :project AND sequence < :before
  AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
ORDER BY sequence DESC LIMIT :limit;

-- name: page_batches_by_name
SELECT id FROM batches
WHERE name = :name AND :project IN ('*', project) AND sequence < :before
  AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
  AND (CAST(:tag AS text) IS NULL
       OR EXISTS (SELECT 1 FROM batch_tags
                  WHERE tag = :tag AND batch_tags.sequence = batches.sequence))
ORDER BY sequence DESC LIMIT :limit;

-- name: page_batches_by_tag
SELECT id FROM batches JOIN batch_tags USING (sequence)
WHERE tag = :tag AND :project IN ('*', project) AND sequence < :before
  AND (finished_at IS NULL) = coalesce(:pending = 1, finished_at IS NULL)
ORDER BY sequence DESC LIMIT :limit;

-- name: page_tagged
-- Tasks outside of batches, and batches, that have all tags, in the order of their submission: with
-- `direction` 1 the oldest first, with -1 the newest. `total` is the number of all of them. `pending` is 1
-- for those that have not ended, 0 for the others, NULL for all.
SELECT id, is_batch, count(*) OVER () AS total FROM (
  SELECT tasks.id, 0 AS is_batch, submitted_at, tasks.sequence
  FROM tags JOIN tasks ON tasks.sequence = tags.sequence
  WHERE tag = :tag AND :project IN ('*', project) AND batch IS NULL
    AND (finished_at IS NULL) = coalesce(CAST(:pending AS integer) = 1, finished_at IS NULL)
    AND submitted_at >= :since AND submitted_at <= :until
    AND (SELECT count(*) FROM tags AS other
         WHERE other.sequence = tasks.sequence AND other.tag $in :more_tags) = :more
  UNION ALL
  SELECT batches.id, 1 AS is_batch, submitted_at, batches.sequence
  FROM batch_tags JOIN batches ON batches.sequence = batch_tags.sequence
  WHERE tag = :tag AND :project IN ('*', project)
    AND (finished_at IS NULL) = coalesce(CAST(:pending AS integer) = 1, finished_at IS NULL)
    AND submitted_at >= :since AND submitted_at <= :until
    AND (SELECT count(*) FROM batch_tags AS other
         WHERE other.sequence = batches.sequence AND other.tag $in :more_tags) = :more
) AS tagged
ORDER BY CAST(:direction AS integer) * submitted_at, CAST(:direction AS integer) * sequence,
         CAST(:direction AS integer) * is_batch
LIMIT :limit OFFSET :offset;

-- name: find_task_tags
SELECT sequence, project, tags FROM tasks WHERE id = :id AND :project IN ('*', project);

-- name: find_batch_tags
SELECT sequence, project, tags FROM batches WHERE id = :id AND :project IN ('*', project);

-- name: set_task_tags
UPDATE tasks SET tags = :tags WHERE sequence = :sequence;

-- name: set_batch_tags
UPDATE batches SET tags = :tags WHERE sequence = :sequence;

-- name: delete_expired_keys
DELETE FROM idempotency_keys WHERE expires_at < $now;

-- name: find_key
SELECT digest, task_id FROM idempotency_keys WHERE key = :key;

-- name: insert_key
-- Returns no row if the key exists.
INSERT INTO idempotency_keys (key, digest, task_id, expires_at)
VALUES (:key, :digest, :task_id, $now + :ttl_s)
ON CONFLICT (key) DO NOTHING RETURNING key;

-- name: insert_token
INSERT INTO tokens (prefix, hash, name, project, role, created_at, expires_at)
VALUES (:prefix, :hash, :name, :project, :role, $now, $now + :lifetime_s)
RETURNING prefix, hash, name, project, role, created_at, expires_at, revoked_at;

-- name: list_tokens
-- All tokens that were ever created.
SELECT prefix, hash, name, project, role, created_at, expires_at, revoked_at
FROM tokens ORDER BY created_at, prefix;

-- name: revoke_tokens
-- Revokes the token with this prefix, or all tokens of this name in the project.
UPDATE tokens SET revoked_at = $now
WHERE (prefix = :prefix OR name = :name) AND :project IN ('*', project) AND revoked_at IS NULL
RETURNING prefix, hash, name, project, role, created_at, expires_at, revoked_at;

-- name: insert_session
INSERT INTO sessions (prefix, hash, token, name, project, role, created_at, expires_at)
VALUES (:prefix, :hash, :token, :name, :project, :role, $now, $now + :lifetime_s)
RETURNING prefix, hash, token, name, project, role, created_at, expires_at;

-- name: list_sessions
SELECT prefix, hash, token, name, project, role, created_at, expires_at
FROM sessions WHERE expires_at > $now ORDER BY created_at, prefix;

-- name: delete_sessions
-- Ends the session with this prefix, or all sessions of this name in the project.
DELETE FROM sessions WHERE (prefix = :prefix OR name = :name) AND :project IN ('*', project)
RETURNING prefix, hash, token, name, project, role, created_at, expires_at;

-- name: delete_oldest_sessions
-- Ends the oldest sessions of a principal beyond the `most` newest.
DELETE FROM sessions WHERE name = :name AND project = :project AND prefix NOT IN (
  SELECT prefix FROM sessions WHERE name = :name AND project = :project
  ORDER BY created_at DESC, prefix LIMIT :most
);

-- name: delete_expired_sessions
DELETE FROM sessions WHERE expires_at <= $now;

-- name: insert_audit_record
INSERT INTO audit (at, principal, principal_project, address, action, object_kind, object_id, project,
                   outcome, expires_at)
VALUES ($now, :principal, :principal_project, :address, :action, :object_kind, :object_id, :project,
        :outcome, $now + :lifetime_s);

-- name: read_audit
SELECT at, principal, principal_project, address, action, object_kind, object_id, project, outcome,
       number
FROM audit
WHERE at >= $now - :since_s AND :project IN ('*', project)
  AND (CAST(:principal AS text) IS NULL OR principal = :principal)
  AND (CAST(:action AS text) IS NULL OR action = :action)
  AND (CAST(:before AS bigint) IS NULL OR number < :before)
ORDER BY number DESC LIMIT :limit;

-- name: delete_audit_records
-- Deletes some of the records whose lifetime is over; the database refuses to delete others.
DELETE FROM audit WHERE number IN (
  SELECT number FROM audit WHERE expires_at < $now ORDER BY expires_at LIMIT :limit
)
RETURNING number;

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

-- name: batch_tasks
-- The tasks of a batch, with the objects that they name.
SELECT sequence, blob FROM tasks WHERE batch = :batch;

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
