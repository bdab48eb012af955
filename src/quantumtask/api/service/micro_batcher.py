"""Micro-batching: requests that wait at the same time are handled together in one thread."""

import asyncio
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from quantumtask.api.futures import O, resolve_threadsafe

I = TypeVar("I")  # noqa: E741

_MAX_BATCH = 256


class MicroBatcher(Generic[I, O]):
    """Passes items from the event loop to `handle` in one thread: all waiting items in one call.

    Many requests then share one transaction. Create it and call it on the event loop.

    Args:
        name: Name of the thread.
        handle: Takes a list of items and returns one outcome for each. An outcome that is an
            exception is raised to the caller of that item; an exception that `handle` raises is
            raised to all callers.
    """

    def __init__(self, name: str, handle: Callable[[list[I]], Sequence[O | Exception]]) -> None:
        self._handle = handle
        self._arrivals: list[tuple[I, asyncio.Future[O]]] = []
        self._queue: queue.SimpleQueue[list[tuple[I, asyncio.Future[O]]]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __call__(self, item: I) -> "asyncio.Future[O]":
        """Return a future of the item's outcome.

        The items of one iteration of the event loop are handed over together.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[O] = loop.create_future()
        if not self._arrivals:
            loop.call_soon(self._hand_over)
        self._arrivals.append((item, future))
        return future

    def _hand_over(self) -> None:
        arrivals, self._arrivals = self._arrivals, []
        self._queue.put(arrivals)

    def stop(self) -> None:
        """Handle all waiting items and end the thread."""
        self._queue.put([])
        self._thread.join()

    def _run(self) -> None:
        while batch := self._queue.get():
            while len(batch) < _MAX_BATCH and (more := _next_items(self._queue)):
                batch += more
            outcomes = self._handle_or_error([item for item, _ in batch])
            resolve_threadsafe([future for _, future in batch], outcomes)

    def _handle_or_error(self, items: list[I]) -> Sequence[O | Exception]:
        try:
            return self._handle(items)
        except Exception as error:  # of the database driver: raised to all callers
            return [error] * len(items)


def _next_items(waiting: "queue.SimpleQueue[list[Any]]") -> list[Any]:
    """Return the next items, if any; a stop signal is put back for the outer loop."""
    try:
        items = waiting.get_nowait()
    except queue.Empty:
        return []
    if not items:
        waiting.put(items)
    return items
