"""Many requests, few transactions: whatever waits together is written together."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

I = TypeVar("I")  # noqa: E741
O = TypeVar("O")  # noqa: E741

_MOST = 256


class Batch(Generic[I, O]):
    """Hands items from the event loop to `work` in one thread, as many at a time as are waiting.

    `work` takes a list of items and returns as many answers; an answer that is an exception is
    raised to the one who asked. An exception out of `work` is raised to all of them.
    """

    def __init__(self, name: str, work: Callable[[list[I]], Sequence[O | Exception]]) -> None:
        self._work = work
        self._queue: queue.SimpleQueue[tuple[I, asyncio.Future[O]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def __call__(self, item: I) -> O:
        future: asyncio.Future[O] = asyncio.get_running_loop().create_future()
        self._queue.put((item, future))
        return await future

    def stop(self) -> None:
        """Finishes what was asked for and ends the thread."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._queue.get()) is not None:
            batch = [first]
            while len(batch) < _MOST and (more := _next(self._queue)) is not None:
                batch.append(more)
            answers = self._answers([item for item, _ in batch])
            deliver([future for _, future in batch], answers)

    def _answers(self, items: list[I]) -> Sequence[O | Exception]:
        try:
            return self._work(items)
        except Exception as error:
            return [error] * len(items)


def _next(waiting: "queue.SimpleQueue[Any]") -> Any:
    """The next item, or None where there is none; a stop signal is put back for the outer loop."""
    try:
        item = waiting.get_nowait()
    except queue.Empty:
        return None
    if item is None:
        waiting.put(None)
    return item


def deliver(futures: Sequence["asyncio.Future[O]"], answers: Sequence[O | Exception]) -> None:
    """Resolves futures of one event loop from another thread, waking the loop once."""
    if futures:
        futures[0].get_loop().call_soon_threadsafe(_resolve, futures, answers)


def _resolve(futures: Sequence["asyncio.Future[O]"], answers: Sequence[O | Exception]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if future.done():  # the client left, or its time was up
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
