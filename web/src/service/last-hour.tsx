import { Curve } from "../components/curve";
import { formatCount, formatDuration } from "../format";
import type { Minute } from "./types";

/** Throughput and waiting time of the last hour. */
export function LastHour({ minutes }: { minutes: Minute[] }) {
  const x = minutes.map((minute) => Date.parse(minute.at) / 1000);
  const ended = minutes.reduce((sum, each) => sum + each.completed + each.failed + each.cancelled, 0);
  const waits = minutes.map((minute) => minute.longest_waiting_s ?? 0);
  const longest = Math.max(0, ...waits);
  if (!ended) return <p class="empty card">No task has ended in the last hour.</p>;
  return (
    <div class="charts">
      <div class="card">
        <h3>
          Tasks per minute <span class="muted">{formatCount(ended)} in total</span>
        </h3>
        <Curve
          x={x}
          isTime
          isFromZero
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
      <div class="card">
        <h3>
          Waiting time in seconds <span class="muted">{formatDuration(longest)} at most</span>
        </h3>
        <Curve
          x={x}
          isTime
          isFromZero
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
