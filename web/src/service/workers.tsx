import { formatDuration } from "../format";
import { href } from "../router";
import type { LiveWorker, RunningTask } from "./types";

const MOST_CELLS = 64;

/** The workers, each with its slots and what these do. */
export function Workers({ workers, now }: { workers: LiveWorker[]; now: number }) {
  if (!workers.length) {
    return (
      <p class="empty">
        No worker is running. Start one with <code>quantumtask worker</code>.
      </p>
    );
  }
  return (
    <ul class="workers">
      {workers.map((worker) => (
        <Worker key={worker.worker_id} worker={worker} now={now} />
      ))}
    </ul>
  );
}

function Worker({ worker, now }: { worker: LiveWorker; now: number }) {
  const busy = Math.min(worker.running, worker.slots);
  const cells = Math.min(worker.slots, MOST_CELLS);
  const shown = worker.tasks.slice(0, cells);
  const others = Math.max(0, Math.min(busy, cells) - shown.length);
  const rest = worker.running - shown.length - others;
  return (
    <li class="worker">
      <h3>
        Worker <code>{worker.worker_id.slice(0, 8)}</code>
        <span class="muted">
          {busy} of {worker.slots} {worker.slots === 1 ? "slot" : "slots"} busy · last seen {formatDuration(worker.heartbeat_age_s)} ago
        </span>
      </h3>
      <ul class="slots">
        {shown.map((task) => (
          <TaskSlot key={task.task_id} task={task} now={now} />
        ))}
        {Array.from({ length: others }, (_, index) => (
          <li key={`other-${index}`} class="slot other">
            <span class="muted">a task of another project</span>
          </li>
        ))}
        {Array.from({ length: cells - shown.length - others }, (_, index) => (
          <li key={`idle-${index}`} class="slot idle">
            <span class="muted">idle</span>
          </li>
        ))}
      </ul>
      {rest > 0 && <p class="muted">{rest} more in the same slots: tiny tasks travel together.</p>}
    </li>
  );
}

function TaskSlot({ task, now }: { task: RunningTask; now: number }) {
  const seconds = Math.max(0, (now - Date.parse(task.started_at)) / 1000);
  return (
    <li class="slot busy">
      <a href={href(["tasks", task.task_id])}>{task.name ?? task.task_id.slice(0, 13)}</a>
      <span class="muted">
        {[task.owner ?? task.project, task.engine !== "auto" && task.engine, formatDuration(Math.floor(seconds))].filter(Boolean).join(" · ")}
      </span>
    </li>
  );
}
