// Running the program: submit, wait, cancel.
import { signal } from "@preact/signals";
import { request } from "../api";
import type { Task } from "../types";
import type { Body } from "./form";

export interface Run {
  /** "idle" before the first run. */
  phase: "idle" | "sending" | "waiting" | "ended";
  task: Task | null;
  error: unknown;
  /** The last task that completed, which stays in sight until the next one ends. */
  last: Task | null;
  /** The program that ran. */
  circuit: string;
}

export const run = signal<Run>({ phase: "idle", task: null, error: null, last: null, circuit: "" });

const FIRST_WAIT_S = 1;
const WAIT_S = 20;

let current: AbortController | null = null;

/** Submit a task and follow it to its end; a new start leaves the task before alone. */
export async function start(body: Body): Promise<void> {
  current?.abort();
  const { signal } = (current = new AbortController());
  const before = run.value;
  const last = before.task?.state === "completed" ? before.task : before.last;
  const running: Run = { phase: "sending", task: null, error: null, last, circuit: body.circuit };
  run.value = running;
  try {
    let wait = FIRST_WAIT_S;
    let task = await request<Task>(`/tasks?wait=${wait}`, { body, signal });
    while (task.status === "pending") {
      run.value = { ...running, phase: "waiting", task };
      wait = WAIT_S;
      task = await request<Task>(`/tasks/${task.task_id}?wait=${wait}`, { signal });
    }
    run.value = { ...running, phase: "ended", task };
  } catch (error) {
    if (!signal.aborted) run.value = { ...running, phase: "ended", error };
  }
}

/** Cancel the task that runs. */
export async function cancel(): Promise<void> {
  const id = run.value.task?.task_id;
  if (id) await request(`/tasks/${id}/cancel`, { method: "POST" }).catch(() => undefined);
}
