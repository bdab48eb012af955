"""Reading for everybody who asks, waits or follows, with one thread and one query for all."""

import asyncio
import queue
import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from quantumtask.api.bundler import deliver
from quantumtask.api.news import Question
from quantumtask.shared.batches import Batches

A = TypeVar("A")

_SHORTEST_S = 0.0001
_MOST_SHORTEST = 10  # for each who waits, up to so many: one look is then for several
_EACH_S = 0.00001  # ... and a hundredth of that for each beyond, up to _SLOWEST_S
_SLOWEST_S = 0.01
_LONGEST_S = 0.02


@dataclass(frozen=True, eq=False, slots=True)
class _Request:
    question: Question[Any]
    future: "asyncio.Future[Any]"
    waits: bool = False
    patient: bool = False  # waits for the database as well, should it not answer


class Reader:
    """Answers a question as things are, or as soon as there is news.

    While somebody waits, the thread asks the database now and then whether anything was written at
    all, which costs microseconds and reads no table; only then does it look, once for all who wait.
    It asks again after a tenth of the time since the last newcomer: a wait is never a tenth longer
    than it need be, and a long one costs next to nothing. Who joins those who wait does not wake
    the thread: a task that was just submitted can wait for the next look.
    """

    def __init__(self, store: Batches) -> None:
        self._store = store
        self._new: deque[_Request] = deque()
        self._wake: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._idle = False
        self._stopping = False
        self._newcomer_at = 0.0
        self._pass_s = 0.0
        self._missed = False
        self._left = False  # somebody waits no longer
        self._nobody_waits = False  # any more
        self._waits: set[asyncio.Future[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    async def now(self, question: Question[A]) -> A:
        """The answer as things are now."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._ask(_Request(question, future))
        return await future

    async def wait(self, question: Question[A], seconds: float) -> A:
        """The answer as soon as there is news, or as things are after `seconds`."""
        future = self.news(question, patient=False)
        late = asyncio.get_running_loop().call_later(seconds, _let_go, future)
        try:
            return await future
        except TimeoutError:
            return await self.now(question)
        finally:
            late.cancel()

    def news(self, question: Question[A], *, patient: bool = True) -> "asyncio.Future[A]":
        """The answer as soon as there is news; TimeoutError once nobody is to wait any more.

        Cancel it to wait no longer. Who is `patient` waits for a database that does not answer;
        others are told so, if it does not from the first.
        """
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._ask(_Request(question, future, waits=True, patient=patient))
        self._waits.add(future)
        future.add_done_callback(self._leave)
        if self._nobody_waits:
            _let_go(future)
        return future

    def stop_waiting(self) -> None:
        """Lets everybody go who waits, or will. Call it on the event loop."""
        self._nobody_waits = True
        for future in tuple(self._waits):
            _let_go(future)

    def stop(self) -> None:
        self._stopping = True
        self._wake.put(True)
        self._thread.join()
        self._store.close()

    def _leave(self, future: "asyncio.Future[Any]") -> None:
        self._waits.discard(future)
        self._left = True

    def _ask(self, request: _Request) -> None:
        self._new.append(request)
        if self._idle or not request.waits:
            self._wake.put(True)

    def _run(self) -> None:
        waiting: list[_Request] = []
        while not self._stopping:
            self._sleep(self._pause_s(len(waiting)) if waiting else None)
            if self._left:
                self._left = False  # before looking who did
                waiting = [r for r in waiting if not r.future.done()]
            new = [self._new.popleft() for _ in range(len(self._new))]
            if new or waiting:
                waiting = self._look(new, waiting)

    def _pause_s(self, waiting: int) -> float:
        """How long until the next look; after a look that took long, as long again."""
        shortest = _SHORTEST_S * min(waiting, _MOST_SHORTEST)
        many = min(_EACH_S * waiting, _SLOWEST_S)
        waited = time.monotonic() - self._newcomer_at
        return max(shortest, many, min(_LONGEST_S, waited / 10), self._pass_s)

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
            if new or changed:
                for some in _together(self._ready(new + waiting if changed else new)):
                    answered |= self._answer(some)
            self._missed = False
        except Exception as error:
            self._missed = True
            left = [r for r in new if id(r) not in answered and not r.patient]
            deliver([r.future for r in left], [error] * len(left))
            answered |= set(map(id, left))
        self._pass_s = time.monotonic() - started
        if not new and not answered:
            return waiting
        return [r for r in (*waiting, *new) if id(r) not in answered]

    def _answer(self, some: list[_Request]) -> set[int]:
        questions = [r.question for r in some]
        deliver([r.future for r in some], type(questions[0]).answers(self._store, questions))
        return set(map(id, some))

    def _ready(self, asked: list[_Request]) -> list[_Request]:
        """Those who do not wait, and those for whom there is news."""
        keys: dict[Any, set[str]] = {}
        for r in asked:
            if r.waits:
                keys.setdefault(type(r.question).MARKS, set()).add(r.question.key)
        marks = {find: find(self._store, ids) for find, ids in keys.items()}
        return [
            r
            for r in asked
            if not r.waits or r.question.ready(marks[type(r.question).MARKS].get(r.question.key))
        ]


def _together(ready: list[_Request]) -> Iterable[list[_Request]]:
    """Those who ask in the same way, as many at a time as that way allows."""
    ready.sort(key=lambda r: type(r.question).__name__)
    for way, group in groupby(ready, lambda r: type(r.question)):
        same = list(group)
        for start in range(0, len(same), way.TOGETHER):
            yield same[start : start + way.TOGETHER]


def _let_go(future: "asyncio.Future[Any]") -> None:
    if not future.done():
        future.set_exception(TimeoutError())
