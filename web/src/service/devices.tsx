import { ProblemBox } from "../components/problem-box";
import { Table } from "../components/table";
import { useResource } from "../resource";
import { href } from "../router";
import type { Backend } from "./types";

/** The devices, each with a link to its page. */
export function Devices() {
  const { data, error } = useResource<{ backends: Backend[] }>("/backends");
  return (
    <>
      <ProblemBox error={error} />
      {data?.backends.length === 1 && (
        <p class="notice">
          For 66 devices with their noise: <code>pip install '.[backends]'</code> where the worker runs, then start the service again.
        </p>
      )}
      {data && (
        <Table
          caption="Devices"
          isLong
          rows={data.backends}
          rowKey={(backend) => backend.name}
          columns={[
            { title: "Name", cell: (backend) => <a href={href(["service", "devices", backend.name])}>{backend.name}</a> },
            { title: "Description", isWideOnly: true, cell: (backend) => backend.description },
            { title: "Qubits", cell: (backend) => backend.qubits, isNumber: true },
            { title: "Two-qubit error", cell: (backend) => formatError(backend.median_errors?.two_qubit), isNumber: true },
            { title: "Readout error", isWideOnly: true, cell: (backend) => formatError(backend.median_errors?.readout), isNumber: true },
            { title: "Calibrated", isWideOnly: true, class: "date", cell: (backend) => backend.calibrated ?? "" },
          ]}
        />
      )}
    </>
  );
}

/** Return an error rate as a percentage; nothing if it was not measured. */
export function formatError(error: number | null | undefined): string {
  return error === null || error === undefined ? "" : `${Number((100 * error).toPrecision(3))} %`;
}
