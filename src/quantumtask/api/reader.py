"""Reading tasks for everybody who asks or waits, with one thread and one query for all of them."""

import asyncio
import queue
import threading
import time
from dataclasses import dataclass

from quantumtask.api.batch import deliver
from quantumtask.shared.db import Store
from quantumtask.shared.task import Task

_SHORTEST_S = 0.0003
_LONGEST_S = 0.02
_MOST_READ = 16  # results can be large: not all of them in memory at once


@dataclass(frozen=True, eq=False)
class _Request:
    task_id: str
    waits: bool
    future: "asyncio.Future[Task | None]"


class Reader:
    """Answers with a task as it is, or as soon as it is final.

    While somebody waits, the thread asks the database now and then whether anything was written at
    all, which costs microseconds and reads no table; only then does it look, once for all who wait.
    It asks again after a tenth of the time since the last newcomer: a wait is never a tenth longer
    than it need be, and a long one costs next to nothing.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._queue: queue.SimpleQueue[_Request | None] = queue.SimpleQueue()
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
        try:
            async with asyncio.timeout(seconds):
                return await self._ask(task_id, waits=True)
        except TimeoutError:
            return await self.read(task_id)

    def stop_waiting(self) -> None:
        """Lets everybody who waits go with the task as it is. Call it on the event loop."""
        for future in tuple(self._waits):
            if not future.done():
                future.set_exception(TimeoutError())

    def stop(self) -> None:
        self._queue.put(None)
        self._thread.join()
        self._store.close()

    async def _ask(self, task_id: str, *, waits: bool) -> Task | None:
        future: asyncio.Future[Task | None] = asyncio.get_running_loop().create_future()
        if waits:
            self._waits.add(future)
            future.add_done_callback(self._waits.discard)
        self._queue.put(_Request(task_id, waits, future))
        return await future

    def _run(self) -> None:
        waiting: list[_Request] = []
        while True:
            new = self._take(self._pause_s() if waiting else None)
            if None in new:
                return
            waiting = [r for r in waiting if not r.future.done()]
            waiting = self._look([r for r in new if r], waiting)

    def _pause_s(self) -> float:
        """How long until the next look; after a look that took long, longer."""
        waited = time.monotonic() - self._newcomer_at
        return max(_SHORTEST_S, min(_LONGEST_S, waited / 10), 4 * self._pass_s)

    def _take(self, timeout: float | None) -> list[_Request | None]:
        try:
            taken = [self._queue.get(timeout=timeout)]
            while True:
                taken.append(self._queue.get_nowait())
        except queue.Empty:
            return taken if "taken" in locals() else []

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
