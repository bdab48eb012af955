import { ProblemBox } from "../components/problem-box";
import { Table } from "../components/table";
import { useResource } from "../resource";
import { href, type Route } from "../router";
import { BatchProgress } from "../tasks/batch-progress";
import { useNow } from "../tasks/clock";
import { listPath } from "../tasks/filter";
import { Filters, isFiltered } from "../tasks/filters";
import { ListLinks } from "../tasks/list-links";
import { REFRESH_MS, useProjectChanges } from "../tasks/live";
import { NoBatches, NoMatch } from "../tasks/no-entries";
import { Pager } from "../tasks/pager";
import { Age, Tags } from "../tasks/task-table";
import type { BatchList } from "../tasks/types";

const TEXTS = ["name", "tag"];
const STATES = ["pending", "completed"];

/** The batches of the project, newest first; a page at a time. */
export function BatchesPage({ route: { query } }: { route: Route }) {
  const now = useNow();
  const { data, error, reload } = useResource<BatchList>(listPath("/batches", query, now), REFRESH_MS);
  useProjectChanges(reload);
  const hasFilter = isFiltered(query, TEXTS);
  const hasNone = !!data && !data.batches.length && !query.get("cursor");
  return (
    <section class="page">
      <ListLinks selected="batches" />
      {(!hasNone || hasFilter) && <Filters query={query} texts={TEXTS} states={STATES} hasSince={false} />}
      <ProblemBox error={error} />
      {hasNone && (hasFilter ? <NoMatch noun="batch" /> : <NoBatches />)}
      {data && !hasNone && (
        <>
          <Table
            caption="Batches, newest first"
            rows={data.batches}
            rowKey={(batch) => batch.batch_id}
            empty="No older batches."
            columns={[
              {
                title: "Batch",
                class: "main",
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
