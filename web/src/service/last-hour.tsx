import { Curve } from "../components/curve";
import { formatCount, formatDuration } from "../format";
import type { Minute } from "./types";

/** Throughput and waiting time of the last hour. */
export function LastHour({ minutes }: { minutes: Minute[] }) {
  const x = minutes.map((minute) => Date.parse(minute.at) / 1000);
  const ended = minutes.reduce((sum, each) => sum + each.completed + each.failed + each.cancelled, 0);
  const waits = minutes.map((minute) => minute.longest_waiting_s ?? 0);
  const longest = Math.max(0, ...waits);
  return (
    <div class="charts">
      <div class="stack">
        <h3>Tasks per minute</h3>
        <p class="muted">{formatCount(ended)} tasks ended in the last hour.</p>
        <Curve
          x={x}
          isTime
          xLabel="Time"
          caption={`Tasks that ended in each minute of the last hour: ${ended} in total`}
          height={200}
          series={[
            { label: "completed", values: minutes.map((minute) => minute.completed) },
            { label: "failed", values: minutes.map((minute) => minute.failed) },
            { label: "cancelled", values: minutes.map((minute) => minute.cancelled) },
          ]}
        />
      </div>
      <div class="stack">
        <h3>Waiting time in seconds</h3>
        <p class="muted">At most {formatDuration(longest)}, of tasks that ended in the last hour.</p>
        <Curve
          x={x}
          isTime
          xLabel="Time"
          caption={`Waiting time of tasks by the minute of their end: at most ${formatDuration(longest)}`}
          height={200}
          series={[
            { label: "mean", values: minutes.map((minute) => minute.mean_waiting_s) },
            { label: "longest", values: minutes.map((minute) => minute.longest_waiting_s) },
          ]}
        />
      </div>
    </div>
  );
}
