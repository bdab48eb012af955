"""A careful client: it writes a journal, and repeats each request until there is an answer."""

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import httpx

from tests.reliability.chaos.journal import COMPLETED, Counts, Journal
from tests.support.services import NO_LIMITS, TLS, Service

PATIENCE_S = 180
LARGE_SHOTS = 25_000
RETRY_S = 0.1
PAUSE_S = 0.3
"""The longest pause between two submissions: so that submissions are spread over the faults."""


@dataclass(frozen=True)
class CircuitCase:
    """A circuit, its expected counts, and the states in which its task may end."""

    circuit: str
    counts: Counts | None
    ends: tuple[str, ...] = COMPLETED
    shots: int = 100
    memory: bool = False

    @property
    def body(self) -> dict[str, object]:
        return {"circuit": self.circuit, "shots": self.shots, "memory": self.memory}


def checked_circuit(number: int) -> CircuitCase:
    """Return a circuit whose counts are the bit string of its number.

    Every eighth circuit takes longer, so that a task runs at all times.
    """
    flips = _flips(number)
    work = "rx(0.5) q; rx(-0.5) q;" * (1 + number % 7) + _SHORT_IDENTITY * (number % 8 == 0)
    text = f'include "stdgates.inc"; qubit[17] q; bit[12] c; {flips} {work} c = measure q[0:11];'
    return CircuitCase(text, {f"{number % 4096:012b}": 100})


def mixed_circuit(number: int) -> CircuitCase:
    """Return a circuit, in most cases a checked one.

    Some fail, some are cancelled at once, some have a large result, some run for several renewals
    of their lease, and some are so small that they run before they are stored.
    """
    if number % 5 == 4:
        return small_circuit(number)
    if number % 5 == 3:
        return CircuitCase(f"qubit q; frobnicate({number}) q;", None, ("failed",))
    if number % 20 == 10:
        return long_circuit(number)
    case = checked_circuit(number)
    if number % 5 == 1:
        return replace(case, ends=("cancelled", *COMPLETED))
    return with_large_result(case) if number % 5 == 2 else case


def small_circuit(number: int) -> CircuitCase:
    """Return a circuit that runs in less than a millisecond."""
    text = f'include "stdgates.inc"; qubit[12] q; bit[12] c; {_flips(number)} c = measure q;'
    return CircuitCase(text, {f"{number % 4096:012b}": 100})


def _flips(number: int) -> str:
    """Return gates that write a number into twelve qubits."""
    return "".join(f"x q[{k}];" for k in range(12) if number >> k & 1)


def long_circuit(number: int) -> CircuitCase:
    """Return such a circuit that takes several renewals of a lease, also on an idle machine."""
    flips = _flips(number)
    text = f'include "stdgates.inc"; qubit[22] q; bit[12] c; {flips} {_LONG_IDENTITY} '
    return CircuitCase(text + "c = measure q[0:11];", {f"{number % 4096:012b}": 100})


def with_large_result(case: CircuitCase) -> CircuitCase:
    """Return a circuit with many shots and the bits of each."""
    assert case.counts
    return replace(
        case, shots=LARGE_SHOTS, memory=True, counts=dict.fromkeys(case.counts, LARGE_SHOTS)
    )


def _with_inverse(gates: list[tuple[str, str]]) -> str:
    """Return rotations and gates, followed by their inverses."""
    back = [(gate, rotation.replace("0.3", "-0.3")) for rotation, gate in reversed(gates)]
    return "".join(first + second for first, second in gates + back)


_SHORT_GATES = [
    (f"rx(0.3) q[{k % 17}]; ", f"cx q[{k % 17}], q[{(k + 1) % 17}];") for k in range(170)
]
_SHORT_IDENTITY = _with_inverse(_SHORT_GATES)
_LONG_GATES = [
    (f"rx(0.3) q[{k * 5 % 22}]; ", f"cx q[{k * 5 % 22}], q[{(k * 5 + 1 + k * 7 % 21) % 22}];")
    for k in range(150)
]
_LONG_IDENTITY = _with_inverse(_LONG_GATES)


class SubmissionPace:
    """Limits the part of the tasks that are submitted, so that they are spread over a trial."""

    def __init__(self, tasks: int) -> None:
        self._tasks, self._allowed = tasks, 0.0
        self._condition = threading.Condition()

    def allow(self, share: float) -> None:
        """Allow the submission of this part of all tasks, from 0 to 1."""
        with self._condition:
            self._allowed = share * self._tasks
            self._condition.notify_all()

    def wait(self, number: int) -> None:
        """Wait until the task with this number may be submitted."""
        with self._condition:
            self._condition.wait_for(lambda: number < self._allowed + 1)


class Client(threading.Thread):
    """Submits circuits until all are accepted, through all faults of the API."""

    def __init__(
        self,
        service: Service,
        numbers: Sequence[int],
        journal: Journal,
        pace: SubmissionPace,
        case: Callable[[int], CircuitCase] = checked_circuit,
        *,
        waits: bool = True,
    ) -> None:
        """Prepare a client; one that `waits` asks for the end of three tasks of four at once."""
        super().__init__(name="client")
        self._waits = waits
        self._service, self._numbers = service, numbers
        self._journal, self._pace, self._case = journal, pace, case
        self._random = random.Random(numbers[0])
        self.refusals: Counter[int] = Counter()
        self.gaps: list[float] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            with httpx.Client(
                base_url=self._service.url,
                headers=self._service.http.headers,
                timeout=10,
                limits=NO_LIMITS,
                verify=TLS,
            ) as http:
                for number in self._numbers:
                    self._pace.wait(number)
                    time.sleep(self._random.uniform(0, PAUSE_S))
                    self._submit(http, number)
        except BaseException as error:
            self.error = error

    def _submit(self, http: httpx.Client, number: int) -> None:
        case = self._case(number)
        question = {"wait": 1} if self._waits and number // 8 % 4 else {}
        key = uuid.uuid4().hex
        self._journal.record_submission(key, case.counts, case.ends)
        task_id = self._submit_until_accepted(http, case, key, question)
        self._journal.record_answer(key, task_id)
        with suppress(httpx.TransportError):
            if "cancelled" in case.ends:
                http.post(f"/tasks/{task_id}/cancel")
            http.get(f"/tasks/{task_id}")

    def _submit_until_accepted(
        self, http: httpx.Client, case: CircuitCase, key: str, question: dict[str, int]
    ) -> str:
        """Repeat a submission with one key until there is an answer."""
        headers, began = {"Idempotency-Key": key}, time.monotonic()
        while time.monotonic() < began + PATIENCE_S:
            with suppress(httpx.TransportError):
                answer = http.post("/tasks", json=case.body, headers=headers, params=question)
                if answer.status_code == 200:
                    _check_answer(answer.json(), case)
                    self.gaps.append(time.monotonic() - began)
                    return str(answer.json()["task_id"])
                self.refusals[answer.status_code] += 1
                assert answer.status_code in (429, 503), answer.text
                assert "retry-after" in answer.headers, answer.text
            time.sleep(RETRY_S)
        raise AssertionError(f"nothing was accepted for {PATIENCE_S} s")


def _check_answer(task: dict[str, Any], case: CircuitCase) -> None:
    """Check the counts of a task that has ended; its row must have them, too."""
    if task["status"] == "completed":
        assert case.counts in (None, task["result"]), task
