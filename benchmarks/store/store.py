"""Throughput of the Store alone: tasks submitted, claimed and completed per second.

usage: python -m benchmarks.store.store [--tasks 2000] [--rounds 7] [--workers 1]

A turn is one transaction of a worker, which records the last chunk and claims the next chunk. Both
databases are on the same disk with the durability of production, and take turns, so that noise of
the machine affects both equally. PostgreSQL is the server of the tests with its default settings,
over TCP on this machine. The figures are medians of the rounds, by the wall clock, and the
processor time of Python. Each of several workers is a thread with a separate connection.
"""

import argparse
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import postgres
from tests.support.stores import FullStore

from benchmarks.common.load_generator import BELL
from quantumtask.api.ids import new_id
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Result, Submission, TaskSpec

CHUNKS = (1, 20, 200)
BATCH_SIZE = 50
RESULT = Result('{"00":511,"11":513}', None, 7, "aer", "1", "statevector", 0.1)


@dataclass
class MeasuredStore:
    """Store of a database, with the seconds of its operations."""

    name: str
    settings: Settings
    seconds: dict[str, list[float]] = field(default_factory=dict)
    python: dict[str, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        settings = Settings(
            data_dir=self.settings.data_dir,
            database=self.settings.database,
            busy_timeout_s=60,
            max_waiting_tasks=10**9,
            max_waiting_per_owner=10**9,
        )
        self.store, self.settings = FullStore(settings), settings

    def round(self, tasks: int, chunk: int, workers: int) -> None:
        submissions = [Submission(new_id(), TaskSpec(BELL), 1.0) for _ in range(tasks)]
        parts = [submissions[n : n + BATCH_SIZE] for n in range(0, tasks, BATCH_SIZE)]
        with self.timer(f"submit, {BATCH_SIZE} together"):
            for part in parts:
                self.store.submit(part)
        with ThreadPoolExecutor(workers) as pool:
            stores = list(pool.map(FullStore, [self.settings] * workers))
            with self.timer(f"claim and complete, {chunk} together"):
                completed = sum(pool.map(work, stores, [chunk] * workers))
        assert completed == tasks
        for store in stores:
            store.close()

    def timer(self, title: str) -> "Timer":
        return Timer(self.seconds.setdefault(title, []), self.python.setdefault(title, []))


class Timer:
    def __init__(self, seconds: list[float], python: list[float]) -> None:
        self._seconds, self._python = seconds, python

    def __enter__(self) -> None:
        self._began = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self._seconds.append(time.perf_counter() - self._began[0])
        self._python.append(time.process_time() - self._began[1])


def work(store: FullStore, chunk: int) -> int:
    """Run turns until no task is left, and return the number of completed tasks."""
    completed, ended = 0, list[tuple[Assignment, Result]]()
    while True:
        with store.transaction(durable=bool(ended)):
            completed += len(store.complete(ended))
            claimed = store.claim("worker", chunk - 0.5)
        if not claimed:
            return completed
        ended = [(assignment, RESULT) for assignment in claimed]


def report(databases: list[MeasuredStore], tasks: int) -> None:
    print(
        f"{'tasks a second':34} "
        + " ".join(f"{database.name:>13}" for database in databases)
        + "  ratio"
    )
    for title in databases[0].seconds:
        slow = [statistics.median(database.seconds[title]) for database in databases]
        cells = " ".join(f"{tasks / seconds:13,.0f}" for seconds in slow)
        print(f"{title:34} {cells} {slow[0] / slow[1]:6.2f}")
        shares = [statistics.median(database.python[title]) for database in databases]
        cells = " ".join(f"{share / each:13.0%}" for share, each in zip(shares, slow, strict=True))
        print(f"{'  of that time in Python':34} {cells}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    server = postgres.Server().start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            databases = [
                MeasuredStore("SQLite", Settings(data_dir=Path(folder))),
                MeasuredStore("PostgreSQL", Settings(data_dir=Path(folder), database=server.url)),
            ]
            for _ in range(options.rounds):
                for chunk in CHUNKS:
                    for database in databases:
                        database.round(options.tasks, chunk, options.workers)
            report(databases, options.tasks)
            for database in databases:
                database.store.close()
    finally:
        server.remove()


if __name__ == "__main__":
    main()
