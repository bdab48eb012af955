import { useEffect, useState } from "preact/hooks";

const EVERY_MS = 5000;

/** The reason why the service runs nothing; nothing while it does. */
export function ReadinessBanner() {
  const [reason, setReason] = useState<string | null>(null);
  useEffect(() => {
    const ask = () => !document.hidden && void readReason().then(setReason);
    ask();
    const timer = setInterval(ask, EVERY_MS);
    return () => clearInterval(timer);
  }, []);
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
    return "The service does not answer: it may be restarting.";
  }
}
