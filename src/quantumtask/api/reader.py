"""Reading tasks for everybody who asks or waits, with one thread and one query for all of them."""

import asyncio
import queue
import threading
import time
from collections import deque
from dataclasses import dataclass

from quantumtask.api.batch import deliver
from quantumtask.shared.db import Store
from quantumtask.shared.task import Task

_SHORTEST_S = 0.0001
_MOST_SHORTEST = 10  # for each who waits, up to so many: one look is then for several
_LONGEST_S = 0.02
_MOST_READ = 16  # results can be large: not all of them in memory at once


@dataclass(frozen=True, eq=False, slots=True)
class _Request:
    task_id: str
    waits: bool
    future: "asyncio.Future[Task | None]"


class Reader:
    """Answers with a task as it is, or as soon as it is final.

    While somebody waits, the thread asks the database now and then whether anything was written at
    all, which costs microseconds and reads no table; only then does it look, once for all who wait.
    It asks again after a tenth of the time since the last newcomer: a wait is never a tenth longer
    than it need be, and a long one costs next to nothing. Who joins those who wait does not wake
    the thread: a task that was just submitted can wait for the next look.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._new: deque[_Request] = deque()
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._idle = False
        self._stopping = False
        self._newcomer_at = 0.0
        self._pass_s = 0.0
        self._missed = False
        self._waits: set[asyncio.Future[Task | None]] = set()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    async def read(self, task_id: str) -> Task | None:
        """The task as it is now; None if there is none."""
        return await self._ask(task_id, waits=False)

    async def wait(self, task_id: str, seconds: float) -> Task | None:
        """The task when it is final, or as it is after `seconds`; None at once if there is none."""
        future = self._ask(task_id, waits=True)
        late = asyncio.get_running_loop().call_later(seconds, _let_go, future)
        self._waits.add(future)
        try:
            return await future
        except TimeoutError:
            return await self.read(task_id)
        finally:
            late.cancel()
            self._waits.discard(future)

    def stop_waiting(self) -> None:
        """Lets everybody who waits go with the task as it is. Call it on the event loop."""
        for future in tuple(self._waits):
            _let_go(future)

    def stop(self) -> None:
        self._stopping = True
        self._wake.put(True)
        self._thread.join()
        self._store.close()

    def _ask(self, task_id: str, *, waits: bool) -> "asyncio.Future[Task | None]":
        future: asyncio.Future[Task | None] = asyncio.get_running_loop().create_future()
        self._new.append(_Request(task_id, waits, future))
        if self._idle or not waits:
            self._wake.put(True)
        return future

    def _run(self) -> None:
        waiting: list[_Request] = []
        while not self._stopping:
            self._sleep(self._pause_s(len(waiting)) if waiting else None)
            new = [self._new.popleft() for _ in range(len(self._new))]
            waiting = [r for r in waiting if not r.future.done()]
            waiting = self._look(new, waiting)

    def _pause_s(self, waiting: int) -> float:
        """How long until the next look; after a look that took long, as long again."""
        shortest = _SHORTEST_S * min(waiting, _MOST_SHORTEST)
        waited = time.monotonic() - self._newcomer_at
        return max(shortest, min(_LONGEST_S, waited / 10), self._pass_s)

    def _sleep(self, pause_s: float | None) -> None:
        """Until the time is up or somebody wants an answer now; without a time, until one asks."""
        self._idle = pause_s is None  # before looking whether one has asked: not to miss the ring
        try:
            if pause_s is not None or not self._new:
                self._wake.get(timeout=pause_s)
            while True:
                self._wake.get_nowait()
        except queue.Empty:
            self._idle = False

    def _look(self, new: list[_Request], waiting: list[_Request]) -> list[_Request]:
        """Answers whom it can and returns those who go on waiting."""
        started = time.monotonic()
        self._newcomer_at = started if new else self._newcomer_at
        answered: set[int] = set()
        try:
            changed = bool(waiting) and (self._store.changed() or self._missed)
            self._missed = changed  # until this look has succeeded
            ready = self._ready(new + waiting if changed else new)
            for start in range(0, len(ready), _MOST_READ):
                answered |= self._answer(ready[start : start + _MOST_READ])
            self._missed = False
        except Exception as error:
            left = [r for r in new if id(r) not in answered]
            deliver([r.future for r in left], [error] * len(left))
            answered |= set(map(id, left))
        self._pass_s = time.monotonic() - started
        return [r for r in {id(r): r for r in new + waiting}.values() if id(r) not in answered]

    def _answer(self, ready: list[_Request]) -> set[int]:
        tasks = self._store.read({r.task_id for r in ready})
        deliver([r.future for r in ready], [tasks.get(r.task_id) for r in ready])
        return set(map(id, ready))

    def _ready(self, asked: list[_Request]) -> list[_Request]:
        """Those who do not wait, and those whose task is final or unknown."""
        waits = [r for r in asked if r.waits]
        states = self._store.states({r.task_id for r in waits}) if waits else {}
        return [
            r
            for r in asked
            if not r.waits or (state := states.get(r.task_id)) is None or state.final
        ]


def _let_go(future: "asyncio.Future[Task | None]") -> None:
    if not future.done():
        future.set_exception(TimeoutError())
