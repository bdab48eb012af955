// Server-sent events: by `fetch`, because `EventSource` sends no headers and tells no status.
import { useEffect, useRef } from "preact/hooks";
import { Problem, send } from "./api";

export interface ServerEvent {
  id: string;
  /** The name of the event; "message" if it has none. */
  event: string;
  data: string;
}

const RETRY_MS = 2000;

/** Call `onEvent` for each event of a stream while the component is shown; reconnect if it breaks. */
export function useEvents(path: string | null, onEvent: (event: ServerEvent) => void): void {
  const handler = useRef(onEvent);
  handler.current = onEvent;
  useEffect(() => {
    if (!path) return;
    const abort = new AbortController();
    void follow(path, abort.signal, (event) => handler.current(event));
    return () => abort.abort();
  }, [path]);
}

/** Follow a stream until it is complete (204), is refused, or the signal ends it. */
export async function follow(
  path: string,
  signal: AbortSignal,
  onEvent: (event: ServerEvent) => void,
): Promise<void> {
  let last = "";
  while (!signal.aborted) {
    try {
      const headers = { Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) };
      const response = await send(path, { headers, signal });
      if (response.status === 204) return;
      for await (const event of readEvents(response.body!)) {
        last = event.id || last;
        onEvent(event);
        if (event.event === "end") return;
      }
    } catch (error) {
      if (error instanceof Problem && error.status >= 400 && error.status < 500) return;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerEvent> {
  const reader = body.pipeThrough(new TextDecoderStream() as TransformStream).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop()!;
    for (const block of blocks) {
      const event = parseEvent(block);
      if (event) yield event;
    }
  }
}

function parseEvent(block: string): ServerEvent | null {
  const event: ServerEvent = { id: "", event: "message", data: "" };
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    const [name, value] = [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, "")];
    if (name === "id" || name === "event") event[name] = value;
    if (name === "data") event.data += (event.data && "\n") + value;
  }
  return event.data ? event : null;
}
