import { Fact } from "../components/fact";
import { formatBytes, formatCount, formatDuration, formatNumber } from "../format";
import { observableName } from "../components/result-view";
import { href } from "../router";
import type { Task } from "../types";

/** The engine and its reason, and what the request asked for. */
export function Facts({ task }: { task: Task }) {
  const { queue } = task;
  return (
    <section class="card" aria-label="Facts">
      <h2>Facts</h2>
      <dl class="fact-list">
        {queue && (
          <Fact title="Place in the queue">
            {formatCount(queue.position)}
            {queue.at_least && " or later"}
            {queue.expected_start && `, starts in about ${inSeconds(queue.expected_start)}`}
          </Fact>
        )}
        {task.engine && (
          <Fact title="Engine">
            {task.engine} {task.engine_version} · {task.method} · {task.precision}
            {(task.threads ?? 1) > 1 && ` · ${task.threads} threads`}
          </Fact>
        )}
        {task.reason && <Fact title="Why this engine">{task.reason}</Fact>}
        <Fact title="Shots">{formatCount(task.shots)}</Fact>
        {task.seed != null && <Fact title="Seed">{String(task.seed)}</Fact>}
        {task.shape && task.shape.length > 0 && <Fact title="Sweep">{task.shape.join(" × ")} elements</Fact>}
        {task.priority !== 0 && <Fact title="Priority">{task.priority}</Fact>}
        {task.owner && <Fact title="Owner">{task.owner}</Fact>}
        {task.project !== "default" && <Fact title="Project">{task.project}</Fact>}
        {task.result_bytes != null && <Fact title="Size of the result">{formatBytes(task.result_bytes)}</Fact>}
        {isObject(task.parameters) &&
          Object.entries(task.parameters).map(([name, value]) => (
            <Fact key={name} title={`Input ${name}`}>
              <Value value={value} />
            </Fact>
          ))}
        {isObject(task.options) &&
          Object.entries(task.options).map(([name, value]) => (
            <Fact key={name} title={OPTIONS[name] ?? name}>
              <Option name={name} value={value} />
            </Fact>
          ))}
        {isObject(task.metadata) && <Fact title="Metadata"><Json value={task.metadata} /></Fact>}
      </dl>
    </section>
  );
}

const OPTIONS: Record<string, string> = {
  backend: "Device",
  compile: "Compile",
  noise: "Noise",
  observables: "Observables",
  precision: "Precision",
  return: "Return",
};

function Option({ name, value }: { name: string; value: unknown }) {
  if (name === "backend") return <a href={href(["service", "devices", String(value)])}>{String(value)}</a>;
  if (name === "return" && Array.isArray(value)) return <>{value.join(", ").replaceAll("_", " ")}</>;
  if (name === "observables" && isFlat(value)) return <span class="mono">{value.map(observableName).join(", ")}</span>;
  return <Json value={value} />;
}

/** Return true for a list of observables that is not nested by the shape of a sweep. */
function isFlat(value: unknown): value is unknown[] {
  const isTerms = (each: unknown) =>
    typeof each === "string" || (Array.isArray(each) && each.every((term) => Array.isArray(term) && typeof term[1] === "number"));
  return Array.isArray(value) && value.every(isTerms);
}

/** The value of an input: the range of an array of numbers, and any other value as JSON. */
function Value({ value }: { value: unknown }) {
  const numbers = Array.isArray(value) ? value.flat(Infinity) : [];
  if (numbers.length < 4 || !numbers.every((each) => typeof each === "number")) return <Json value={value} />;
  const [least, most] = [numbers.reduce((a, b) => Math.min(a, b)), numbers.reduce((a, b) => Math.max(a, b))];
  return (
    <>
      {formatCount(numbers.length)} values, {formatNumber(least)} to {formatNumber(most)}
    </>
  );
}

const MOST_CHARACTERS = 2000;

function Json({ value }: { value: unknown }) {
  const text = JSON.stringify(value);
  return <code>{text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text}</code>;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && Object.keys(value).length > 0;
}

function inSeconds(at: string): string {
  return formatDuration(Math.max(1, Math.round((Date.parse(at) - Date.now()) / 1000)));
}
