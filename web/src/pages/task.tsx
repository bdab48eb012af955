import { useEffect, useState } from "preact/hooks";
import { send } from "../api";
import { Drawing } from "../components/drawing";
import { Editor, heightOf } from "../components/editor";
import { LoadError } from "../components/load-error";
import { SourceLine } from "../components/problem-box";
import { StateBadge } from "../components/state-badge";
import { useEvents } from "../events";
import { formatTime } from "../format";
import { useResource } from "../resource";
import { href, type Route } from "../router";
import { Actions } from "../tasks/actions";
import { Facts } from "../tasks/facts";
import { History } from "../tasks/history";
import { TaskProgress } from "../tasks/task-progress";
import { TaskResult } from "../tasks/task-result";
import { Tags } from "../tasks/task-table";
import { Waterfall } from "../tasks/waterfall";
import type { Task } from "../types";

/** A task: its result, its program, and its life; live until it ends. */
export function TaskPage({ route }: { route: Route }) {
  const id = route.parts[1]!;
  return <TaskView key={id} id={id} />;
}

function TaskView({ id }: { id: string }) {
  const path = `/tasks/${encodeURIComponent(id)}`;
  const { data: task, error, reload } = useResource<Task>(path);
  const circuit = useText(`${path}/circuit`);
  useEvents(`${path}/events?progress=true`, reload);
  return (
    <section class="page">
      <div class="page-head">
        <div class="title">
          <h1>{task?.name ?? "Task"}</h1>
          <p class="muted mono">{id}</p>
        </div>
        {task && <Actions task={task} onChange={reload} />}
      </div>
      <LoadError error={error} noun="task" list="tasks" />
      {task && <Content task={task} circuit={circuit} />}
    </section>
  );
}

function Content({ task, circuit }: { task: Task; circuit: string | null }) {
  const isWrong = (task.errors ?? []).some((problem) => problem.line !== null);
  return (
    <>
      <p class="state-line" role="status">
        <StateBadge state={task.state} />
        <span class="muted">submitted {formatTime(task.submitted_at)}</span>
        {task.batch_id && (
          <a href={href(["batches", task.batch_id])}>
            item {task.item} of a batch
          </a>
        )}
        <Tags tags={task.tags} />
      </p>
      {task.progress && <TaskProgress progress={task.progress} />}
      <Failure task={task} circuit={circuit} />
      <div class="task-columns">
        <div class="stack">
          <TaskResult task={task} />
          <section class="card" aria-label="Program">
            <h2>Program</h2>
            {circuit !== null && !isWrong && <Drawing circuit={circuit} />}
            {circuit !== null && (
              <div style={{ height: `${heightOf(circuit)}px` }}>
                <Editor text={circuit} label="Program in OpenQASM" isReadOnly />
              </div>
            )}
          </section>
        </div>
        <div class="stack">
          <section class="card" aria-label="Times">
            <h2>Times</h2>
            <Waterfall task={task} />
          </section>
          <Facts task={task} />
          <section class="card" aria-label="History">
            <h2>History</h2>
            <History task={task} />
          </section>
        </div>
      </div>
    </>
  );
}

/** The reason of a failure, with the lines of the program that it is about. */
function Failure({ task, circuit }: { task: Task; circuit: string | null }) {
  if (!task.error) return null;
  const problems = (task.errors ?? []).filter((problem) => problem.line !== null);
  const isShown = circuit !== null && problems.length > 0;
  const count = problems.length === 1 ? "A problem" : `${problems.length} problems`;
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{isShown ? `${count} in the program` : task.error}</strong> <code class="muted">{task.error_code}</code>
      </p>
      {circuit !== null && problems.map((each, index) => <SourceLine key={index} problem={each} source={circuit} />)}
    </div>
  );
}

/** Return the text at a path; null until it is there. */
function useText(path: string): string | null {
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    const abort = new AbortController();
    send(path, { signal: abort.signal })
      .then((response) => response.text())
      .then(setText, () => undefined);
    return () => abort.abort();
  }, [path]);
  return text;
}
