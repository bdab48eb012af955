"""Async iterators of the events of a task or batch, and of the results of a batch."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing, suppress
from typing import Any, NamedTuple, cast

from quantumtask.api.ids import parse_id
from quantumtask.api.watch.queries import (
    BatchEvents,
    BatchEventsAfter,
    FinishedTasks,
    FinishedTasksFrom,
    ProjectChanges,
    StreamQuery,
    TaskChanges,
    TaskChangesAfter,
    TaskQuery,
)
from quantumtask.api.watch.watcher import DatabaseWatcher
from quantumtask.shared.batch import ProjectVersion
from quantumtask.shared.errors import (
    BatchNotFound,
    InvalidRequest,
    QuantumTaskError,
    TaskNotFound,
)
from quantumtask.shared.task import Task

_MAX_TASKS_IN_MEMORY = 8  # of one stream
_KEEPALIVE_S = 15.0
_PROJECT_PAUSE_S = 0.5
"""Shortest time between two versions of a project: nothing asks for its version meanwhile."""


class FinishedTask(NamedTuple):
    """A final task of a batch.

    `offset` counts the batch's tasks in the order in which they end, from 0.
    """

    offset: int
    task: Task


class EventStreams:
    """Creates streams of events and results. No stream has a thread: the watcher reads for all.

    A stream ends early when the process stops, and when the database does not answer; the client
    then reconnects and continues. It yields None as a keep-alive.
    """

    def __init__(self, watcher: DatabaseWatcher) -> None:
        self._watcher = watcher

    async def task_changes(
        self, project: str, task_id: str, after: int, progress: bool = False
    ) -> AsyncIterator[TaskChanges | None] | None:
        """Return the changes of a task after the first `after`, until the task is final.

        Args:
            project: The project of the task.
            task_id: The task.
            after: The number of changes to leave out.
            progress: Also return each change of the progress.

        Returns:
            The stream, or None if no change follows and the task is final.

        Raises:
            TaskNotFound: there is no such task.
        """
        query = TaskChangesAfter(project, parse_id(task_id, TaskNotFound), after, progress)
        first = await self._watcher.read(query)
        if first is None:
            raise TaskNotFound
        complete = first.version.final and not first.changes
        return None if complete else self._follow(query, first)

    async def project_changes(self, project: str) -> AsyncIterator[ProjectVersion | None]:
        """Return the versions of a project, now and after each change; at most two in a second."""
        query = ProjectChanges(project, project)
        return _paced(self._follow(query, await self._watcher.read(query)))

    async def batch_events(
        self, project: str, batch_id: str, after: int
    ) -> AsyncIterator[BatchEvents | None] | None:
        """Return the events of a batch's tasks after the first `after`, until all are final.

        Returns:
            The stream, or None if no event follows: neither of a task nor the end of the batch.

        Raises:
            BatchNotFound: there is no such batch.
        """
        query = BatchEventsAfter(project, parse_id(batch_id, BatchNotFound), after)
        first = await self._watcher.read(query)
        if first is None:
            raise BatchNotFound
        complete = first.version.final and after > first.version.events
        return None if complete else self._follow(query, first)

    async def batch_results(
        self, project: str, batch_id: str, offset: int
    ) -> AsyncIterator[FinishedTask | None]:
        """Return the tasks of a batch from an offset on, in the order in which they end.

        Raises:
            BatchNotFound: there is no such batch.
            InvalidRequest: the offset exceeds the size of the batch.
        """
        query = FinishedTasksFrom(project, parse_id(batch_id, BatchNotFound), offset)
        first = await self._watcher.read(query)
        if first is None:
            raise BatchNotFound
        if offset > first.version.size:
            raise InvalidRequest(
                f"offset: must be at most {first.version.size:,}, the number of the batch's tasks"
            )
        return self._final_tasks(project, self._follow(query, first))

    async def _follow(self, query: StreamQuery[Any], answer: Any) -> AsyncIterator[Any]:
        """Yield the answers to a query and to those that follow it, and None as a keep-alive."""
        while answer is not None:  # None: it was removed meanwhile
            yield answer
            following = query.next_after(answer)
            if following is None:
                return
            query, pending = following, self._watcher.subscribe(following)
            try:
                while not (await asyncio.wait({pending}, timeout=_KEEPALIVE_S))[0]:
                    yield None
                answer = pending.result()
            except (TimeoutError, QuantumTaskError):
                return
            finally:
                pending.cancel()

    async def _final_tasks(
        self, project: str, answers: AsyncIterator[FinishedTasks | None]
    ) -> AsyncIterator[FinishedTask | None]:
        with suppress(QuantumTaskError):
            async for finished in answers:
                if finished is None:
                    yield None
                    continue
                for start in range(0, len(finished.tasks), _MAX_TASKS_IN_MEMORY):
                    group = finished.tasks[start : start + _MAX_TASKS_IN_MEMORY]
                    for task in await self._read_tasks(project, group):
                        yield task

    async def _read_tasks(
        self, project: str, offsets_and_ids: Sequence[tuple[int, str]]
    ) -> list[FinishedTask]:
        """Return the tasks that still exist."""
        reads = (self._watcher.read(TaskQuery(project, task_id)) for _, task_id in offsets_and_ids)
        tasks = await asyncio.gather(*reads)
        pairs = zip(offsets_and_ids, tasks, strict=True)
        return [FinishedTask(offset, task) for (offset, _), task in pairs if task is not None]


async def _paced(versions: AsyncIterator[Any]) -> AsyncIterator[Any]:
    """Yield the items of a stream, with a pause after each that is no keep-alive."""
    async with aclosing(cast(AsyncGenerator[Any, None], versions)) as items:
        async for item in items:
            yield item
            if item is not None:
                await asyncio.sleep(_PROJECT_PAUSE_S)
