// The client of the service: JSON in, JSON out, errors as problem documents.
import { signal } from "@preact/signals";
import type { CircuitProblem } from "./types";

/** True after a request that needs a login: the app then shows the page `login`. */
export const loginNeeded = signal(false);

/** How many requests had no answer at all: the app then asks whether the service is there. */
export const unanswered = signal(0);

/** An answer that is an error, or no answer at all (status 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    detail: string,
    readonly errors: CircuitProblem[] = [],
    readonly retryAfterS: number | null = null,
  ) {
    super(detail);
  }
}

// A request that changes something needs it: a page of another origin cannot send it (docs/security.md).
const PAGE_HEADER = { "X-Requested-With": "QuantumTask" };

interface Options {
  method?: string;
  body?: unknown;
  /** The body as JSON text, which is sent as it is: numbers keep all of their digits. */
  text?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

/** Send a request and return the response; throw a Problem unless it succeeded. */
export async function send(path: string, options: Options = {}): Promise<Response> {
  const { signal, text = encode(options.body), method = text === undefined ? "GET" : "POST" } = options;
  const headers: Record<string, string> = { ...PAGE_HEADER, ...options.headers };
  if (text !== undefined) headers["Content-Type"] = "application/json";
  let response: Response;
  try {
    response = await fetch(path, { method, headers, signal, body: text });
  } catch (error) {
    if (signal?.aborted) throw error;
    unanswered.value++;
    throw new Problem(0, "no_answer", "the service does not answer: it may be restarting");
  }
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (problem.status === 401) loginNeeded.value = true;
  throw problem;
}

function encode(body: unknown): string | undefined {
  return body === undefined ? undefined : JSON.stringify(body);
}

async function readProblem(response: Response): Promise<Problem> {
  const retry = Number(response.headers.get("Retry-After")) || null;
  try {
    const { code, detail, errors } = await response.json();
    return new Problem(response.status, code, detail, errors ?? [], retry);
  } catch {
    return new Problem(response.status, "unknown", `status ${response.status}`, [], retry);
  }
}

const LARGE_SEED = /(?<!\\)"seed":\s*(\d{16,})/g;

/** Send a request and return the JSON of its answer. A seed can be too large for a number: it is a text then. */
export async function request<T>(path: string, options: Options = {}): Promise<T> {
  const text = await (await send(path, options)).text();
  return JSON.parse(text.replace(LARGE_SEED, '"seed":"$1"')) as T;
}

/** Return the sentence that describes an error. */
export function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
