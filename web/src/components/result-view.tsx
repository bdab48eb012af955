import type { ComponentChildren } from "preact";
import { formatDuration, formatNumber } from "../format";
import type { Complex } from "../quantum";
import { href } from "../router";
import type { Task } from "../types";
import { Histogram } from "./bars";
import { Fact } from "./fact";
import { StateView } from "./state-view";
import { Table } from "./table";

/** The result of a task that is no sweep: counts, values, state, outputs. */
export function ResultView({ task }: { task: Task }) {
  const data = task.data ?? {};
  const state = data.statevector as Complex[] | undefined;
  const isEmpty = task.result && !Object.keys(task.result).length;
  return (
    <div class="stack">
      {task.result && !isEmpty && (
        <Part title="Counts">
          <Histogram counts={task.result} />
        </Part>
      )}
      {Array.isArray(data.expectation_values) && (
        <Part title="Expectation values">
          <Values task={task} values={data.expectation_values} />
        </Part>
      )}
      {state && (
        <Part title="State before the measurement">
          <StateView state={state} />
        </Part>
      )}
      {warningsOf(task).map((warning) => (
        <p key={warning} class="notice">
          {warning}
        </p>
      ))}
    </div>
  );
}

/** Return the warnings about what is shown. */
function warningsOf({ warnings, options }: Task): string[] {
  const asksForCounts = (options?.return as string[] | undefined)?.includes("counts") ?? !options?.observables;
  return (warnings ?? []).filter((text) => asksForCounts || !text.startsWith("nothing is measured"));
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section class="part">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Values({ task, values }: { task: Task; values: number[] }) {
  const errors = (task.data?.standard_errors ?? []) as number[];
  const names = ((task.options?.observables ?? []) as unknown[]).map(observableName);
  return (
    <Table
      caption="Expectation values"
      rows={values.map((value, index) => ({ value, index }))}
      rowKey={(row) => row.index}
      columns={[
        { title: "Observable", class: "mono wrap", cell: ({ index }) => names[index] ?? String(index) },
        { title: "Value", isNumber: true, cell: ({ value }) => formatValue(value) },
        {
          title: "Standard error",
          isNumber: true,
          cell: ({ index }) => (errors[index] ? formatNumber(errors[index], 2) : "exact"),
        },
      ]}
    />
  );
}

function formatValue(value: number): string {
  return (Math.round(value * 1e9) / 1e9).toFixed(6).replace(/^-0\.0+$/, "0.000000").replace("-", "−");
}

/** Return an observable of a request as text. */
export function observableName(observable: unknown): string {
  if (!Array.isArray(observable)) return String(observable);
  const terms = observable.map(([word, factor]) => `${factor < 0 ? "− " : "+ "}${Math.abs(factor)} ${word}`);
  return terms.join(" ").replace(/^\+ /, "").replace(/^− /, "−");
}

/** Engine, times and the link to the task, in one line. */
export function RunFacts({ task }: { task: Task }) {
  return (
    <>
      <dl class="facts">
        {task.engine && <Fact title="Engine">{[task.engine, task.method].filter(Boolean).join(" · ")}</Fact>}
        <Fact title="Waited">{duration(task.waiting_ms)}</Fact>
        <Fact title="Ran">{duration(task.running_ms)}</Fact>
        <Fact title="Task">
          <a href={href(["tasks", task.task_id])}>{task.task_id.slice(0, 8)}…</a>
        </Fact>
      </dl>
      {task.reason && <p class="muted">Why this engine: {task.reason}.</p>}
    </>
  );
}

function duration(milliseconds: number | null): string {
  return milliseconds === null ? "—" : formatDuration(milliseconds / 1000);
}
