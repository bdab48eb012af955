import { formatNumber } from "../format";
import { bitsOf, blochVector, probabilityOf, type Complex } from "../quantum";
import { Bars } from "./bars";
import { BlochSphere } from "./bloch-sphere";

const MOST_SPHERES = 4;
const MOST_ROWS = 32;

/** A state vector: the Bloch spheres of few qubits, and the largest amplitudes. */
export function StateView({ state }: { state: Complex[] }) {
  const qubits = Math.log2(state.length);
  const rows = state
    .map((amplitude, index) => ({ amplitude, index, probability: probabilityOf(amplitude) }))
    .sort((a, b) => b.probability - a.probability || a.index - b.index);
  const shown = rows.slice(0, MOST_ROWS);
  if (state.length <= MOST_ROWS) shown.sort((a, b) => a.index - b.index);
  return (
    <>
      {qubits >= 1 && qubits <= MOST_SPHERES && (
        <div class="spheres">
          {Array.from({ length: qubits }, (_, qubit) => (
            <BlochSphere key={qubit} title={`Qubit ${qubit}`} vector={blochVector(state, qubit)} />
          ))}
        </div>
      )}
      <Bars
        caption="Amplitudes"
        labelTitle="Basis state"
        valueTitle="Probability"
        noteTitle="Amplitude"
        bars={shown.map(({ amplitude, index, probability }) => ({
          label: bitsOf(index, qubits),
          value: probability,
          text: formatNumber(Math.round(probability * 1e6) / 1e6, 4),
          note: formatComplex(amplitude),
        }))}
      />
      {rows.length > MOST_ROWS && (
        <p class="muted">The {MOST_ROWS} largest of {rows.length.toLocaleString("en")} amplitudes.</p>
      )}
    </>
  );
}

function formatComplex([re, im]: Complex): string {
  const [a, b] = [re, im].map((part) => (Math.abs(part) < 5e-7 ? 0 : part)) as [number, number];
  if (!b) return part(a);
  if (!a) return `${part(b)} i`;
  return `${part(a)} ${b < 0 ? "−" : "+"} ${part(Math.abs(b))} i`;
}

function part(value: number): string {
  return formatNumber(value, 4).replace("-", "−");
}
