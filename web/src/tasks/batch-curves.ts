// The results of a batch as curves over the parameter that differs, or over the items.
import type { Series } from "../components/curve";
import type { Curves } from "./sweep";
import { sharesOf } from "./sweep";
import type { Ended } from "./types";

/** Return the curves of the tasks with results; null for fewer than two of them. */
export function batchCurves(ended: Map<number, Ended>): Curves | null {
  const tasks = [...ended.values()].filter((task) => task.values ?? task.counts);
  if (tasks.length < 2) return null;
  const name = variableOf(tasks);
  const at = (task: Ended) => (name === null ? task.item : (task.parameters![name] as number));
  tasks.sort((a, b) => at(a) - at(b));
  const axis = { x: tasks.map(at), xLabel: name ?? "Item" };
  if (tasks.some((task) => task.values)) return { ...axis, yLabel: "Expectation value", series: valuesOf(tasks) };
  return { ...axis, yLabel: "Share of the shots", series: sharesOf(tasks.map((task) => task.counts)) };
}

function valuesOf(tasks: Ended[]): Series[] {
  const count = Math.max(...tasks.map((task) => task.values?.length ?? 0));
  return Array.from({ length: count }, (_, index) => ({
    label: count === 1 ? "Value" : `Value ${index + 1}`,
    values: tasks.map((task) => task.values?.[index] ?? null),
  }));
}

/** Return the first parameter that is a number in each task, and not always the same one. */
function variableOf(tasks: Ended[]): string | null {
  const names = Object.keys(tasks[0]!.parameters ?? {});
  const differs = (name: string) => {
    const values = tasks.map((task) => task.parameters?.[name]);
    return values.every((value) => typeof value === "number") && new Set(values).size > 1;
  };
  return names.find(differs) ?? null;
}
