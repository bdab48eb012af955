import { formatDuration } from "../format";
import type { Progress } from "../types";

/** The part of a running task that is done, and the time that is left. */
export function TaskProgress({ progress }: { progress: Progress }) {
  const { fraction, remaining_s: seconds } = progress;
  const percent = fraction === null ? "" : `${Math.floor(100 * fraction)} %`;
  const left = seconds === null ? "" : `about ${formatDuration(Math.max(1, Math.round(seconds)))} left`;
  return (
    <span class="task-progress">
      {fraction !== null && <progress value={fraction} max={1} aria-label="Work that is done" />}
      <span class="muted">
        {[percent, left].filter(Boolean).join(", ")}
        {fraction === null && " by the estimate"}
      </span>
    </span>
  );
}
