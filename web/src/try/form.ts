// The form of the page Try, and the request that it stands for.
import { signal } from "@preact/signals";
import type { Validation, Variable } from "../types";
import { parseObservables } from "./observables";

export type ParameterValue = number | boolean | string | unknown[];

/** Where the circuit runs: "ideal", "noise", or the name of a backend. */
export type Target = string;

export interface Rates {
  one_qubit: number;
  two_qubit: number;
  readout: number;
}

export interface Form {
  circuit: string;
  shots: number;
  target: Target;
  engine: string;
  rates: Rates;
  wantsCounts: boolean;
  wantsState: boolean;
  /** Observables as text: "ZZ, 0.5 XI + 0.5 IX". */
  observables: string;
  parameters: Record<string, ParameterValue>;
}

export const NO_FORM: Form = {
  circuit: "",
  shots: 1024,
  target: "ideal",
  engine: "auto",
  rates: { one_qubit: 0.001, two_qubit: 0.01, readout: 0.02 },
  wantsCounts: true,
  wantsState: false,
  observables: "",
  parameters: {},
};

const KEY = "quantumtask.try";

/** The form, which this browser keeps until the next visit. */
export const form = signal<Form>(readForm());

function readForm(): Form {
  try {
    return { ...NO_FORM, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return NO_FORM;
  }
}

/** Change some fields of the form. */
export function change(fields: Partial<Form>): void {
  form.value = { ...form.value, ...fields };
  try {
    localStorage.setItem(KEY, JSON.stringify(form.value));
  } catch {
    // The program is larger than the storage of the browser: it is not kept.
  }
}

export type Body = Record<string, unknown> & { circuit: string };

/** What the form needs to know about its program. */
export type Declarations = Pick<Validation, "inputs" | "qubits">;

/** The largest program whose state vector the form asks for: its 4,096 amplitudes take 160 kB. */
export const MOST_STATE_QUBITS = 12;

/** Return whether a run of a program returns its state vector. */
export function returnsState(form: Form, qubits: number): boolean {
  return form.wantsState && form.target === "ideal" && qubits <= MOST_STATE_QUBITS;
}

/** Return the body of `POST /tasks`. Throw an Error that names the wrong field. */
export function bodyOf(form: Form, { inputs, qubits }: Declarations): Body {
  const observables = parseObservables(form.observables);
  const outputs = [
    form.wantsCounts && "counts",
    returnsState(form, qubits) && "statevector",
    observables.length && "expectation_values",
  ].filter(Boolean);
  const parameters = parametersOf(form, inputs);
  const { one_qubit, two_qubit, readout } = form.rates;
  return {
    circuit: form.circuit,
    ...(form.wantsCounts && { shots: form.shots }),
    ...(Object.keys(parameters).length && { parameters }),
    ...(form.engine !== "auto" && { engine: form.engine }),
    ...(form.target === "noise" && {
      noise: {
        depolarizing: { one_qubit, two_qubit },
        readout: { zero_as_one: readout, one_as_zero: readout },
      },
    }),
    ...(form.target !== "noise" && form.target !== "ideal" && { backend: form.target }),
    ...(observables.length && { observables }),
    ...(String(outputs) !== "counts" && outputs.length && { return: outputs }),
  };
}

/** Return the values of the inputs of a program. */
export function parametersOf(form: Form, inputs: Variable[]): Record<string, ParameterValue> {
  return Object.fromEntries(
    inputs.map(({ name, type }) => [name, form.parameters[name] ?? defaultOf(type)]),
  );
}

/** Return the value that an input has before the reader changes it. */
export function defaultOf(type: string): ParameterValue {
  if (/^(float|angle|int|uint)\b/.test(type)) return 0;
  if (type === "bool") return false;
  if (type === "bit") return "0";
  const bits = type.match(/^bit\[(\d+)\]$/);
  return bits ? "0".repeat(Number(bits[1])) : [];
}
