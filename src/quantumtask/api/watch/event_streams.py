"""Answers that go on until there is no more to tell: what can be followed."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from quantumtask.api.ids import known_id
from quantumtask.api.watch.keepalive import Pulse
from quantumtask.api.watch.queries import (
    ChangesBehind,
    Ends,
    EndsFrom,
    Events,
    EventsBehind,
    Followed,
    History,
    TheTask,
)
from quantumtask.api.watch.result_loader import Results
from quantumtask.api.watch.watcher import Reader
from quantumtask.shared.errors import (
    BatchNotFound,
    InvalidRequest,
    QuantumTaskError,
    ResultDamaged,
    ResultUnavailable,
    TaskNotFound,
)
from quantumtask.shared.task import Task

_AT_ONCE = 8  # tasks whose results one stream has in memory


class Line(NamedTuple):
    """A task that ended, or why its result cannot be read; `offset`: how many ended before it."""

    offset: int
    task: Task
    error: QuantumTaskError | None = None


class Streams:
    """Follows tasks and batches. No stream has a thread of its own: all wait for the Reader.

    One ends early when nobody is to wait any more, and when the database does not answer: whoever
    follows it begins again where it ended. A None in it says that nothing has happened for some
    seconds.
    """

    def __init__(self, reader: Reader, results: Results) -> None:
        self._reader = reader
        self._results = results
        self._pulse = Pulse()

    async def of_task(self, task_id: str, after: int) -> AsyncIterator[History | None] | None:
        """The changes of a task behind the first `after`, until it is final.

        None: all of them have been told. Raises TaskNotFound.
        """
        question = ChangesBehind(known_id(task_id, TaskNotFound), after)
        history = await self._reader.now(question)
        if history is None:
            raise TaskNotFound
        told = history.mark.final and not history.changes
        return None if told else self._follow(question, history)

    async def of_batch(self, batch_id: str, after: int) -> AsyncIterator[Events | None] | None:
        """The changes of all tasks of a batch behind the first `after`, until all have ended.

        None: all of them have been told, and the end of all. Raises BatchNotFound.
        """
        question = EventsBehind(known_id(batch_id, BatchNotFound), after)
        events = await self._reader.now(question)
        if events is None:
            raise BatchNotFound
        told = events.mark.final and after > events.mark.events
        return None if told else self._follow(question, events)

    async def results(self, batch_id: str, offset: int) -> AsyncIterator[Line | None]:
        """The tasks of a batch in the order in which they end, from the one with that offset.

        Raises BatchNotFound, and InvalidRequest for an offset beyond the batch.
        """
        question = EndsFrom(known_id(batch_id, BatchNotFound), offset)
        ends = await self._reader.now(question)
        if ends is None:
            raise BatchNotFound
        if offset > ends.mark.size:
            raise InvalidRequest(f"offset: the batch has {ends.mark.size:,} tasks")
        return self._lines(self._follow(question, ends))

    async def _follow(self, question: Followed[Any], answer: Any) -> AsyncIterator[Any]:
        """The answers to a question and to those that follow from it."""
        with self._pulse.listening() as listener:
            while answer is not None:  # None: it was removed meanwhile
                yield answer
                then = question.behind(answer)
                if then is None:
                    return
                question, news = then, self._reader.news(then)
                try:
                    while await listener.beat(news):
                        yield None
                    answer = news.result()
                except (TimeoutError, QuantumTaskError):
                    return
                finally:
                    news.cancel()

    async def _lines(self, found: AsyncIterator[Ends | None]) -> AsyncIterator[Line | None]:
        with suppress(QuantumTaskError):
            async for ends in found:
                if ends is None:
                    yield None
                    continue
                for start in range(0, len(ends.tasks), _AT_ONCE):
                    async for line in self._read(ends.tasks[start : start + _AT_ONCE]):
                        yield line

    async def _read(self, some: Sequence[tuple[int, str]]) -> AsyncIterator[Line]:
        """These tasks, but for those that were removed meanwhile."""
        tasks = await asyncio.gather(*(self._reader.now(TheTask(task_id)) for _, task_id in some))
        for (offset, _), task in zip(some, tasks, strict=True):
            if task is not None:
                yield await self._line(offset, task)

    async def _line(self, offset: int, task: Task) -> Line:
        try:
            return Line(offset, await self._results.whole(task))
        except (ResultDamaged, ResultUnavailable) as error:
            return Line(offset, task, error)
