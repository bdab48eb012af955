// What the service says about the program while one types: problems, inputs, the estimate.
import { useEffect, useMemo, useState } from "preact/hooks";
import { request } from "../api";
import { comebacks } from "../resource";
import type { Estimate, Validation } from "../types";

const PAUSE_MS = 250;
const PAUSE_MS_PER_CHARACTER = 0.005;

export interface Answer<T> {
  data: T | null;
  error: unknown;
  /** True while the answer belongs to an earlier question. */
  isOld: boolean;
}

interface Kept<T> {
  question: string | null;
  data: T | null;
  error: unknown;
}

/** Ask after a pause in typing. A new question withdraws the one before, so no old answer shows. */
function useQuestion<T>(path: string, body: object | null): Answer<T> {
  const [kept, setKept] = useState<Kept<T>>({ question: null, data: null, error: null });
  const question = body && JSON.stringify(body);
  const comeback = comebacks.value;
  useEffect(() => {
    const abort = new AbortController();
    const ask = async () => {
      try {
        const data = await request<T>(path, { body: JSON.parse(question!), signal: abort.signal });
        if (!abort.signal.aborted) setKept({ question, data, error: null });
      } catch (error) {
        if (!abort.signal.aborted) setKept({ question, data: null, error });
      }
    };
    const timer = question ? setTimeout(ask, PAUSE_MS + PAUSE_MS_PER_CHARACTER * question.length) : 0;
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [path, question, comeback]);
  return { data: kept.data, error: kept.error, isOld: kept.question !== question };
}

/** Return the problems and the declarations of a program. Only counts need a measurement. */
export function useValidation(circuit: string, wantsCounts: boolean): Answer<Validation> {
  const answer = useQuestion<Validation>("/validate", circuit.trim() ? { circuit } : null);
  return useMemo(() => {
    const { data } = answer;
    if (!data || wantsCounts) return answer;
    const problems = data.problems.filter(({ code }) => code !== "nothing_measured");
    return { ...answer, data: { ...data, problems } };
  }, [answer.data, answer.error, answer.isOld, wantsCounts]);
}

/** Return the engine and the time that a task would take; null asks nothing. */
export function useEstimate(body: object | null): Answer<Estimate> {
  return useQuestion("/estimate", body);
}
