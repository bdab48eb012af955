import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { describe, request } from "../api";
import { Drawing } from "../components/drawing";
import { Editor, heightOf } from "../components/editor";
import { ProblemBox } from "../components/problem-box";
import type { EditorHandle } from "../lazy/editor";
import type { Route } from "../router";
import { DoorCard } from "../try/door-card";
import { BELL, EXAMPLES } from "../try/examples";
import { bodyOf, change, form, NO_FORM, type Body, type Declarations, type Form } from "../try/form";
import { Outcome } from "../try/outcome";
import { Parameters } from "../try/parameters";
import { ProblemList } from "../try/problem-list";
import { useEstimate, useValidation } from "../try/questions";
import { run, start } from "../try/run";
import { SameIn } from "../try/same-in";
import { Prediction, Settings } from "../try/settings";
import { formOf } from "../try/task-form";
import type { Validation } from "../types";

if (!form.value.circuit.trim()) change({ ...NO_FORM, ...EXAMPLES[0]!.form, circuit: BELL });

const FEWEST_LINES = 11;
const NO_DECLARATIONS: Declarations = { inputs: [], qubits: 0 };

/** An editor for a program, which runs on the service. */
export function TryPage({ route }: { route: Route }) {
  const editor = useRef<EditorHandle>(null);
  const { circuit, wantsCounts } = form.value;
  const validation = useValidation(circuit, wantsCounts);
  const known = useLast(validation.data) ?? NO_DECLARATIONS;
  const [body, mistake] = attempt(() => bodyOf(form.value, known));
  const isValid = validation.data?.valid === true && !validation.isOld;
  const drawn = useLast(isValid && known.qubits ? circuit : null);
  const estimate = useEstimate(isValid && body ? questionOf(body) : null);
  const opened = useTask(route.query.get("task"), editor);
  useEffect(() => editor.current?.setProblems(validation.data?.problems ?? []), [validation.data]);
  const submit = useCallback(async () => {
    // The inputs of the text as it is now, which the last check may not have seen.
    const fresh = await request<Validation>("/validate", { body: { circuit: form.value.circuit } }).catch(() => null);
    const [now] = attempt(() => bodyOf(form.value, fresh ?? NO_DECLARATIONS));
    if (now) await start(now);
  }, []);
  const isRunning = run.value.phase === "sending" || run.value.phase === "waiting";
  return (
    <section class="page try">
      <h1 class="hidden">Run a program</h1>
      <div class="column">
        <div class="card program">
          <div class="card-head">
            <h2>Program</h2>
            <ExampleSelect onSelect={(chosen) => load(chosen, editor.current)} />
          </div>
          <div style={{ height: `${heightOf(circuit, FEWEST_LINES)}px` }}>
            <Editor
              handle={editor}
              text={circuit}
              label="Program in OpenQASM"
              onChange={(text) => change({ circuit: text })}
              onRun={submit}
            />
          </div>
          <ProblemList
            answer={validation}
            onSelect={({ line, column }) => editor.current?.moveTo(line ?? 1, column ?? 1)}
          />
          {drawn && (
            <div class={drawn === circuit ? undefined : "is-old"}>
              <Drawing circuit={drawn} onLine={(line) => editor.current?.markLine(line)} />
            </div>
          )}
        </div>
        {body && (
          <section class="card same-in" aria-label="The same in other ways">
            <h2>This task as code</h2>
            <SameIn body={body} />
          </section>
        )}
        <DoorCard />
      </div>
      <div class="column">
        <form
          class="card"
          aria-label="Run"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <ProblemBox error={opened.error} />
          {opened.missing.length > 0 && (
            <p class="notice">
              This form has no field for {opened.missing.join(", ")} of the task: a run leaves {opened.missing.length > 1 ? "these" : "it"} out.
              <em> Run again</em> on the task's page has all of its options.
            </p>
          )}
          <Settings qubits={known.qubits} />
          <Parameters inputs={known.inputs} />
          {mistake && <p class="refusal">{mistake}</p>}
          <div class="run-line">
            <button class="primary" disabled={isRunning || !body}>
              {isRunning ? "Running…" : "Run"}
            </button>
            {validation.data?.valid && body && (
                <Prediction validation={validation.data} estimate={isEstimated(body) ? estimate : null} />
              )}
          </div>
        </form>
        <section class="card" aria-label="Result">
          <h2>Result</h2>
          <Outcome />
        </section>
      </div>
    </section>
  );
}

/** Return the last value that was not null. */
function useLast<T>(value: T | null): T | null {
  const last = useRef(value);
  if (value) last.current = value;
  return last.current;
}

function attempt<T>(action: () => T): [T, null] | [null, string] {
  try {
    return [action(), null];
  } catch (error) {
    return [null, describe(error)];
  }
}

/** Return the question of `POST /estimate`, which knows ideal runs; null for others. */
function questionOf(body: Body): object | null {
  const { circuit, parameters, shots, engine } = body;
  return isEstimated(body) ? { circuit, parameters, shots, engine } : null;
}

function isEstimated({ noise, backend }: Body): boolean {
  return !noise && !backend;
}

function load(fields: Partial<Form>, editor: EditorHandle | null): void {
  change({ ...NO_FORM, ...fields });
  editor?.setText(form.value.circuit);
}

function ExampleSelect({ onSelect }: { onSelect: (form: Partial<Form>) => void }) {
  return (
    <label class="inline">
      <span class="hidden">Example</span>
      <select
        value=""
        onChange={(event) => {
          const example = EXAMPLES[Number(event.currentTarget.value)];
          event.currentTarget.value = "";
          if (example) onSelect(example.form);
        }}
      >
        <option value="" disabled>
          Open an example
        </option>
        {EXAMPLES.map(({ title }, index) => (
          <option key={title} value={index}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

interface Opened {
  error: unknown;
  missing: string[];
}

/** Open the request of a task that the address names: `#/?task=ID`. */
function useTask(id: string | null, editor: { current: EditorHandle | null }): Opened {
  const [opened, setOpened] = useState<Opened>({ error: null, missing: [] });
  useEffect(() => {
    if (!id) return;
    request<Body>(`/tasks/${encodeURIComponent(id)}/request`).then(
      (body) => {
        const { form, missing } = formOf(body);
        load(form, editor.current);
        setOpened({ error: null, missing });
      },
      (error) => setOpened({ error, missing: [] }),
    );
  }, [id]);
  return opened;
}
