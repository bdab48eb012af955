import { ProblemBox } from "../components/problem-box";
import { Table } from "../components/table";
import { useResource } from "../resource";
import { href, type Route } from "../router";
import { BatchProgress } from "../tasks/batch-progress";
import { useNow } from "../tasks/clock";
import { listPath } from "../tasks/filter";
import { Filters } from "../tasks/filters";
import { ListLinks } from "../tasks/list-links";
import { REFRESH_MS, useProjectChanges } from "../tasks/live";
import { Pager } from "../tasks/pager";
import { Age, Tags } from "../tasks/task-table";
import type { BatchList } from "../tasks/types";

const STATES = ["pending", "completed"];

/** The batches of the project, newest first; a page at a time. */
export function BatchesPage({ route: { query } }: { route: Route }) {
  const now = useNow();
  const { data, error, reload } = useResource<BatchList>(listPath("/batches", query, now), REFRESH_MS);
  useProjectChanges(reload);
  return (
    <section class="page">
      <ListLinks selected="batches" />
      <Filters query={query} texts={["name", "tag"]} states={STATES} hasSince={false} />
      <ProblemBox error={error} />
      {data && (
        <>
          <Table
            caption="Batches, newest first"
            rows={data.batches}
            rowKey={(batch) => batch.batch_id}
            empty="No batches: a program submits one with POST /batches, a terminal with quantumtask batch."
            columns={[
              {
                title: "Batch",
                class: "clip",
                cell: (batch) => (
                  <a href={href(["batches", batch.batch_id])} title={batch.batch_id} class={batch.name ? undefined : "mono"}>
                    {batch.name ?? batch.batch_id.slice(0, 13)}
                  </a>
                ),
              },
              { title: "Progress", cell: (batch) => <BatchProgress batch={batch} /> },
              { title: "Tags", isWideOnly: true, cell: (batch) => <Tags tags={batch.tags} list="batches" /> },
              { title: "Age", isNumber: true, cell: (batch) => <Age at={batch.submitted_at} now={now} /> },
            ]}
          />
          <Pager list="batches" query={query} nextCursor={data.next_cursor} />
        </>
      )}
    </section>
  );
}
