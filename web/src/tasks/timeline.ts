// The life of a task as spans of time.
import type { Task } from "../types";

export interface Span {
  label: string;
  kind: "wait" | "attempt" | "run";
  from: number;
  to: number;
  /** True if the span has not ended. */
  isOpen?: boolean;
}

/** Return what happened to a task, in order: waits, attempts, and the stages of the last attempt. */
export function spansOf(task: Task, now: number): Span[] {
  const spans: Span[] = [];
  let since = Date.parse(task.submitted_at);
  let attempt = 0;
  for (const change of task.history) {
    const at = Date.parse(change.at);
    if (change.move === "submit") {
      since = at;
      continue;
    }
    if (attempt) spans.push({ label: attemptLabel(task, attempt), kind: "attempt", from: since, to: at });
    else spans.push({ label: "Waited", kind: "wait", from: since, to: at });
    attempt = change.move === "claim" ? change.attempt : 0;
    since = at;
  }
  if (task.finished_at === null) {
    const label = attempt ? attemptLabel(task, attempt) : "Waiting";
    spans.push({ label, kind: attempt ? "attempt" : "wait", from: since, to: Math.max(now, since), isOpen: true });
  }
  return [...spans, ...stagesOf(task)];
}

function attemptLabel(task: Task, attempt: number): string {
  return task.attempt > 1 ? `Attempt ${attempt}` : "On a worker";
}

/** Return what happened at the end of the last attempt: compilation, run, record of the result. */
function stagesOf({ state, finished_at, running_ms, compile_ms, store_ms, engine }: Task): Span[] {
  if (state !== "completed" || !finished_at || running_ms == null) return [];
  const ran = Date.parse(finished_at) - (store_ms ?? 0);
  const started = ran - running_ms;
  const spans: Span[] = [];
  if (compile_ms != null) spans.push({ label: "Compiled", kind: "run", from: started - compile_ms, to: started });
  spans.push({ label: `Ran${engine ? ` on ${engine}` : ""}`, kind: "run", from: started, to: ran });
  if (store_ms != null) spans.push({ label: "Stored", kind: "run", from: ran, to: ran + store_ms });
  return spans;
}
