// The answers of the service, as /openapi.json describes them.
export type State = "submitted" | "running" | "completed" | "failed" | "cancelled";

export interface CircuitProblem {
  severity: "error" | "warning";
  code: string;
  message: string;
  hint: string | null;
  line: number | null;
  column: number | null;
  end_line: number | null;
  end_column: number | null;
  token: string | null;
}

export interface Variable {
  name: string;
  type: string;
}

export interface Register {
  name: string;
  size: number;
}

export interface Validation {
  valid: boolean;
  problems: CircuitProblem[];
  inputs: Variable[];
  outputs: Variable[];
  registers: Register[];
  qubits: number;
  operations: number | null;
}

export interface Estimate {
  engine: string;
  engine_version: string;
  method: string;
  precision: string;
  reason: string;
  qubits: number;
  shots: number;
  memory_bytes: number;
  seconds: number | null;
  threads: number;
  slots: number;
}

export interface StateChange {
  move: string;
  state: State;
  at: string;
  attempt: number;
  worker: string | null;
}

/** Progress of a running task; null: not known. */
export interface Progress {
  fraction: number | null;
  remaining_s: number | null;
}

export interface TaskSummary {
  task_id: string;
  status: string;
  state: State;
  name: string | null;
  tags: string[];
  project: string;
  owner: string | null;
  priority: number;
  shots: number;
  attempt: number;
  submitted_at: string;
  started_at: string | null;
  finished_at: string | null;
  waiting_ms: number | null;
  running_ms: number | null;
  compile_ms?: number | null;
  store_ms?: number | null;
  progress?: Progress | null;
  seed?: number | string | null;
  engine?: string | null;
  engine_version?: string | null;
  method?: string | null;
  precision?: string | null;
  threads?: number | null;
  reason?: string | null;
  warnings?: string[] | null;
  shape?: number[] | null;
  registers?: Register[] | null;
  batch_id?: string | null;
  item?: number | null;
  error?: string | null;
  error_code?: string | null;
}

export type Counts = Record<string, number>;

export interface QueuePosition {
  position: number;
  at_least: boolean;
  expected_start: string | null;
}

export interface Task extends TaskSummary {
  queue?: QueuePosition | null;
  result?: Counts | null;
  memory?: string[] | null;
  outputs?: Record<string, unknown[]> | null;
  data?: Record<string, unknown> | null;
  result_bytes?: number | null;
  result_url?: string | null;
  parameters: Record<string, unknown> | null;
  options?: Record<string, unknown> | null;
  metadata?: Record<string, unknown> | null;
  errors?: CircuitProblem[] | null;
  history: StateChange[];
}

export interface TaskList {
  tasks: TaskSummary[];
  next_cursor: string | null;
}

export interface Queue {
  waiting: number;
  running: number;
  oldest_submitted_at: string | null;
  workers: number;
  slots: number;
}

export interface BackendSummary {
  name: string;
  description: string;
  qubits: number;
  noisy: boolean;
  basis_gates: string[];
}

export interface EngineSummary {
  name: string;
  version: string | null;
  installed: boolean;
  methods: { name: string; precision: string; runs: string; most_qubits: number | null }[];
}
