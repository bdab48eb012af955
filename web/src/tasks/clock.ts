// The time of day, for ages and for the duration of what runs.
import { useEffect, useState } from "preact/hooks";

/** Return the milliseconds since 1970; the component is drawn again every second while `isRunning`. */
export function useNow(isRunning = true): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (!isRunning) return;
    const timer = setInterval(() => !document.hidden && setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [isRunning]);
  return now;
}
