// The tasks of a batch: their states by events, and the results of those that have ended.
import { useEffect, useState } from "preact/hooks";
import { send } from "../api";
import { useEvents } from "../events";
import type { Task } from "../types";
import type { BatchEvent, Ended } from "./types";

/** Most bytes of results that the page reads: the curve of a larger batch is that of its beginning. */
const MOST_BYTES = 16 * 1024 * 1024;
const MOST_VALUES = 6;

/** Return the last event of each task, by item; `onEvent` is called for each. */
export function useBatchEvents(path: string, onEvent: () => void): Map<number, BatchEvent> {
  const [tasks, setTasks] = useState(new Map<number, BatchEvent>());
  const [pending] = useState<BatchEvent[]>([]);
  useEvents(`${path}/events`, ({ data }) => {
    const event = JSON.parse(data) as BatchEvent;
    if (typeof event.item !== "number") return;
    if (!pending.length) setTimeout(flush, 100); // many events come at once
    pending.push(event);
  });
  const flush = () => {
    const events = pending.splice(0);
    setTasks((before) => new Map([...before, ...events.map((event) => [event.item, event] as const)]));
    onEvent();
  };
  return tasks;
}

/** Return the ended tasks of a batch by item, as they end. */
export function useEnded(path: string): { ended: Map<number, Ended>; isCut: boolean } {
  const [ended, setEnded] = useState(new Map<number, Ended>());
  const [isCut, setCut] = useState(false);
  useEffect(() => {
    const abort = new AbortController();
    const read = async () => {
      const response = await send(`${path}/results`, { signal: abort.signal });
      for await (const lines of readLines(response.body!, () => setCut(true))) {
        const some = lines.map((line) => summarize(JSON.parse(line) as Task));
        setEnded((before) => new Map([...before, ...some.map((each) => [each.item, each] as const)]));
      }
    };
    read().catch(() => undefined); // the states of the tasks come by events all the same
    return () => abort.abort();
  }, [path]);
  return { ended, isCut };
}

async function* readLines(body: ReadableStream<Uint8Array>, onCut: () => void): AsyncGenerator<string[]> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream).getReader();
  let text = "";
  for (let size = 0; ; ) {
    const { done, value } = await reader.read();
    if (done) return;
    size += value.length;
    text += value;
    const lines = text.split("\n");
    text = lines.pop()!;
    yield lines.filter((line) => line.trim());
    if (size > MOST_BYTES) {
      onCut();
      return void reader.cancel();
    }
  }
}

function summarize(task: Task): Ended {
  const values = task.data?.expectation_values;
  const isSweep = !!task.shape?.length;
  return {
    task_id: task.task_id,
    item: task.item ?? 0,
    state: task.state,
    engine: task.engine ?? null,
    running_ms: task.running_ms,
    error: task.error ?? null,
    parameters: task.parameters,
    counts: isSweep || !task.result || !Object.keys(task.result).length ? null : task.result,
    values: !isSweep && Array.isArray(values) ? (values.slice(0, MOST_VALUES) as number[]) : null,
  };
}
