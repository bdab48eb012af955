import { Table } from "../components/table";
import { formatTime } from "../format";
import type { Task } from "../types";

const MOVES: Record<string, string> = {
  submit: "submitted",
  claim: "claimed by a worker",
  complete: "completed",
  fail: "failed",
  cancel: "cancelled",
  release: "given back to the queue",
  abandon: "given up: its worker was lost",
};

/** Each move of a task: when, in which attempt, on which worker. */
export function History({ task }: { task: Task }) {
  return (
    <Table
      caption="History"
      rows={task.history.map((change, index) => ({ ...change, index }))}
      rowKey={(change) => change.index}
      columns={[
        { title: "Time", cell: (change) => <Time at={change.at} /> },
        { title: "Move", cell: (change) => MOVES[change.move] ?? change.move },
        { title: "Attempt", isNumber: true, cell: (change) => change.attempt || "" },
        { title: "Worker", isWideOnly: true, class: "mono", cell: (change) => change.worker?.slice(0, 8) ?? "" },
      ]}
    />
  );
}

const TIME = { hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 } as const;

/** The time of day with its milliseconds; the date is in the title. */
function Time({ at }: { at: string }) {
  const time = new Date(at).toLocaleTimeString("en-GB", TIME);
  return (
    <time dateTime={at} title={formatTime(at)}>
      {time}
    </time>
  );
}
