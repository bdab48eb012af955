import { ProblemBox } from "../components/problem-box";
import { useResource } from "../resource";
import type { Route } from "../router";
import { useNow } from "../tasks/clock";
import { listPath, TEXT_FILTERS } from "../tasks/filter";
import { Filters, isFiltered } from "../tasks/filters";
import { ListLinks } from "../tasks/list-links";
import { REFRESH_MS, useProjectChanges } from "../tasks/live";
import { NoMatch, NoTasks } from "../tasks/no-entries";
import { Pager } from "../tasks/pager";
import { TaskTable } from "../tasks/task-table";
import type { TaskList } from "../types";

/** The tasks of the project, newest first; a page at a time. */
export function TasksPage({ route: { query } }: { route: Route }) {
  const now = useNow();
  const { data, error, reload } = useResource<TaskList>(listPath("/tasks", query, now), REFRESH_MS);
  useProjectChanges(reload);
  const hasFilter = isFiltered(query, TEXT_FILTERS);
  const hasNone = !!data && !data.tasks.length && !query.get("cursor");
  return (
    <section class="page">
      <ListLinks selected="tasks" />
      {(!hasNone || hasFilter) && <Filters query={query} texts={TEXT_FILTERS} />}
      <ProblemBox error={error} />
      {hasNone && (hasFilter ? <NoMatch noun="task" /> : <NoTasks />)}
      {data && !hasNone && (
        <>
          <TaskTable tasks={data.tasks} now={now} empty="No older tasks." />
          <Pager list="tasks" query={query} nextCursor={data.next_cursor} />
        </>
      )}
    </section>
  );
}
