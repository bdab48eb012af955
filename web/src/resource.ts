// Data of the service in a component.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { Problem, request } from "./api";

/** How often the service has come back after it did not answer: then all data are read again. */
export const comebacks = signal(0);

/** Number of resources without their first answer: the page is busy until it is 0. */
export const loading = signal(0);

/** Return true if the service does not answer: a banner says that, and data of before stay. */
function isAway(error: unknown): boolean {
  return error instanceof Problem && error.status === 0;
}

export interface Resource<T> {
  data: T | null;
  error: unknown;
  /** Ask again; the data of before stays until the answer is there. */
  reload: () => void;
}

/** Return the answer to `GET path`; null asks nothing. An answer to an earlier path is dropped. */
export function useResource<T>(path: string | null, everyMs = 0): Resource<T> {
  const [state, setState] = useState<{ data: T | null; error: unknown }>({ data: null, error: null });
  const abort = useRef<AbortController | null>(null);
  const load = useCallback(async () => {
    abort.current?.abort();
    if (!path) return;
    const { signal } = (abort.current = new AbortController());
    try {
      const data = await request<T>(path, { signal });
      if (!signal.aborted) setState({ data, error: null });
    } catch (error) {
      if (!signal.aborted) setState((before) => ({ data: before.data, error: before.data && isAway(error) ? null : error }));
    }
  }, [path]);
  const comeback = comebacks.value;
  useEffect(() => {
    loading.value++;
    void load().finally(() => loading.value--);
    const timer = everyMs ? setInterval(() => !document.hidden && load(), everyMs) : 0;
    return () => {
      clearInterval(timer);
      abort.current?.abort();
    };
  }, [load, everyMs, comeback]);
  return { ...state, reload: load };
}
