// Lists that follow the service: they are read again when a task of the project has changed.
import { useEffect, useRef } from "preact/hooks";
import { useEvents } from "../events";

/** The list is read again so often even without an event: one can be lost. */
export const REFRESH_MS = 15_000;

/** Call `reload` after each change of a task of the project; in a hidden tab, when it is shown again. */
export function useProjectChanges(reload: () => void): void {
  const isStale = useRef(false);
  const latest = useRef(reload);
  latest.current = reload;
  useEvents("/events", () => {
    if (document.hidden) isStale.current = true;
    else latest.current();
  });
  useEffect(() => {
    const onShow = () => {
      if (document.hidden || !isStale.current) return;
      isStale.current = false;
      latest.current();
    };
    document.addEventListener("visibilitychange", onShow);
    return () => document.removeEventListener("visibilitychange", onShow);
  }, []);
}
