import type { State } from "../types";

/** The state of a task: its word, with a colour and a dot. */
export function StateBadge({ state }: { state: State }) {
  return (
    <span class="badge" data-state={state}>
      {state}
    </span>
  );
}
