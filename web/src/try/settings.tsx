import type { BackendSummary, EngineSummary, Estimate, Validation } from "../types";
import { describe } from "../api";
import { formatBytes, formatCount, formatDuration } from "../format";
import { useResource } from "../resource";
import { change, form, MOST_STATE_QUBITS, returnsState, type Rates } from "./form";
import type { Answer } from "./questions";

const MOST_SHOTS = 1_000_000;

/** How the program runs, and what it returns. */
export function Settings({ qubits }: { qubits: number }) {
  const { shots, target, wantsCounts, observables, engine } = form.value;
  const isLarge = qubits > MOST_STATE_QUBITS;
  const backends = useResource<{ backends: BackendSummary[] }>("/backends").data?.backends ?? [];
  const engines = useResource<{ engines: EngineSummary[] }>("/engines").data?.engines ?? [];
  const devices = backends.filter((backend) => backend.noisy);
  return (
    <>
      <div class="fields run-fields">
        <label>
          Run on
          <select value={target} onChange={(event) => change({ target: event.currentTarget.value })}>
            <option value="ideal">Ideal simulator</option>
            <option value="noise">Noisy simulator</option>
            {isUnlisted(target, devices) && <option value={target}>{target}</option>}
            {devices.length > 0 && (
              <optgroup label="Noise and gates of a device">
                {devices.map(({ name, qubits }) => (
                  <option key={name} value={name}>
                    {name} ({qubits} qubits)
                  </option>
                ))}
              </optgroup>
            )}
          </select>
        </label>
        <label>
          Engine
          <select value={engine} onChange={(event) => change({ engine: event.currentTarget.value })}>
            <option value="auto">auto (the fastest)</option>
            {engines.filter((each) => each.installed).map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label>
          Shots
          <input
            type="number"
            min="1"
            max={MOST_SHOTS}
            disabled={!wantsCounts}
            required
            value={shots}
            onChange={(event) => change({ shots: Number(event.currentTarget.value) })}
          />
        </label>
      </div>
      {target === "noise" && <NoiseRates rates={form.value.rates} />}
      <fieldset class="outputs">
        <legend>Return</legend>
        <label class="check">
          <input type="checkbox" checked={wantsCounts} onChange={(event) => change({ wantsCounts: event.currentTarget.checked })} />
          Counts
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={returnsState(form.value, qubits)}
            disabled={target !== "ideal" || isLarge}
            onChange={(event) => change({ wantsState: event.currentTarget.checked })}
          />
          State vector{isLarge && ` (up to ${MOST_STATE_QUBITS} qubits)`}
        </label>
        <label class="observables">
          Observables
          <input
            class="mono"
            value={observables}
            placeholder="ZZ, 0.5 XI + 0.5 IX"
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => change({ observables: event.currentTarget.value })}
          />
        </label>
      </fieldset>
    </>
  );
}

function isUnlisted(target: string, devices: BackendSummary[]): boolean {
  return target !== "ideal" && target !== "noise" && !devices.some(({ name }) => name === target);
}

const RATES: [keyof Rates, string][] = [
  ["one_qubit", "Gate on one qubit"],
  ["two_qubit", "Gate on two qubits"],
  ["readout", "Readout"],
];

function NoiseRates({ rates }: { rates: Rates }) {
  return (
    <fieldset class="fields">
      <legend>Probability of an error</legend>
      {RATES.map(([name, title]) => (
        <label key={name}>
          {title}
          <input
            type="number"
            min="0"
            max="1"
            step="any"
            value={rates[name]}
            onChange={(event) => change({ rates: { ...rates, [name]: Number(event.currentTarget.value) } })}
          />
        </label>
      ))}
    </fieldset>
  );
}

/** One line on the program, from the service: its size, and the time that it would take. */
export function Prediction({ validation, estimate }: {
  validation: Validation;
  estimate: Answer<Estimate> | null;
}) {
  const parts = [
    `${formatCount(validation.qubits)} ${validation.qubits === 1 ? "qubit" : "qubits"}`,
    validation.operations !== null && `${formatCount(validation.operations)} operations`,
  ];
  const data = estimate && !estimate.isOld ? estimate.data : null;
  if (data) {
    parts.push(`${data.engine} · ${data.method}`, formatBytes(data.memory_bytes));
    parts.push(data.seconds === null ? "time not known" : `about ${formatDuration(data.seconds)}`);
  }
  return (
    <p class="prediction" aria-live="polite">
      {parts.filter(Boolean).map((part, index) => (
        <span key={index}>{part}</span>
      ))}
      {estimate?.error && !estimate.isOld ? <span class="refusal">{describe(estimate.error)}</span> : null}
    </p>
  );
}
