// The results of a sweep as curves: the last dimension is the axis, the others are series.
import type { Series } from "../components/curve";
import { formatNumber } from "../format";
import type { Counts, Task } from "../types";

const MOST_SERIES = 6;

export interface Curves {
  x: number[];
  xLabel: string;
  yLabel: string;
  series: Series[];
}

/** Return the curves of the result of a sweep; null if it has neither values nor counts. */
export function curvesOf(task: Task): Curves | null {
  const shape = task.shape ?? [];
  const length = shape.at(-1) ?? 0;
  if (!length) return null;
  const values = flatten(task.data?.expectation_values) as number[];
  const counts = flatten(task.result) as Counts[];
  const axis = axisOf(task, length);
  if (values.length) {
    return { ...axis, yLabel: "Expectation value", series: rows(values, length, (row) => rowLabel(task, row)) };
  }
  if (!counts.length) return null;
  const first = counts.slice(0, length);
  return { ...axis, yLabel: "Share of the shots", series: sharesOf(first) };
}

/** Return a value for each bit string that is frequent somewhere. */
export function sharesOf(counts: (Counts | null)[]): Series[] {
  const totals = counts.map((each) => Object.values(each ?? {}).reduce((sum, count) => sum + count, 0));
  const most: Record<string, number> = {};
  counts.forEach((each, index) => {
    for (const [bits, count] of Object.entries(each ?? {})) {
      most[bits] = Math.max(most[bits] ?? 0, count / totals[index]!);
    }
  });
  const bits = Object.keys(most).sort((a, b) => most[b]! - most[a]!).slice(0, MOST_SERIES).sort();
  return bits.map((label) => ({
    label: label || "(no bits)",
    values: counts.map((each, index) => (each ? (each[label] ?? 0) / (totals[index] || 1) : null)),
  }));
}

function axisOf(task: Task, length: number): { x: number[]; xLabel: string } {
  for (const [name, value] of Object.entries(task.parameters ?? {})) {
    const numbers = flatten(value);
    if (Array.isArray(value) && numbers.length === length && numbers.every((each) => typeof each === "number")) {
      return sortedAxis(numbers as number[], name, length);
    }
  }
  return { x: Array.from({ length }, (_, index) => index), xLabel: "Element" };
}

/** Return the values of a parameter, if they ascend as an axis needs. */
function sortedAxis(x: number[], name: string, length: number): { x: number[]; xLabel: string } {
  const ascends = x.every((value, index) => index === 0 || value >= x[index - 1]!);
  return ascends ? { x, xLabel: name } : { x: Array.from({ length }, (_, index) => index), xLabel: "Element" };
}

function rows(values: number[], length: number, label: (row: number) => string): Series[] {
  const count = Math.min(MOST_SERIES, Math.floor(values.length / length));
  return Array.from({ length: count }, (_, row) => ({
    label: label(row),
    values: values.slice(row * length, (row + 1) * length),
  }));
}

function rowLabel(task: Task, row: number): string {
  const observables = flatten(task.options?.observables);
  const name = observables[observables.length === 1 ? 0 : row];
  return typeof name === "string" ? name : `Row ${row + 1}`;
}

function flatten(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flat(Infinity) : value === undefined || value === null ? [] : [value];
}

/** Return a value of a curve as text. */
export function formatPoint(value: number | null | undefined): string {
  return value === null || value === undefined ? "" : formatNumber(value, 5);
}
