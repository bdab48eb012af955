import { ProblemBox } from "../components/problem-box";
import { ResultView } from "../components/result-view";
import { formatBytes } from "../format";
import { useResource } from "../resource";
import type { Task } from "../types";
import { CurveTable } from "./curve-table";
import { Outputs } from "./outputs";
import { curvesOf } from "./sweep";

const MOST_BYTES = 4 * 1024 * 1024;

/** The result of a task: of one circuit, or the curves of a sweep. */
export function TaskResult({ task }: { task: Task }) {
  if (task.state !== "completed") return null;
  return (
    <section class="card" aria-label="Result">
      <h2>Result</h2>
      <WholeResult task={task} />
    </section>
  );
}

/** The result of a completed task; one that the answer left out is fetched, if it is not huge. */
export function WholeResult({ task }: { task: Task }) {
  const isLeftOut = task.result === null && !!task.result_url;
  const isTooLarge = (task.result_bytes ?? 0) > MOST_BYTES;
  const { data, error } = useResource<Partial<Task>>(isLeftOut && !isTooLarge ? task.result_url! : null);
  const whole: Task = data ? { ...task, ...data } : task;
  return (
    <>
      <ProblemBox error={error} />
      {isLeftOut && isTooLarge && (
        <p>
          The result has {formatBytes(task.result_bytes ?? 0)}: <a href={task.result_url!}>open it as JSON</a>.
        </p>
      )}
      {task.shape?.length ? <SweepResult task={whole} /> : <SingleResult task={whole} />}
    </>
  );
}

function SingleResult({ task }: { task: Task }) {
  return (
    <>
      <ResultView task={task} />
      {task.outputs && <Outputs outputs={task.outputs} />}
    </>
  );
}

function SweepResult({ task }: { task: Task }) {
  const curves = curvesOf(task);
  if (!curves) return <p class="muted">This result has no curve: download it as JSON.</p>;
  return <CurveTable curves={curves} />;
}
