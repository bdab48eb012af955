"""Overhead of the service: tasks through HTTP, compared with the same slots fed directly.

usage: python -m benchmarks.service.overhead [--rounds 5]

Direct: this process sends chunks to the slots of a worker, of the sizes that a worker would use for
the same number of clients, without HTTP, database and waiting clients. Both take turns on the same
machine. Clients, service and slots share its cores, so that HTTP takes time from the slots.
"""

import argparse
import os
import queue
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

from tests.support.services import Service

from benchmarks.common.load_generator import BELL, drive, layers
from quantumtask.api.service.predicted_cost import predict_ms
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, TaskSpec
from quantumtask.worker.outcome import AttemptOutcome
from quantumtask.worker.slots.executor import LocalExecutor, pack_chunks


@dataclass(frozen=True)
class Case:
    """Row of the table; `target` is the target for the ratio of tasks per second."""

    title: str
    circuit: Callable[[int], str]
    clients: int
    tasks: int
    target: float


NUMBERS = count()
"""Numbers that make circuits different, because the worker caches programs."""

CASES = (
    Case("Bell, 16 clients", lambda _: BELL, 16, 2000, 0.5),
    Case("Bell, 64 clients", lambda _: BELL, 64, 4000, 0.5),
    Case("18 qubits x 20 layers", lambda k: layers(18, 20, k), 8, 24, 0.95),
    Case("20 qubits x 20 layers", lambda k: layers(20, 20, k), 8, 16, 0.95),
)


class Slots:
    """Slots without a worker."""

    def __init__(self) -> None:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # as in the slots of a worker
        self._ended: queue.SimpleQueue[list[AttemptOutcome] | BaseException] = queue.SimpleQueue()
        self._executor = LocalExecutor(Settings(), self._ended.put, self._ended.put)
        self._executor.warm()

    def per_second(self, case: Case) -> float:
        waiting = [assignment(case.circuit(k)) for k in islice(NUMBERS, case.tasks)]
        remaining = len(waiting)
        started = time.perf_counter()
        while remaining:
            waiting = self._fill_free_slots(waiting, case.clients)
            remaining -= count_completed(self._ended.get())
        return case.tasks / (time.perf_counter() - started)

    def _fill_free_slots(self, waiting: list[Assignment], clients: int) -> list[Assignment]:
        """Submit to every free slot its part of the tasks that `clients` clients would send."""
        while waiting and self._executor.free:
            share = clients // self._executor.size
            [chunk], later = pack_chunks(waiting[:share], 1)
            self._executor.submit(chunk)
            waiting = later + waiting[share:]
        return waiting

    def stop(self) -> None:
        self._executor.stop()


def assignment(circuit: str) -> Assignment:
    spec = TaskSpec(circuit)
    return Assignment(os.urandom(16).hex(), 1, "nobody", 0, predict_ms(spec), spec)


def count_completed(outcomes: list[AttemptOutcome] | BaseException) -> int:
    """Return the number of ended tasks; all tasks must have completed."""
    if isinstance(outcomes, BaseException):
        raise outcomes
    assert not any(o.value is None or isinstance(o.value, Failure) for o in outcomes), outcomes
    return len(outcomes)


def through_http(url: str, case: Case) -> float:
    circuits = [case.circuit(k) for k in islice(NUMBERS, case.tasks)]
    figures = drive(url, circuits.__getitem__, tasks=case.tasks, clients=case.clients)
    assert figures.failed == 0
    return figures.per_second


def compare(case: Case, url: str, slots: Slots, rounds: int) -> None:
    through_http(url, case)
    slots.per_second(case)
    pairs = [(slots.per_second(case), through_http(url, case)) for _ in range(rounds)]
    direct, http = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(http / direct for direct, http in pairs)
    busy_ms = 1e3 * Settings().slot_count / direct
    print(
        f"{case.title:24} {busy_ms:8.2f} ms {direct:9.1f}/s {http:9.1f}/s {ratio:7.2f} "
        f"{case.target:7.2f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        service, slots = Service(Path(folder)).start(), Slots()
        print(f"{'':24} {'in a slot':>11} {'direct':>11} {'HTTP':>11} {'ratio':>7} {'target':>7}")
        for case in CASES:
            compare(case, service.url, slots, rounds)
        slots.stop()
        service.stop()


if __name__ == "__main__":
    main()
