"""Growth of the cost with a million finished tasks, and with a hundred times the gates.

usage: python -m benchmarks.store.growth [--tasks 1000000] [--rounds 400]

A database with a thousand finished tasks and a database with a million finished tasks are measured
in turn, so that noise of the machine affects both equally. The insertion of a million tasks takes
some minutes. Times are processor time.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from tests.support.stores import FullStore

from benchmarks.common.load_generator import BELL
from benchmarks.engines.parsing import build_text
from quantumtask.api.ids import new_id
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, Submission, TaskSpec

T = TypeVar("T")

FEW_TASKS = 1_000
GATES = (1_000, 100_000)
TARGET_RATIO = 1.5
BATCH = 200
RESULT = Result('{"00":511,"11":513}', None, 7, "aer", "1", "statevector", 0.1)
TURNS = ("submit", "claim", "complete", "read", "wait", "read an old one")


class Database:
    """Store with finished tasks, with one connection for the API and one for a worker."""

    def __init__(self, folder: Path, finished: int) -> None:
        settings = Settings(data_dir=folder)
        self.api, self.worker = FullStore(settings), FullStore(settings)
        self.finished = finished
        self.ids = [self._finish(BATCH)[0] for _ in range(finished // BATCH)]
        self.durations: dict[str, list[float]] = {turn: [] for turn in TURNS}

    def _finish(self, tasks: int) -> list[str]:
        ids = [new_id() for _ in range(tasks)]
        self.api.submit([Submission(task_id, TaskSpec(BELL), 0.1) for task_id in ids])
        claimed = self.worker.claim("worker", tasks)
        self.worker.complete([(assignment, RESULT) for assignment in claimed])
        return ids

    def turn(self, random_: random.Random) -> None:
        """Measure the path of one task through the database, and a read of an old task."""
        task_id, old = new_id(), random_.choice(self.ids)
        submission = Submission(task_id, TaskSpec(BELL), 0.1)
        self._measure("submit", lambda: self.api.submit([submission]))
        claimed = self._measure("claim", lambda: self.worker.claim("worker", 1))
        self._measure("complete", lambda: self.worker.complete([(claimed[0], RESULT)]))
        self._measure("wait", lambda: self.api.task_states([task_id]))
        self._measure("read", lambda: self.api.read(ALL_PROJECTS, [task_id]))
        self._measure("read an old one", lambda: self.api.read(ALL_PROJECTS, [old]))

    def _measure(self, turn: str, work: Callable[[], T]) -> T:
        started = time.process_time()
        answer = work()
        self.durations[turn].append(time.process_time() - started)
        return answer

    def microseconds(self, turn: str) -> float:
        return 1e6 * statistics.median(self.durations[turn])


def tasks(many: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        few, lots = (Database(Path(folder) / str(n), n) for n in (FEW_TASKS, many))
        random_ = random.Random(1)
        for _ in range(rounds):
            few.turn(random_)
            lots.turn(random_)
        print(f"{'':18} {few.finished:>9,} tasks {lots.finished:>9,} tasks  ratio  target")
        for turn in TURNS:
            report(turn, few.microseconds(turn), lots.microseconds(turn))


def gates(rounds: int) -> None:
    texts = [build_text(gates) for gates in GATES]
    times = [[seconds(text) / gates for text, gates in zip(texts, GATES, strict=True)]
             for _ in range(rounds)]  # fmt: skip
    print(f"{'':18} {GATES[0]:>9,} gates {GATES[1]:>9,} gates  ratio  target")
    report("parse one gate", *(1e6 * min(column) for column in zip(*times, strict=True)))


def seconds(text: str) -> float:
    started = time.process_time()
    compile_uncached(text, Settings())
    return time.process_time() - started


def report(what: str, small: float, large: float) -> None:
    print(f"{what:18} {small:>12.1f} us {large:>12.1f} us {large / small:6.2f} {TARGET_RATIO:7.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=400)
    arguments = parser.parse_args()
    gates(7)
    tasks(arguments.tasks, arguments.rounds)


if __name__ == "__main__":
    main()
