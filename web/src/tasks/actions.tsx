import { useState } from "preact/hooks";
import { request, send } from "../api";
import { ProblemBox } from "../components/problem-box";
import { href } from "../router";
import type { Task } from "../types";

interface Props {
  task: Task;
  circuit: string | null;
  onChange: () => void;
}

/** Cancel, run again, download. */
export function Actions({ task, circuit, onChange }: Props) {
  const [error, setError] = useState<unknown>(null);
  const [isBusy, setBusy] = useState(false);
  const act = async (action: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    await action().catch(setError);
    setBusy(false);
    onChange();
  };
  const isPending = task.finished_at === null;
  const canRepeat = circuit !== null && hasWholeRequest(task);
  return (
    <>
      <div class="actions">
        {isPending && (
          <button type="button" disabled={isBusy} onClick={() => act(() => request(`${pathOf(task)}/cancel`, { method: "POST" }))}>
            Cancel
          </button>
        )}
        {canRepeat && !isPending && (
          <button type="button" disabled={isBusy} onClick={() => act(() => repeat(task, circuit))}>
            Run again
          </button>
        )}
        <a class="button" href={`#/?task=${encodeURIComponent(task.task_id)}`}>
          Open in Try
        </a>
        {task.state === "completed" && (
          <button type="button" onClick={() => act(() => download(`${pathOf(task)}/result`, `${fileName(task)}.json`))}>
            Result (JSON)
          </button>
        )}
        <button type="button" onClick={() => act(() => download(`${pathOf(task)}/circuit`, `${fileName(task)}.qasm`))}>
          Program (.qasm)
        </button>
      </div>
      <ProblemBox error={error} />
    </>
  );
}

function pathOf(task: Task): string {
  return `/tasks/${encodeURIComponent(task.task_id)}`;
}

/** Return false if the service left out parameters or options of a task, because they are large. */
function hasWholeRequest({ shape, parameters, options }: Task): boolean {
  return !(shape?.length && parameters === null) && options !== null;
}

/** Submit the program with the same parameters and options, and show the new task. */
async function repeat(task: Task, circuit: string): Promise<void> {
  const { shots, name, tags, priority, parameters, options, metadata, memory } = task;
  const fields = { circuit, shots, name, tags, priority, parameters, metadata, ...options };
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  const body = { ...Object.fromEntries(given), ...(memory && { memory: true }) };
  const { task_id } = await request<{ task_id: string }>("/tasks", { body });
  location.hash = href(["tasks", task_id]);
}

/** Save an answer of the service as a file. */
async function download(path: string, name: string): Promise<void> {
  const url = URL.createObjectURL(await (await send(path)).blob());
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function fileName({ name, task_id }: Task): string {
  return (name ?? task_id).replace(/[^\p{L}\p{N}._-]+/gu, "-").slice(0, 60) || task_id;
}
