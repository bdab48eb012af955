// The answers about the service, as /openapi.json describes them.
export interface RunningTask {
  task_id: string;
  name: string | null;
  project: string;
  owner: string | null;
  engine: string;
  shots: number;
  started_at: string;
}

export interface LiveWorker {
  worker_id: string;
  slots: number;
  heartbeat_age_s: number;
  running: number;
  tasks: RunningTask[];
}

export interface Minute {
  at: string;
  completed: number;
  failed: number;
  cancelled: number;
  mean_waiting_s: number | null;
  longest_waiting_s: number | null;
}

export type Limits = Record<string, number | null>;

export interface ServiceState {
  version: string;
  now: string;
  queue: { waiting: number; running: number; oldest_submitted_at: string | null };
  workers: LiveWorker[];
  minutes: Minute[];
  limits: { service: Limits; project: Limits; user: Limits };
  doors: string[];
}

export interface Backend {
  name: string;
  description: string;
  qubits: number;
  noisy: boolean;
  basis_gates: string[];
  calibrated: string | null;
  median_errors: { one_qubit: number | null; two_qubit: number | null; readout: number | null } | null;
}

export interface Gate {
  name: string;
  qubits: number[];
  error: number | null;
  duration_ns: number | null;
}

export interface Qubit {
  t1_us: number | null;
  t2_us: number | null;
  frequency_ghz: number | null;
  readout_error: number | null;
  readout_ns: number | null;
}

export interface Device extends Backend {
  coupling_map: [number, number][] | null;
  gates: Gate[];
  qubits_properties: Qubit[];
}

export interface DayUsage {
  day: string;
  project: string;
  tasks: number;
  shots: number;
  processor_seconds: number;
  result_bytes: number;
}

export interface Token {
  prefix: string;
  name: string;
  project: string;
  role: string;
  created_at: string;
  expires_at: string | null;
  revoked_at: string | null;
  valid: boolean;
}
