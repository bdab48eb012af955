"""What an executor gets done, on this machine's slots and on a Ray cluster of this machine.

usage: python -m benchmarks.service.executors [--seconds 3] [--rounds 5] [--slots 2]

Bell circuits in chunks, one for each slot that is free, without API and database. Both executors
have as many slots and take turns, so a noisy machine disturbs both alike. Told is the median of the
rounds: tasks a second, and what a chunk of one task takes there and back.
"""

import argparse
import itertools
import os
import statistics
import threading
import time
from dataclasses import dataclass, field

from tests.support.ray_cluster import Cluster

from benchmarks.common.load_generator import BELL
from quantumtask.shared.settings import EXECUTORS, Settings
from quantumtask.shared.task import Assignment, TaskSpec
from quantumtask.worker.outcome import AttemptOutcome
from quantumtask.worker.worker import open_executor

CHUNKS = (1, 20, 200)
_names = map(str, itertools.count())


@dataclass
class Side:
    """One executor, and the rates it reached by the size of its chunks."""

    kind: str
    slots: int
    rates: dict[int, list[float]] = field(default_factory=dict)
    trips: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ended = threading.Semaphore(0)
        settings = Settings(executor=self.kind, slots=self.slots, slot_memory_mb=1024)
        self.executor = open_executor(settings, self._hear, print)
        self.executor.warm()
        while self.executor.free < self.slots:
            time.sleep(0.1)

    def _hear(self, outcomes: list[AttemptOutcome]) -> None:
        for outcome in outcomes:
            assert outcome.value is not None
            self._ended.release()

    def round(self, chunk: int, seconds: float) -> None:
        begun, sent = time.perf_counter(), 0
        while time.perf_counter() < begun + seconds:
            if self.executor.free:
                self.executor.submit([_bell() for _ in range(chunk)])
                sent += chunk
            else:
                time.sleep(0.0002)
        for _ in range(sent):
            self._ended.acquire()
        self.rates.setdefault(chunk, []).append(sent / (time.perf_counter() - begun))

    def trip(self) -> None:
        """One task alone, from here and back."""
        begun = time.perf_counter()
        self.executor.submit([_bell()])
        self._ended.acquire()
        self.trips.append(1000 * (time.perf_counter() - begun))
        while self.executor.free < self.slots:
            time.sleep(0.0002)


def _bell() -> Assignment:
    return Assignment(next(_names), 1, "benchmark", 0, 1.0, TaskSpec(BELL))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--slots", type=int, default=2)
    given = options.parse_args()
    cluster = Cluster(cores=given.slots).start()
    os.environ.update(cluster.access, RAY_ADDRESS=cluster.address)
    try:
        sides = [Side(kind, given.slots) for kind in EXECUTORS]
        for _ in range(given.rounds):
            for side in sides:
                for _ in range(50):
                    side.trip()
                for chunk in CHUNKS:
                    side.round(chunk, given.seconds)
        report(sides)
        for side in sides:
            side.executor.stop()
    finally:
        cluster.stop()


def report(sides: list[Side]) -> None:
    print("|" + " | ".join(["", *(side.kind for side in sides), "ratio"]) + " |")
    print("|---" * (len(sides) + 2) + "|")
    trips = [statistics.median(side.trips) for side in sides]
    print(f"| one task there and back, ms | {trips[0]:.2f} | {trips[1]:.2f} | {_ratio(trips)} |")
    for chunk in CHUNKS:
        rates = [statistics.median(side.rates[chunk]) for side in sides]
        told = " | ".join(f"{rate:,.0f}" for rate in rates)
        print(f"| tasks a second, {chunk} in a chunk | {told} | {_ratio(rates)} |")


def _ratio(figures: list[float]) -> str:
    return f"{figures[1] / figures[0]:.2f}"


if __name__ == "__main__":
    main()
