import type { Variable } from "../types";
import { change, defaultOf, form, type ParameterValue } from "./form";

const MOST_SLIDER_BITS = 10;

/** A control for each `input` of the program, by its type. */
export function Parameters({ inputs }: { inputs: Variable[] }) {
  if (!inputs.length) return null;
  return (
    <fieldset class="parameters">
      <legend>Inputs of the program</legend>
      {inputs.map((input) => (
        <Parameter key={`${input.name} ${input.type}`} input={input} />
      ))}
    </fieldset>
  );
}

function Parameter({ input: { name, type } }: { input: Variable }) {
  const value = form.value.parameters[name] ?? defaultOf(type);
  const set = (next: ParameterValue) =>
    change({ parameters: { ...form.value.parameters, [name]: next } });
  const range = rangeOf(type);
  if (range) return <Slider {...{ name, type, range, set }} value={Number(value)} />;
  if (type === "bool") {
    return (
      <label class="check">
        <input type="checkbox" checked={value === true} onChange={(event) => set(event.currentTarget.checked)} />
        <span class="mono">{name}</span>
      </label>
    );
  }
  const isText = /^bit\b/.test(type);
  return (
    <label>
      <Name {...{ name, type }} />
      <input
        class="mono"
        value={isText ? String(value) : JSON.stringify(value)}
        onChange={(event) => set(isText ? event.currentTarget.value : parse(event.currentTarget.value))}
      />
    </label>
  );
}

function parse(text: string): ParameterValue {
  try {
    return JSON.parse(text) as ParameterValue;
  } catch {
    return text; // the service says what it expects
  }
}

interface Range {
  min: number;
  max: number;
  step: number;
}

function rangeOf(type: string): Range | null {
  if (/^float\b/.test(type)) return { min: -3.14, max: 3.14, step: 0.01 };
  if (/^angle\b/.test(type)) return { min: 0, max: 6.28, step: 0.01 };
  const size = type.match(/^(u?int)(?:\[(\d+)\])?$/);
  if (!size) return null;
  const bits = Math.min(Number(size[2] ?? 8), MOST_SLIDER_BITS);
  if (size[1] === "uint") return { min: 0, max: 2 ** bits - 1, step: 1 };
  return { min: -(2 ** (bits - 1)), max: 2 ** (bits - 1) - 1, step: 1 };
}

interface SliderProps {
  name: string;
  type: string;
  value: number;
  range: Range;
  set: (value: number) => void;
}

/** A slider, and a field for values that the slider does not reach. */
function Slider({ name, type, value, range, set }: SliderProps) {
  return (
    <div class="slider">
      <Name {...{ name, type }} />
      <input
        type="range"
        aria-label={name}
        {...range}
        value={value}
        onInput={(event) => set(Number(event.currentTarget.value))}
      />
      <input
        type="number"
        aria-label={`Value of ${name}`}
        step="any"
        value={Number(value.toFixed(4))}
        onChange={(event) => set(Number(event.currentTarget.value))}
      />
    </div>
  );
}

function Name({ name, type }: { name: string; type: string }) {
  return (
    <span class="input-name">
      <span class="mono">{name}</span> <span class="muted">{type}</span>
    </span>
  );
}
