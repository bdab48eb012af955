import { useEffect, useState } from "preact/hooks";
import { ProblemBox, SourceLine } from "../components/problem-box";
import { RunFacts } from "../components/result-view";
import { StateBadge } from "../components/state-badge";
import { request } from "../api";
import { formatCount } from "../format";
import { href } from "../router";
import { WholeResult } from "../tasks/task-result";
import type { Queue, Task } from "../types";
import { form } from "./form";
import { cancel, run } from "./run";

/** The last run: how it goes, its result, or the reason of its failure. */
export function Outcome() {
  const { phase, task, error, last, circuit } = run.value;
  const isRunning = phase === "sending" || phase === "waiting";
  if (phase === "idle") {
    return (
      <p class="empty">
        Run the program to see its result here.
        <span class="keys">
          {" "}
          Or press <kbd>Ctrl</kbd> <kbd>Enter</kbd> in the editor.
        </span>
      </p>
    );
  }
  return (
    <div class="stack">
      <p class="hidden" role="status">
        {announcement(phase, task, error)}
      </p>
      {phase === "sending" && !last && <p class="muted">Sending…</p>}
      {phase === "waiting" && task && <Waiting task={task} />}
      <ProblemBox error={error} source={circuit} />
      {phase === "ended" && task && (
        <>
          {task.state !== "completed" && <Failure task={task} circuit={circuit} />}
          {task.state === "completed" && <WholeResult key={task.task_id} task={task} />}
          <RunFacts task={task} />
        </>
      )}
      {isRunning && last && (
        <div class="stack is-old" aria-hidden="true" inert>
          <WholeResult key={last.task_id} task={last} />
          <RunFacts task={last} />
        </div>
      )}
    </div>
  );
}

function announcement(phase: string, task: Task | null, error: unknown): string {
  if (phase !== "ended") return "The task runs";
  if (error) return "";
  return `The task is ${task?.state}`;
}

function Failure({ task, circuit }: { task: Task; circuit: string }) {
  const problems = task.errors ?? [];
  return (
    <div class="problem" role="alert">
      <p>
        <StateBadge state={task.state} /> {problems.length ? null : (task.error ?? "The task was cancelled.")}
      </p>
      {task.error_code === "not_exact" && form.value.wantsState && (
        <p>Without the state vector (untick it above), this program gives counts.</p>
      )}
      {problems.map((problem, index) =>
        problem.line === null ? (
          <p key={index}>{problem.message}</p>
        ) : (
          <SourceLine key={index} problem={problem} source={circuit} />
        ),
      )}
    </div>
  );
}

function Waiting({ task }: { task: Task }) {
  const [{ workers, running }, setService] = useState({ workers: 1, running: 0 });
  useEffect(() => {
    request<Queue>("/queue").then(setService, () => undefined);
  }, [task.state]);
  const { queue } = task;
  return (
    <div class="waiting">
      <StateBadge state={task.state} />
      <span>
        {task.state === "submitted" && workers === 0 && "No worker is running: the task waits until one starts. "}
        {task.state === "submitted" && queue && `Place ${queue.position} in the queue${queue.at_least ? " or later" : ""}. `}
        {task.state === "submitted" && running > 0 && (
          <a href={href(["tasks"], { state: "running" })}>
            {running === 1 ? "1 task runs" : `${formatCount(running)} tasks run`}
          </a>
        )}
      </span>
      <button type="button" class="small" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}
