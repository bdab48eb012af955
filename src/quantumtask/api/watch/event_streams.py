"""Async iterators of the events of a task or batch, and of the results of a batch."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from quantumtask.api.ids import parse_id
from quantumtask.api.watch.queries import (
    BatchEvents,
    BatchEventsAfter,
    FinishedTasks,
    FinishedTasksFrom,
    StreamQuery,
    TaskChanges,
    TaskChangesAfter,
    TaskQuery,
)
from quantumtask.api.watch.result_loader import ResultLoader
from quantumtask.api.watch.watcher import DatabaseWatcher
from quantumtask.shared.errors import (
    BatchNotFound,
    InvalidRequest,
    QuantumTaskError,
    ResultDamaged,
    ResultStoreUnavailable,
    TaskNotFound,
)
from quantumtask.shared.task import Task

_MAX_RESULTS_IN_MEMORY = 8  # of one stream
_KEEPALIVE_S = 15.0


class BatchResultLine(NamedTuple):
    """A final task of a batch, with its result or the error of reading it.

    `offset` counts the batch's tasks in the order in which they end, from 0.
    """

    offset: int
    task: Task
    error: QuantumTaskError | None = None


class EventStreams:
    """Creates streams of events and results. No stream has a thread: the watcher reads for all.

    A stream ends early when the process stops, and when the database does not answer; the client
    then reconnects and continues. It yields None as a keep-alive.
    """

    def __init__(self, watcher: DatabaseWatcher, results: ResultLoader) -> None:
        self._watcher = watcher
        self._results = results

    async def task_changes(
        self, task_id: str, after: int
    ) -> AsyncIterator[TaskChanges | None] | None:
        """Return the changes of a task after the first `after`, until the task is final.

        Returns:
            The stream, or None if no change follows and the task is final.

        Raises:
            TaskNotFound: there is no such task.
        """
        query = TaskChangesAfter(parse_id(task_id, TaskNotFound), after)
        first = await self._watcher.read(query)
        if first is None:
            raise TaskNotFound
        complete = first.version.final and not first.changes
        return None if complete else self._follow(query, first)

    async def batch_events(
        self, batch_id: str, after: int
    ) -> AsyncIterator[BatchEvents | None] | None:
        """Return the events of a batch's tasks after the first `after`, until all are final.

        Returns:
            The stream, or None if no event follows: neither of a task nor the end of the batch.

        Raises:
            BatchNotFound: there is no such batch.
        """
        query = BatchEventsAfter(parse_id(batch_id, BatchNotFound), after)
        first = await self._watcher.read(query)
        if first is None:
            raise BatchNotFound
        complete = first.version.final and after > first.version.events
        return None if complete else self._follow(query, first)

    async def batch_results(
        self, batch_id: str, offset: int
    ) -> AsyncIterator[BatchResultLine | None]:
        """Return the tasks of a batch from an offset on, in the order in which they end.

        Raises:
            BatchNotFound: there is no such batch.
            InvalidRequest: the offset exceeds the size of the batch.
        """
        query = FinishedTasksFrom(parse_id(batch_id, BatchNotFound), offset)
        first = await self._watcher.read(query)
        if first is None:
            raise BatchNotFound
        if offset > first.version.size:
            raise InvalidRequest(
                f"offset: must be at most {first.version.size:,}, the number of the batch's tasks"
            )
        return self._result_lines(self._follow(query, first))

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

    async def _result_lines(
        self, answers: AsyncIterator[FinishedTasks | None]
    ) -> AsyncIterator[BatchResultLine | None]:
        with suppress(QuantumTaskError):
            async for finished in answers:
                if finished is None:
                    yield None
                    continue
                for start in range(0, len(finished.tasks), _MAX_RESULTS_IN_MEMORY):
                    group = finished.tasks[start : start + _MAX_RESULTS_IN_MEMORY]
                    async for line in self._read_lines(group):
                        yield line

    async def _read_lines(
        self, offsets_and_ids: Sequence[tuple[int, str]]
    ) -> AsyncIterator[BatchResultLine]:
        """Yield the tasks that still exist, with their results."""
        reads = (self._watcher.read(TaskQuery(task_id)) for _, task_id in offsets_and_ids)
        tasks = await asyncio.gather(*reads)
        for (offset, _), task in zip(offsets_and_ids, tasks, strict=True):
            if task is not None:
                yield await self._load_line(offset, task)

    async def _load_line(self, offset: int, task: Task) -> BatchResultLine:
        try:
            return BatchResultLine(offset, await self._results.load(task))
        except (ResultDamaged, ResultStoreUnavailable) as error:
            return BatchResultLine(offset, task, error)
