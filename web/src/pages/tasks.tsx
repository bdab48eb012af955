import { ProblemBox } from "../components/problem-box";
import { useResource } from "../resource";
import type { Route } from "../router";
import { useNow } from "../tasks/clock";
import { listPath, TEXT_FILTERS } from "../tasks/filter";
import { Filters } from "../tasks/filters";
import { ListLinks } from "../tasks/list-links";
import { REFRESH_MS, useProjectChanges } from "../tasks/live";
import { Pager } from "../tasks/pager";
import { TaskTable } from "../tasks/task-table";
import type { TaskList } from "../types";


/** The tasks of the project, newest first; a page at a time. */
export function TasksPage({ route: { query } }: { route: Route }) {
  const now = useNow();
  const { data, error, reload } = useResource<TaskList>(listPath("/tasks", query, now), REFRESH_MS);
  useProjectChanges(reload);
  const isFiltered = ["status", "since", ...TEXT_FILTERS].some((name) => query.get(name));
  return (
    <section class="page">
      <ListLinks selected="tasks" />
      <Filters query={query} texts={TEXT_FILTERS} />
      <ProblemBox error={error} />
      {data && (
        <>
          <TaskTable
            tasks={data.tasks}
            now={now}
            empty={isFiltered ? "No task has all of this." : "No tasks yet. Run one on the page Try."}
          />
          <Pager list="tasks" query={query} nextCursor={data.next_cursor} />
        </>
      )}
    </section>
  );
}
