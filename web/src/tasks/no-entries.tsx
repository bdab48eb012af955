import { Empty } from "../components/empty";
import { replaceQuery } from "../router";

/** What a list shows if no entry passes its filters. */
export function NoMatch({ noun }: { noun: string }) {
  return (
    <Empty title={`No ${noun} matches these filters`}>
      <button type="button" onClick={() => replaceQuery({})}>
        Clear the filters
      </button>
    </Empty>
  );
}

/** What the list of tasks shows before the first one. */
export function NoTasks() {
  return (
    <Empty title="No tasks yet">
      <p class="muted">
        Each circuit that runs is listed here, live: from this page, from <code>quantumtask submit</code>, from Python or Qiskit.
      </p>
      <a class="button primary" href="#/">
        Run a circuit
      </a>
    </Empty>
  );
}

/** What the list of batches shows before the first one. */
export function NoBatches() {
  return (
    <Empty title="No batches yet">
      <p class="muted">A batch is up to 1,000 circuits in one request, with one progress and one result.</p>
      <pre class="command">quantumtask batch *.qasm</pre>
    </Empty>
  );
}
