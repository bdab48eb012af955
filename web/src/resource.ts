// Data of the service in a component.
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { signal } from "@preact/signals";
import { request } from "./api";

/** Number of resources without their first answer: the page is busy until it is 0. */
export const loading = signal(0);

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
      if (!signal.aborted) setState((before) => ({ data: before.data, error }));
    }
  }, [path]);
  useEffect(() => {
    loading.value++;
    void load().finally(() => loading.value--);
    const timer = everyMs ? setInterval(() => !document.hidden && load(), everyMs) : 0;
    return () => {
      clearInterval(timer);
      abort.current?.abort();
    };
  }, [load, everyMs]);
  return { ...state, reload: load };
}
