import { useEffect, useState } from "preact/hooks";
import { unanswered } from "../api";
import { comebacks } from "../resource";

const EVERY_MS = 5000;
const EVERY_MS_AWAY = 1000;
const AWAY = "The service does not answer: it may be restarting. This page goes on as soon as it does.";

/** The reason why the service runs nothing; nothing while it does. */
export function ReadinessBanner() {
  const [reason, setReason] = useState<string | null>(null);
  useEffect(() => {
    let wasAway = reason === AWAY;
    let timer = 0;
    const ask = async () => {
      const next = document.hidden ? undefined : await readReason();
      if (next !== undefined) setReason(next);
      if (wasAway && next !== undefined && next !== AWAY) comebacks.value++;
      if (next !== undefined) wasAway = next === AWAY;
      timer = window.setTimeout(ask, wasAway ? EVERY_MS_AWAY : EVERY_MS);
    };
    void ask();
    return () => clearTimeout(timer);
  }, [unanswered.value]);
  return (
    <div role="status">
      {reason && <p class="banner">{reason}</p>}
    </div>
  );
}

async function readReason(): Promise<string | null> {
  try {
    const { ready, worker, reason } = await (await fetch("/ready")).json();
    if (ready) return null;
    return worker ? `The service is not ready: ${reason}` : `No worker is running: ${reason}`;
  } catch {
    return AWAY;
  }
}
