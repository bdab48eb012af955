import { formatDuration } from "../format";
import type { Task } from "../types";
import { useNow } from "./clock";
import { spansOf } from "./timeline";

/** The time of a task as bars below each other, on one scale. */
export function Waterfall({ task }: { task: Task }) {
  const now = useNow(task.finished_at === null);
  const spans = spansOf(task, now);
  const start = Math.min(...spans.map((span) => span.from));
  const whole = Math.max(...spans.map((span) => span.to)) - start || 1;
  return (
    <table class="waterfall" aria-label="Times of the task">
      <tbody>
        {spans.map((span, index) => (
          <tr key={index}>
            <th scope="row">{span.label}</th>
            <td class="track">
              <div
                class="span"
                data-kind={span.kind}
                data-open={span.isOpen}
                style={{ left: `${Math.max(0, (100 * (span.from - start)) / whole)}%`, width: `${(100 * (span.to - span.from)) / whole}%` }}
              />
            </td>
            <td class="number">{formatDuration((span.to - span.from) / 1000)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
