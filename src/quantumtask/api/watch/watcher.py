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

from quantumtask.api.futures import deliver
from quantumtask.api.watch.queries import Question
from quantumtask.shared.api_store import Batches

A = TypeVar("A")

_SHORTEST_S = 0.0001
_MOST_SHORTEST = 10  # for each who waits, up to so many: one look is then for several
_EACH_S = 0.00001  # for each of very many, whom a look takes longer to serve
_MANY = 1000  # of whom some come and go all the time: only an end is news then
_LONGEST_S = 0.03


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
    It asks again after a tenth of the time since somebody came or was answered: a wait is never a
    tenth longer than it need be, and a long one costs next to nothing. Who joins those who wait
    does not wake the thread: a task that was just submitted can wait for the next look.
    """

    def __init__(self, store: Batches) -> None:
        self._store = store
        self._new: deque[_Request] = deque()
        # No SimpleQueue: its `get` with a timeout may block forever (CPython 3.11 and 3.12).
        self._wake: queue.Queue[bool] = queue.Queue()
        self._idle = False
        self._stopping = False
        self._moved_at = 0.0  # somebody came, or was answered
        self._pass_s = 0.0
        self._missed = False
        self._left: deque[_Request] = deque()  # who waits no longer
        self._waiting: set[_Request] = set()
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
        request = _Request(question, future, waits=True, patient=patient)
        self._ask(request)
        self._waits.add(future)
        future.add_done_callback(lambda _: self._leave(request))
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

    def _leave(self, request: _Request) -> None:
        self._waits.discard(request.future)
        self._left.append(request)

    def _ask(self, request: _Request) -> None:
        self._new.append(request)
        if self._idle or not request.waits:
            self._wake.put(True)

    def _run(self) -> None:
        while not self._stopping:
            self._sleep(self._pause_s() if self._waiting else None)
            left = _all(self._left)  # before the new ones, who may have left already
            new = _all(self._new) - left
            self._waiting -= left
            if new or self._waiting:
                self._look(new)

    def _pause_s(self) -> float:
        """How long until the next look; after a look that took long, as long again."""
        waiting = len(self._waiting)
        shortest = _SHORTEST_S * min(waiting, _MOST_SHORTEST)
        many = _EACH_S * min(waiting, _MANY)
        waited = time.monotonic() - self._moved_at
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

    def _look(self, new: set[_Request]) -> None:
        """Answers whom it can; the others go on waiting."""
        started, heard = time.monotonic(), False
        asked = set(new)
        try:
            changed = bool(self._waiting) and (self._store.changed() or self._missed)
            self._missed = changed  # until this look has succeeded
            if new or changed:
                for some in _together(self._ready(new | self._waiting if changed else new)):
                    self._answer(some)
                    heard = heard or any(r.waits for r in some)
                    asked.difference_update(some)
                    self._waiting.difference_update(some)
            self._missed = False
        except Exception as error:
            self._missed = True
            refused = [r for r in asked if not r.patient]
            deliver([r.future for r in refused], [error] * len(refused))
            asked.difference_update(refused)
        self._waiting |= asked
        ended = time.monotonic()
        self._pass_s = ended - started
        if heard or (new and len(self._waiting) < _MANY):
            self._moved_at = ended

    def _answer(self, some: list[_Request]) -> None:
        questions = [r.question for r in some]
        deliver([r.future for r in some], type(questions[0]).answers(self._store, questions))

    def _ready(self, asked: set[_Request]) -> list[_Request]:
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


def _all(arrived: deque[_Request]) -> set[_Request]:
    """What another thread has put there; it may be putting more."""
    return {arrived.popleft() for _ in range(len(arrived))}


def _let_go(future: "asyncio.Future[Any]") -> None:
    if not future.done():
        future.set_exception(TimeoutError())
