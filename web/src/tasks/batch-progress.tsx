import { formatCount } from "../format";
import type { State } from "../types";
import type { Batch } from "./types";

const ORDER: State[] = ["completed", "failed", "cancelled", "running", "submitted"];

/** How many tasks of a batch have ended, as a bar with a part for each state. */
export function BatchProgress({ batch }: { batch: Batch }) {
  const { states, size } = batch;
  const ended = states.completed + states.failed + states.cancelled;
  const parts = ORDER.filter((state) => states[state] > 0);
  return (
    <div class="progress">
      <div
        class="progress-bar"
        role="progressbar"
        aria-label="Ended tasks"
        aria-valuemin={0}
        aria-valuemax={size}
        aria-valuenow={ended}
      >
        {parts.map((state) => (
          <div key={state} data-state={state} style={{ width: `${(100 * states[state]) / size}%` }} />
        ))}
      </div>
      <p class="muted">
        {formatCount(ended)} of {formatCount(size)} ended: {parts.map((state) => `${formatCount(states[state])} ${state}`).join(", ")}
      </p>
    </div>
  );
}
