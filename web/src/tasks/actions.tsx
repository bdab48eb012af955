import { useState } from "preact/hooks";
import { request, send } from "../api";
import { ProblemBox } from "../components/problem-box";
import { href } from "../router";
import type { Task } from "../types";

interface Props {
  task: Task;
  onChange: () => void;
}

/** Cancel, run again, download. */
export function Actions({ task, onChange }: Props) {
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
  return (
    <>
      <div class="actions">
        {isPending && (
          <button type="button" disabled={isBusy} onClick={() => act(() => request(`${pathOf(task)}/cancel`, { method: "POST" }))}>
            Cancel
          </button>
        )}
        {!isPending && (
          <button type="button" disabled={isBusy} onClick={() => act(() => repeat(task))}>
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

/** Submit the same request once more, and show the new task. */
async function repeat(task: Task): Promise<void> {
  const text = await (await send(`${pathOf(task)}/request`)).text();
  const { task_id } = await request<{ task_id: string }>("/tasks", { text });
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
