import { Fact } from "../components/fact";
import { ProblemBox } from "../components/problem-box";
import { Table } from "../components/table";
import { formatNumber } from "../format";
import { useResource } from "../resource";
import { href, type Route } from "../router";
import { CouplingMap } from "../service/coupling-map";
import { formatError } from "../service/devices";
import type { Device } from "../service/types";

/** A device: its coupling map, and the errors and times of its qubits and gates. */
export function DevicePage({ route }: { route: Route }) {
  const { data: device, error } = useResource<Device>(`/backends/${encodeURIComponent(route.parts[2]!)}`);
  return (
    <section class="page">
      <p>
        <a href={href(["service"])}>Service</a> / Devices
      </p>
      <h1>{route.parts[2]}</h1>
      <ProblemBox error={error} />
      {device && <Details device={device} />}
    </section>
  );
}

function Details({ device }: { device: Device }) {
  return (
    <>
      <p>
        {device.description}. Use it with <code>"backend": "{device.name}"</code>.
      </p>
      <dl class="facts">
        <Fact title="Qubits">{device.qubits}</Fact>
        <Fact title="Gates">{device.basis_gates.join(", ")}</Fact>
        {device.calibrated && <Fact title="Calibrated">{device.calibrated}</Fact>}
      </dl>
      {device.coupling_map ? (
        <CouplingMap device={device} />
      ) : (
        <p class="muted">A gate can act on any pair of qubits.</p>
      )}
      <div class="pair wide">
        {!!device.qubits_properties.length && <Qubits device={device} />}
        {!!device.gates.length && <Gates device={device} />}
      </div>
    </>
  );
}

function Qubits({ device }: { device: Device }) {
  const rows = device.qubits_properties.map((qubit, number) => ({ ...qubit, number }));
  const oneQubit = new Map<number, number>();
  for (const { qubits, error } of device.gates) {
    if (qubits.length === 1 && error) oneQubit.set(qubits[0]!, Math.max(error, oneQubit.get(qubits[0]!) ?? 0));
  }
  return (
    <section class="part" aria-label="Qubits">
      <h2>Qubits</h2>
      <Table
        caption="Qubits"
        isLong
        rows={rows}
        rowKey={(row) => row.number}
        columns={[
          { title: "Qubit", cell: (row) => row.number, isNumber: true },
          { title: "T1 in µs", cell: (row) => show(row.t1_us), isNumber: true },
          { title: "T2 in µs", cell: (row) => show(row.t2_us), isNumber: true },
          { title: "GHz", cell: (row) => show(row.frequency_ghz), isNumber: true },
          { title: "Readout error", cell: (row) => formatError(row.readout_error), isNumber: true },
          { title: "Readout in ns", cell: (row) => show(row.readout_ns), isNumber: true },
          { title: "Gate error", cell: (row) => formatError(oneQubit.get(row.number)), isNumber: true },
        ]}
      />
    </section>
  );
}

function Gates({ device }: { device: Device }) {
  const gates = device.gates.filter(({ qubits }) => qubits.length > 1);
  if (!gates.length) return null;
  return (
    <section class="part" aria-label="Gates">
      <h2>Gates on several qubits</h2>
      <Table
        caption="Gates on several qubits"
        isLong
        rows={gates}
        rowKey={(gate) => `${gate.name} ${gate.qubits.join()}`}
        columns={[
          { title: "Gate", cell: (gate) => gate.name },
          { title: "Qubits", cell: (gate) => gate.qubits.join(", ") },
          { title: "Error", cell: (gate) => formatError(gate.error), isNumber: true },
          { title: "Duration in ns", cell: (gate) => show(gate.duration_ns), isNumber: true },
        ]}
      />
    </section>
  );
}

function show(value: number | null): string {
  return value === null ? "" : formatNumber(value, 4);
}
