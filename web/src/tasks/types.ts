// Answers of the service about batches.
import type { Counts, State } from "../types";

export interface Batch {
  batch_id: string;
  status: string;
  project: string;
  name: string | null;
  tags: string[];
  size: number;
  submitted_at: string;
  finished_at: string | null;
  states: Record<State, number>;
  metadata?: Record<string, unknown> | null;
}

export interface BatchList {
  batches: Batch[];
  next_cursor: string | null;
}

/** An event of a batch: a change of one of its tasks. */
export interface BatchEvent {
  task_id: string;
  item: number;
  state: State;
  at: string;
}

/** What the page keeps of a finished task of a batch. */
export interface Ended {
  task_id: string;
  item: number;
  state: State;
  engine: string | null;
  running_ms: number | null;
  error: string | null;
  parameters: Record<string, unknown> | null;
  counts: Counts | null;
  values: number[] | null;
}
