"""Throughput of the executors: slots of this machine, and a Ray cluster on this machine.

usage: python -m benchmarks.service.executors [--seconds 3] [--rounds 5] [--slots 2]

The load is Bell circuits in chunks, one chunk for each free slot, without API and database. Both
executors have the same number of slots and take turns, so that noise of the machine affects both
equally. The figures are medians of the rounds: tasks per second, and the round trip of one task.
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
from quantumtask.worker.executors import open_executor
from quantumtask.worker.outcome import AttemptOutcome

CHUNKS = (1, 20, 200)
_names = map(str, itertools.count())


@dataclass
class ExecutorRunner:
    """Executor with its rates, by the size of the chunks, and its round trips."""

    kind: str
    slots: int
    rates: dict[int, list[float]] = field(default_factory=dict)
    round_trips: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ended = threading.Semaphore(0)
        settings = Settings(executor=self.kind, slots=self.slots, slot_memory_mb=1024)
        self.executor = open_executor(settings, self._on_outcomes, print)
        self.executor.warm()
        while self.executor.free < self.slots:
            time.sleep(0.1)

    def _on_outcomes(self, outcomes: list[AttemptOutcome]) -> None:
        for outcome in outcomes:
            assert outcome.value is not None
            self._ended.release()

    def round(self, chunk: int, seconds: float) -> None:
        began, submitted = time.perf_counter(), 0
        while time.perf_counter() < began + seconds:
            if self.executor.free:
                self.executor.submit([_bell() for _ in range(chunk)])
                submitted += chunk
            else:
                time.sleep(0.0002)
        for _ in range(submitted):
            self._ended.acquire()
        self.rates.setdefault(chunk, []).append(submitted / (time.perf_counter() - began))

    def time_round_trip(self) -> None:
        """Measure the round trip of one task."""
        began = time.perf_counter()
        self.executor.submit([_bell()])
        self._ended.acquire()
        self.round_trips.append(1000 * (time.perf_counter() - began))
        while self.executor.free < self.slots:
            time.sleep(0.0002)


def _bell() -> Assignment:
    return Assignment(next(_names), 1, "benchmark", 0, 1.0, TaskSpec(BELL))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=float, default=3)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--slots", type=int, default=2)
    options = options.parse_args()
    cluster = Cluster(cores=options.slots).start()
    os.environ.update(cluster.access, RAY_ADDRESS=cluster.address)
    try:
        runners = [ExecutorRunner(kind, options.slots) for kind in EXECUTORS]
        for _ in range(options.rounds):
            for runner in runners:
                for _ in range(50):
                    runner.time_round_trip()
                for chunk in CHUNKS:
                    runner.round(chunk, options.seconds)
        report(runners)
        for runner in runners:
            runner.executor.stop()
    finally:
        cluster.stop()


def report(runners: list[ExecutorRunner]) -> None:
    print("|" + " | ".join(["", *(runner.kind for runner in runners), "ratio"]) + " |")
    print("|---" * (len(runners) + 2) + "|")
    times = [statistics.median(runner.round_trips) for runner in runners]
    print(f"| round trip of one task, ms | {times[0]:.2f} | {times[1]:.2f} | {_ratio(times)} |")
    for chunk in CHUNKS:
        rates = [statistics.median(runner.rates[chunk]) for runner in runners]
        cells = " | ".join(f"{rate:,.0f}" for rate in rates)
        print(f"| tasks a second, {chunk} in a chunk | {cells} | {_ratio(rates)} |")


def _ratio(figures: list[float]) -> str:
    return f"{figures[1] / figures[0]:.2f}"


if __name__ == "__main__":
    main()
