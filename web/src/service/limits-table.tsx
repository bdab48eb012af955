import { Table } from "../components/table";
import { formatBytes, formatCount, formatDuration } from "../format";
import type { ServiceState } from "./types";

const TITLES: Record<string, string> = {
  max_qubits: "Qubits of a circuit",
  max_shots: "Shots of a task",
  max_circuit_bytes: "Size of a circuit",
  max_operations: "Operations of a circuit",
  max_sweep: "Elements of a sweep",
  max_timeout_s: "Time limit of a task",
  max_result_bytes: "Size of a result",
  max_waiting_tasks: "Waiting tasks, in total",
  max_waiting_per_owner: "Waiting tasks of an owner",
  retention_days: "Days until a task is removed",
  max_waiting: "Waiting tasks",
  max_running: "Running tasks",
  max_slots: "Slots at once",
  max_processor_s: "Processor time in a day",
  max_requests: "Requests in a second",
};
const OF_OWNER: Record<string, string> = { max_timeout_s: "Time limit of a task", max_result_bytes: "Size of all kept results" };

interface Row {
  name: string;
  value: number | null;
  of: string;
}

/** The limits that hold for the reader: of each task, of the project, of the user. */
export function LimitsTable({ limits }: { limits: ServiceState["limits"] }) {
  const rows: Row[] = [
    ...Object.entries(limits.service).map(([name, value]) => ({ name, value, of: "everyone" })),
    ...Object.entries(limits.project).map(([name, value]) => ({ name, value, of: "your project" })),
    ...Object.entries(limits.user).map(([name, value]) => ({ name, value, of: "you" })),
  ].filter(({ value }) => value !== null);
  const isOfEveryone = rows.every(({ of }) => of === "everyone");
  return (
    <Table
      caption="Limits"
      rows={rows}
      rowKey={(row) => `${row.of} ${row.name}`}
      columns={[
        { title: "Limit", cell: (row) => (row.of === "everyone" ? TITLES : { ...TITLES, ...OF_OWNER })[row.name] ?? row.name },
        ...(isOfEveryone ? [] : [{ title: "Holds for", cell: (row: Row) => row.of }]),
        { title: "At most", cell: (row) => formatLimit(row.name, row.value!), isNumber: true },
      ]}
    />
  );
}

function formatLimit(name: string, value: number): string {
  if (name === "retention_days") return value ? formatCount(value) : "never";
  if (name.endsWith("_bytes")) return formatBytes(value);
  return name.endsWith("_s") ? formatDuration(value) : formatCount(value);
}
