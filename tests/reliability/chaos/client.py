"""A careful client: it writes a journal, and repeats each request until there is an answer."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import httpx

from tests.reliability.chaos.journal import COMPLETED, Counts, Journal
from tests.support.services import NO_LIMITS, Service

PATIENCE_S = 180
LARGE_SHOTS = 25_000
PAUSE_S = 0.3
"""The longest pause between two submissions: so that they meet the blows."""


@dataclass(frozen=True)
class Order:
    """A circuit, the counts that it gives, and the states in which its task may end."""

    circuit: str
    counts: Counts | None
    ends: tuple[str, ...] = COMPLETED
    shots: int = 100
    memory: bool = False

    @property
    def body(self) -> dict[str, object]:
        return {"circuit": self.circuit, "shots": self.shots, "memory": self.memory}


def good(number: int) -> Order:
    """Return a circuit that gives the bit string of its number after some work.

    Every eighth circuit has much work, so that a task runs at all times.
    """
    flips = "".join(f"x q[{k}];" for k in range(12) if number >> k & 1)
    work = "rx(0.5) q; rx(-0.5) q;" * (1 + number % 7) + _AND_BACK * (number % 8 == 0)
    text = f'include "stdgates.inc"; qubit[17] q; bit[12] c; {flips} {work} c = measure q[0:11];'
    return Order(text, {f"{number % 4096:012b}": 100})


def mixed(number: int) -> Order:
    """Return a circuit, mostly a good one.

    Some fail, some are cancelled at once, some have a large result, and some run for several
    renewals of their lease.
    """
    if number % 5 == 3:
        return Order(f"qubit q; frobnicate({number}) q;", None, ("failed",))
    if number % 20 == 10:
        return lasting(number)
    order = good(number)
    if number % 5 == 1:
        return replace(order, ends=("cancelled", *COMPLETED))
    return large(order) if number % 5 == 2 else order


def lasting(number: int) -> Order:
    """Return a circuit that gives its number after seconds, also on an idle machine."""
    flips = "".join(f"x q[{k}];" for k in range(12) if number >> k & 1)
    text = f'include "stdgates.inc"; qubit[22] q; bit[12] c; {flips} {_FAR_AND_BACK} '
    return Order(text + "c = measure q[0:11];", {f"{number % 4096:012b}": 100})


def large(order: Order) -> Order:
    """Return a circuit with many shots and the bits of each."""
    assert order.counts
    return replace(
        order, shots=LARGE_SHOTS, memory=True, counts=dict.fromkeys(order.counts, LARGE_SHOTS)
    )


def _and_back(there: list[tuple[str, str]]) -> str:
    """Return rotations and gates, followed by their inverses."""
    back = [(gate, rotation.replace("0.3", "-0.3")) for rotation, gate in reversed(there)]
    return "".join(first + second for first, second in there + back)


_THERE = [(f"rx(0.3) q[{k % 17}]; ", f"cx q[{k % 17}], q[{(k + 1) % 17}];") for k in range(170)]
_AND_BACK = _and_back(_THERE)
_FAR = [
    (f"rx(0.3) q[{k * 5 % 22}]; ", f"cx q[{k * 5 % 22}], q[{(k * 5 + 1 + k * 7 % 21) % 22}];")
    for k in range(250)
]
_FAR_AND_BACK = _and_back(_FAR)


class Pace:
    """The share of tasks that may have been submitted by now, even over the whole trial."""

    def __init__(self, tasks: int) -> None:
        self._tasks, self._allowed = tasks, 0.0
        self._news = threading.Condition()

    def allow(self, share: float) -> None:
        """Allow this share of all tasks."""
        with self._news:
            self._allowed = share * self._tasks
            self._news.notify_all()

    def wait(self, number: int) -> None:
        """Wait for the turn of this task."""
        with self._news:
            self._news.wait_for(lambda: number < self._allowed + 1)


class Client(threading.Thread):
    """Submits circuits until all are accepted, through all faults of the API."""

    def __init__(
        self,
        service: Service,
        numbers: Sequence[int],
        journal: Journal,
        pace: Pace,
        order: Callable[[int], Order] = good,
    ) -> None:
        super().__init__(name="client")
        self._service, self._numbers = service, numbers
        self._journal, self._pace, self._order = journal, pace, order
        self._random = random.Random(numbers[0])
        self.refusals: Counter[int] = Counter()
        self.gaps: list[float] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with httpx.Client(base_url=self._service.url, timeout=10, limits=NO_LIMITS) as http:
                for number in self._numbers:
                    self._pace.wait(number)
                    time.sleep(self._random.uniform(0, PAUSE_S))
                    self._one(http, number)
        except BaseException as error:
            self.error = error

    def _one(self, http: httpx.Client, number: int) -> None:
        order = self._order(number)
        key = uuid.uuid4().hex
        self._journal.intend(key, order.counts, order.ends)
        task_id = self._persist(http, order, key)
        self._journal.answered(key, task_id)
        with suppress(httpx.TransportError):
            if "cancelled" in order.ends:
                http.post(f"/tasks/{task_id}/cancel")
            http.get(f"/tasks/{task_id}")

    def _persist(self, http: httpx.Client, order: Order, key: str) -> str:
        """Repeat a submission with one key until there is an answer."""
        headers, began = {"Idempotency-Key": key}, time.monotonic()
        while time.monotonic() < began + PATIENCE_S:
            with suppress(httpx.TransportError):
                answer = http.post("/tasks", json=order.body, headers=headers)
                if answer.status_code == 200:
                    self.gaps.append(time.monotonic() - began)
                    return str(answer.json()["task_id"])
                self.refusals[answer.status_code] += 1
                assert answer.status_code in (429, 503), answer.text
                assert "retry-after" in answer.headers, answer.text
            time.sleep(0.05)
        raise AssertionError(f"nothing was accepted for {PATIENCE_S} s")
