// The request of an earlier task as the form of the page Try.
import { NO_FORM, type Body, type Form, type Rates } from "./form";
import type { Observable } from "./observables";

/** Fields that change no result: the form needs none for them. */
const LABELS = ["name", "tags", "owner", "priority", "metadata", "timeout_s"];
const SHOWN_OUTPUTS = ["counts", "statevector", "expectation_values"];

export interface TaskForm {
  form: Partial<Form>;
  /** The fields of the request that the form does not have. */
  missing: string[];
}

/** Return the form of a request, as far as it has its fields. */
export function formOf(request: Body): TaskForm {
  const { circuit, shots, parameters, engine, backend, noise, observables, return: returns, ...rest } = request;
  const outputs = (returns ?? (observables ? ["expectation_values"] : ["counts"])) as string[];
  const rates = noise === undefined ? null : ratesOf(noise);
  const words = observables === undefined ? "" : textOf(observables);
  const missing = Object.keys(rest).filter((name) => !LABELS.includes(name));
  if (noise !== undefined && !rates) missing.push("noise");
  if (words === null) missing.push("observables");
  missing.push(...outputs.filter((kind) => !SHOWN_OUTPUTS.includes(kind)).map((kind) => `return ${kind}`));
  return {
    form: {
      circuit,
      shots: (shots ?? NO_FORM.shots) as number,
      parameters: (parameters ?? {}) as Form["parameters"],
      engine: (engine ?? NO_FORM.engine) as string,
      target: rates ? "noise" : ((backend as string | undefined) ?? NO_FORM.target),
      ...(rates && { rates }),
      wantsCounts: outputs.includes("counts"),
      wantsState: outputs.includes("statevector"),
      observables: words ?? "",
    },
    missing,
  };
}

/** Return the rates of noise, if the form can show all of it. */
function ratesOf(noise: unknown): Rates | null {
  const { depolarizing, readout, ...rest } = noise as Record<string, Record<string, number> | undefined>;
  if (Object.values(rest).some((value) => value !== null && value !== undefined)) return null;
  const [zero = 0, one = 0] = [readout?.zero_as_one, readout?.one_as_zero];
  if (zero !== one) return null;
  return { one_qubit: depolarizing?.one_qubit ?? 0, two_qubit: depolarizing?.two_qubit ?? 0, readout: zero };
}

/** Return a list of observables as the form writes them; null for nested lists. */
function textOf(observables: unknown): string | null {
  const list = Array.isArray(observables) ? observables : [observables];
  const texts = list.map((each) => (typeof each === "string" ? each : termsOf(each)));
  return texts.includes(null) ? null : texts.join(", ");
}

function termsOf(observable: unknown): string | null {
  const terms = observable as Exclude<Observable, string>;
  const isFlat = Array.isArray(terms) && terms.every((term) => Array.isArray(term) && typeof term[1] === "number");
  if (!isFlat) return null;
  return terms.map(([word, factor]) => `${factor < 0 ? "-" : "+"} ${Math.abs(factor)} ${word}`).join(" ").replace(/^\+ /, "");
}
