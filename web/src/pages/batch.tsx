import { useState } from "preact/hooks";
import { request } from "../api";
import { LoadError } from "../components/load-error";
import { ProblemBox } from "../components/problem-box";
import { StateBadge } from "../components/state-badge";
import { Table } from "../components/table";
import { formatCount, formatDuration, formatNumber, formatTime } from "../format";
import { useResource } from "../resource";
import { href, type Route } from "../router";
import { batchCurves } from "../tasks/batch-curves";
import { BatchProgress } from "../tasks/batch-progress";
import { useBatchEvents, useEnded } from "../tasks/batch-results";
import { CurveTable } from "../tasks/curve-table";
import { Tags } from "../tasks/task-table";
import type { Batch, BatchEvent, Ended } from "../tasks/types";

const PAGE_SIZE = 50;

/** A batch: progress, the curve of its results, and its tasks; live until all have ended. */
export function BatchPage({ route }: { route: Route }) {
  const id = route.parts[1]!;
  return <BatchView key={id} id={id} />;
}

function BatchView({ id }: { id: string }) {
  const path = `/batches/${encodeURIComponent(id)}`;
  const { data: batch, error, reload } = useResource<Batch>(path);
  const events = useBatchEvents(path, reload);
  const { ended, isCut } = useEnded(path);
  const [cancelError, setCancelError] = useState<unknown>(null);
  const curves = batchCurves(ended);
  const cancel = () => request(`${path}/cancel`, { method: "POST" }).then(reload, setCancelError);
  return (
    <section class="page">
      <div class="page-head">
        <div class="title">
          <h1>{batch?.name ?? "Batch"}</h1>
          <p class="muted mono">{id}</p>
        </div>
        {batch && !batch.finished_at && (
          <button type="button" onClick={cancel}>
            Cancel the rest
          </button>
        )}
      </div>
      <LoadError error={error} noun="batch" list="batches" />
      <ProblemBox error={cancelError} />
      {batch && (
        <>
          <p class="state-line">
            <span class="muted">submitted {formatTime(batch.submitted_at)}</span>
            <Tags tags={batch.tags} list="batches" />
          </p>
          <BatchProgress batch={batch} />
          {curves && (
            <section class="card" aria-label="Results">
              <h2>Results</h2>
              <CurveTable curves={curves} />
              {isCut && <p class="muted">The results are large: the curve has only a part of them.</p>}
            </section>
          )}
          <BatchTasks events={events} ended={ended} />
        </>
      )}
    </section>
  );
}

function BatchTasks({ events, ended }: { events: Map<number, BatchEvent>; ended: Map<number, Ended> }) {
  const [page, setPage] = useState(0);
  const rows = [...events.values()].sort((a, b) => a.item - b.item);
  const pages = Math.ceil(rows.length / PAGE_SIZE);
  const hasFailures = rows.some(({ state }) => state === "failed");
  const result = ({ item }: BatchEvent) => ended.get(item);
  return (
    <>
      <Table
        caption="Tasks of the batch"
        rows={rows.slice(page * PAGE_SIZE, (page + 1) * PAGE_SIZE)}
        rowKey={(row) => row.item}
        columns={[
          { title: "Item", isNumber: true, cell: (row) => <a href={href(["tasks", row.task_id])}>{row.item}</a> },
          { title: "State", cell: (row) => <StateBadge state={row.state} /> },
          { title: "Parameters", isWideOnly: true, class: "clip mono", cell: (row) => parametersText(result(row)) },
          { title: "Engine", isWideOnly: true, cell: (row) => result(row)?.engine ?? "" },
          { title: "Duration", isNumber: true, cell: (row) => durationText(result(row)) },
          ...(hasFailures ? [{ title: "Why it failed", class: "clip reason", cell: (row: BatchEvent) => result(row)?.error ?? "" }] : []),
        ]}
      />
      {pages > 1 && (
        <nav class="pager" aria-label="Pages of the tasks">
          <button type="button" disabled={page === 0} onClick={() => setPage(page - 1)}>
            ← Before
          </button>
          <span class="muted">
            {formatCount(page * PAGE_SIZE)} to {formatCount(Math.min(rows.length, (page + 1) * PAGE_SIZE) - 1)} of {formatCount(rows.length)}
          </span>
          <button type="button" disabled={page >= pages - 1} onClick={() => setPage(page + 1)}>
            After →
          </button>
        </nav>
      )}
    </>
  );
}

function parametersText(task: Ended | undefined): string {
  const entries = Object.entries(task?.parameters ?? {}).slice(0, 8);
  const texts = entries.map(([name, value]) =>
    `${name} = ${typeof value === "number" ? formatNumber(value, 5) : JSON.stringify(value).slice(0, 60)}`,
  );
  return texts.join(", ");
}

function durationText(task: Ended | undefined): string {
  return task?.running_ms == null ? "" : formatDuration(task.running_ms / 1000);
}
