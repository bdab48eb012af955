import type { ComponentChildren } from "preact";
import { StateBadge } from "../components/state-badge";
import { Table, type Column } from "../components/table";
import { formatAge, formatDuration, formatTime } from "../format";
import { href } from "../router";
import type { TaskSummary } from "../types";
import { TaskProgress } from "./task-progress";

/** Characters of an id that tell tasks apart: the milliseconds of their submission, and a part of what follows. */
const ID_LENGTH = 18;

interface Props {
  tasks: TaskSummary[];
  now: number;
  empty: ComponentChildren;
}

/** Tasks in rows: what happened to each, and why one failed. */
export function TaskTable({ tasks, now, empty }: Props) {
  const hasOwners = tasks.some((task) => task.owner);
  const columns: (Column<TaskSummary> | false)[] = [
    { title: "State", cell: (task) => <State task={task} /> },
    { title: "Task", class: "main", cell: (task) => <TaskName task={task} /> },
    { title: "Tags", isWideOnly: true, cell: (task) => <Tags tags={task.tags} /> },
    hasOwners && { title: "Owner", isWideOnly: true, class: "clip", cell: (task) => task.owner ?? "" },
    { title: "Engine", isWideOnly: true, cell: (task) => task.engine ?? "" },
    { title: "Duration", isNumber: true, isWideOnly: true, cell: (task) => durationOf(task, now) },
    { title: "Age", isNumber: true, cell: (task) => <Age at={task.submitted_at} now={now} /> },
  ];
  return (
    <Table
      caption="Tasks, newest first"
      rows={tasks}
      rowKey={(task) => task.task_id}
      empty={empty}
      columns={columns.filter((column) => column !== false)}
    />
  );
}

/** The state, and the progress of a task that runs. */
function State({ task }: { task: TaskSummary }) {
  return (
    <>
      <StateBadge state={task.state} />
      {task.progress && <TaskProgress progress={task.progress} />}
    </>
  );
}

/** The name of a task, and below it why the task failed. */
function TaskName({ task }: { task: TaskSummary }) {
  return (
    <>
      <div class="line">
        <TaskLink task={task} />
        {task.batch_id && <span class="muted wide-only"> · item {task.item}</span>}
      </div>
      {task.error && (
        <div class="line reason" title={task.error}>
          {task.error}
        </div>
      )}
    </>
  );
}

function TaskLink({ task }: { task: TaskSummary }) {
  const id = task.task_id.slice(0, ID_LENGTH);
  return (
    <a href={href(["tasks", task.task_id])} title={task.task_id} class={task.name ? undefined : "mono"}>
      {task.name ?? id}
    </a>
  );
}

export function Tags({ tags, list = "tasks" }: { tags: string[]; list?: string }) {
  return (
    <span class="tags">
      {tags.map((tag) => (
        <a key={tag} class="tag" href={href([list], { tag })}>
          {tag}
        </a>
      ))}
    </span>
  );
}

export function Age({ at, now }: { at: string; now: number }) {
  return (
    <time dateTime={at} title={formatTime(at)}>
      {formatAge(at, now)}
    </time>
  );
}

/** Return the time that a task ran, or has run up to now. */
export function durationOf(task: TaskSummary, now: number): string {
  if (task.running_ms === 0) return ""; // cancelled before it ran
  if (task.running_ms != null) return formatDuration(task.running_ms / 1000);
  if (task.state !== "running" || !task.started_at) return "";
  return formatDuration(Math.max(0, Math.floor((now - Date.parse(task.started_at)) / 1000)));
}
