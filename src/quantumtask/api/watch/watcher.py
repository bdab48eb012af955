"""One thread polls the database and completes all pending reads: reads, long polls, streams."""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from quantumtask.api.futures import resolve_threadsafe
from quantumtask.api.watch.queries import WatchQuery
from quantumtask.shared.api_store import ApiStore

A = TypeVar("A")

# Pauses between polls, tuned with `python -m benchmarks.service.watchers`.
_MIN_PAUSE_S = 0.0001
_MAX_MIN_PAUSES = 10  # a minimal pause for each waiting request, up to 10: one poll serves several
_PAUSE_PER_REQUEST_S = 0.00001  # a poll for very many requests takes longer
_MANY_REQUESTS = 1000  # of which some always come and go: that alone does not shorten the pause
_MAX_PAUSE_S = 0.03


@dataclass(frozen=True, eq=False, slots=True)
class _Request:
    """A pending read.

    Attributes:
        waits: Answer it when the query is due; otherwise at once.
        retry_on_error: Keep it pending while the database does not answer.
    """

    query: WatchQuery[Any]
    future: "asyncio.Future[Any]"
    waits: bool = False
    retry_on_error: bool = False


class DatabaseWatcher:
    """Answers queries at once, or as soon as they are due.

    While requests wait, the thread asks the database after each pause whether anything was written
    (`changed`: microseconds, no table is read). Only then it loads the versions of all tasks and
    batches that requests wait for, with one statement for each project, and answers the due
    queries.

    The pause grows to a tenth of the time since the last activity (a new request, an answer): a
    wait lasts at most a tenth longer than necessary, and a long wait costs next to nothing. A new
    waiting request does not wake the thread: a task that was just submitted can wait for the next
    poll.
    """

    def __init__(self, store: ApiStore) -> None:
        self._store = store
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._stopping = False
        # Not a SimpleQueue: its `get` with a timeout may block forever (CPython 3.11 and 3.12).
        self._wakeups: queue.Queue[bool] = queue.Queue()
        self._idle = False  # no request waits: the thread sleeps until it is woken

        # Between the event loop and the thread; append and popleft of a deque are atomic.
        self._arrivals: deque[_Request] = deque()
        self._departures: deque[_Request] = deque()

        # On the event loop.
        self._waiting_futures: set[asyncio.Future[Any]] = set()
        self._released = False  # the process stops: waiting requests time out at once

        # In the thread.
        self._waiting: set[_Request] = set()
        self._last_activity = 0.0
        self._poll_s = 0.0  # duration of the last poll
        self._dirty = False  # a change was seen but not read, because the database failed
        self._thread.start()

    async def read(self, query: WatchQuery[A]) -> A:
        """Return the answer as of now."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._add(_Request(query, future))
        return await future

    async def read_when_due(self, query: WatchQuery[A], timeout_s: float) -> A:
        """Return the answer as soon as it is due, or as of the end of the timeout."""
        future = self.subscribe(query, retry_on_error=False)
        timer = asyncio.get_running_loop().call_later(timeout_s, _time_out, future)
        try:
            return await future
        except TimeoutError:
            return await self.read(query)
        finally:
            timer.cancel()

    def subscribe(
        self, query: WatchQuery[A], *, retry_on_error: bool = True
    ) -> "asyncio.Future[A]":
        """Return a future of the answer, resolved as soon as the query is due.

        Cancel the future to stop waiting. It raises TimeoutError once `release_all` was called.

        Args:
            query: The query to wait for.
            retry_on_error: Keep waiting while the database does not answer. Otherwise the future
                raises the error if the first read fails.
        """
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        request = _Request(query, future, waits=True, retry_on_error=retry_on_error)
        self._add(request)
        self._waiting_futures.add(future)
        future.add_done_callback(lambda _: self._remove(request))
        if self._released:
            _time_out(future)
        return future

    def release_all(self) -> None:
        """Time out all waiting requests, now and from now on. Call it on the event loop."""
        self._released = True
        for future in tuple(self._waiting_futures):
            _time_out(future)

    def stop(self) -> None:
        """End the thread and close the store."""
        self._stopping = True
        self._wakeups.put(True)
        self._thread.join()
        self._store.close()

    def _add(self, request: _Request) -> None:
        self._arrivals.append(request)
        if self._idle or not request.waits:
            self._wakeups.put(True)

    def _remove(self, request: _Request) -> None:
        self._waiting_futures.discard(request.future)
        self._departures.append(request)

    # The rest runs in the thread.

    def _run(self) -> None:
        while not self._stopping:
            self._sleep(self._pause_s() if self._waiting else None)
            departures = _drain(self._departures)  # before the arrivals: some may be in both
            arrivals = _drain(self._arrivals) - departures
            self._waiting -= departures
            if arrivals or self._waiting:
                self._poll(arrivals)

    def _pause_s(self) -> float:
        """Return the seconds until the next poll; at least as long as the last poll took."""
        waiting = len(self._waiting)
        shortest = _MIN_PAUSE_S * min(waiting, _MAX_MIN_PAUSES)
        for_many = _PAUSE_PER_REQUEST_S * min(waiting, _MANY_REQUESTS)
        quiet_s = time.monotonic() - self._last_activity
        return max(shortest, for_many, min(_MAX_PAUSE_S, quiet_s / 10), self._poll_s)

    def _sleep(self, pause_s: float | None) -> None:
        """Return after the pause, or as soon as a request is to be answered at once.

        Without a pause, return as soon as there is any request.
        """
        self._idle = pause_s is None  # before looking for arrivals, so that no wakeup is missed
        try:
            if pause_s is not None or not self._arrivals:
                self._wakeups.get(timeout=pause_s)
            while True:
                self._wakeups.get_nowait()
        except queue.Empty:
            self._idle = False

    def _poll(self, arrivals: set[_Request]) -> None:
        """Answer the requests that can be answered; the others wait."""
        started, answered_any = time.monotonic(), False
        pending = set(arrivals)
        try:
            changed = bool(self._waiting) and (self._store.changed() or self._dirty)
            self._dirty = changed  # until this poll has succeeded
            if arrivals or changed:
                candidates = arrivals | self._waiting if changed else arrivals
                for group in _group_by_statement(self._due(candidates)):
                    self._answer(group)
                    answered_any = answered_any or any(r.waits for r in group)
                    pending.difference_update(group)
                    self._waiting.difference_update(group)
            self._dirty = False
        except Exception as error:  # of the database driver: the requests report it
            self._dirty = True
            refused = [r for r in pending if not r.retry_on_error]
            resolve_threadsafe([r.future for r in refused], [error] * len(refused))
            pending.difference_update(refused)
        self._waiting |= pending
        ended = time.monotonic()
        self._poll_s = ended - started
        if answered_any or (arrivals and len(self._waiting) < _MANY_REQUESTS):
            self._last_activity = ended

    def _answer(self, group: list[_Request]) -> None:
        queries = [r.query for r in group]
        answers = type(queries[0]).fetch(self._store, queries[0].project, queries)
        resolve_threadsafe([r.future for r in group], answers)

    def _due(self, requests: set[_Request]) -> list[_Request]:
        """Return the requests that do not wait, and those whose query is due."""
        ids: dict[tuple[Any, str], set[str]] = {}
        for r in requests:
            if r.waits:
                ids.setdefault(_versions_key(r.query), set()).add(r.query.key)
        versions = {key: key[0](self._store, key[1], some) for key, some in ids.items()}
        return [
            r
            for r in requests
            if not r.waits or r.query.is_due(versions[_versions_key(r.query)].get(r.query.key))
        ]


def _versions_key(query: WatchQuery[Any]) -> tuple[Any, str]:
    """Return the function that loads the version of a query, and the project."""
    return type(query).load_versions, query.project


def _group_by_statement(requests: list[_Request]) -> Iterable[list[_Request]]:
    """Yield groups of requests whose queries have one type and one project.

    A group has at most `max_group` requests.
    """

    def statement(request: _Request) -> tuple[str, str]:
        return type(request.query).__name__, request.query.project

    requests.sort(key=statement)
    for _, same_statement in groupby(requests, statement):
        group = list(same_statement)
        size = type(group[0].query).max_group
        for start in range(0, len(group), size):
            yield group[start : start + size]


def _drain(requests: deque[_Request]) -> set[_Request]:
    """Remove and return the requests in the deque, to which another thread may append."""
    return {requests.popleft() for _ in range(len(requests))}


def _time_out(future: "asyncio.Future[Any]") -> None:
    if not future.done():
        future.set_exception(TimeoutError())
