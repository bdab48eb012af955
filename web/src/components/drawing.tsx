import { useEffect, useRef, useState } from "preact/hooks";
import { Problem, send } from "../api";
import { comebacks } from "../resource";

const PAUSE_MS = 250;

interface Props {
  circuit: string;
  parameters?: Record<string, unknown> | null;
  /** Called with the line of the part of the drawing that is under the pointer; null beside it. */
  onLine?: (line: number | null) => void;
}

/** The drawing of a program. While a program is wrong, the last drawing stays and is marked as old. */
export function Drawing({ circuit, parameters = null, onLine }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [isOld, setOld] = useState(true);
  const [note, setNote] = useState("");
  const body = JSON.stringify(parameters ? { circuit, parameters } : { circuit });
  const comeback = comebacks.value;
  useEffect(() => {
    const abort = new AbortController();
    const draw = async () => {
      try {
        host.current?.replaceChildren(await fetchDrawing(body, abort.signal));
        setOld(false);
        setNote("");
      } catch (error) {
        if (abort.signal.aborted) return;
        setOld(true);
        setNote(error instanceof Problem && error.status === 422 ? "" : String((error as Error).message));
      }
    };
    setOld(true);
    const isFirst = !host.current?.hasChildNodes();
    const timer = setTimeout(draw, isFirst ? 0 : PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [body, comeback]);
  return (
    <div class="drawing" data-old={isOld}>
      <div
        class="drawing-scroll"
        ref={host}
        tabIndex={0}
        role="region"
        aria-label="Drawing of the circuit"
        onPointerMove={onLine && ((event) => onLine(lineAt(event.target)))}
        onPointerLeave={onLine && (() => onLine(null))}
      />
      {note && <p class="muted">{note}</p>}
    </div>
  );
}

async function fetchDrawing(body: string, signal: AbortSignal): Promise<Node> {
  const response = await send("/draw", { body: JSON.parse(body), headers: { Accept: "image/svg+xml" }, signal });
  const { documentElement } = new DOMParser().parseFromString(await response.text(), "image/svg+xml");
  if (documentElement.nodeName !== "svg") throw new Error("the drawing cannot be read");
  return document.importNode(documentElement, true);
}

function lineAt(target: EventTarget | null): number | null {
  const part = target instanceof Element ? target.closest("[data-line]") : null;
  return part ? Number(part.getAttribute("data-line")) : null;
}
