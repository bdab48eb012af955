"""Many requests, few transactions: whatever waits together is written together."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from quantumtask.api.futures import O, deliver

I = TypeVar("I")  # noqa: E741

_MOST = 256


class Bundler(Generic[I, O]):
    """Hands items from the event loop to `work` in one thread, as many at a time as are waiting.

    `work` takes a list of items and returns as many answers; an answer that is an exception is
    raised to the one who asked. An exception out of `work` is raised to all of them.
    """

    def __init__(self, name: str, work: Callable[[list[I]], Sequence[O | Exception]]) -> None:
        self._work = work
        self._arrived: list[tuple[I, asyncio.Future[O]]] = []
        self._queue: queue.SimpleQueue[list[tuple[I, asyncio.Future[O]]]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __call__(self, item: I) -> "asyncio.Future[O]":
        """Call it on the event loop. What arrives in one round of it is handed over together."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[O] = loop.create_future()
        if not self._arrived:
            loop.call_soon(self._hand_over)
        self._arrived.append((item, future))
        return future

    def _hand_over(self) -> None:
        arrived, self._arrived = self._arrived, []
        self._queue.put(arrived)

    def stop(self) -> None:
        """Finishes what was asked for and ends the thread."""
        self._queue.put([])
        self._thread.join()

    def _run(self) -> None:
        while bundle := self._queue.get():
            while len(bundle) < _MOST and (more := _next(self._queue)):
                bundle += more
            answers = self._answers([item for item, _ in bundle])
            deliver([future for _, future in bundle], answers)

    def _answers(self, items: list[I]) -> Sequence[O | Exception]:
        try:
            return self._work(items)
        except Exception as error:
            return [error] * len(items)


def _next(waiting: "queue.SimpleQueue[list[Any]]") -> list[Any]:
    """The next items, if any; a stop signal is put back for the outer loop."""
    try:
        items = waiting.get_nowait()
    except queue.Empty:
        return []
    if not items:
        waiting.put(items)
    return items
