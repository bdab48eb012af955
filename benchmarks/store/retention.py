"""Times of claims while old tasks are deleted, compared with claims without deletions.

usage: python -m benchmarks.store.retention [--tasks 20000] [--result-bytes 200]

The benchmark fills a database with finished tasks, and then submits and claims one task after
another: first alone, then while the retention thread of a worker deletes the finished tasks.
It runs on SQLite, and then on the PostgreSQL server of the tests.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.support import databases
from tests.support.stores import FullStore

from benchmarks.common.load_generator import BELL
from quantumtask.api.ids import new_id
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, Submission, Task, TaskSpec
from quantumtask.worker.retention import RetentionThread

BATCH = 200
ALONE = 500


def fill(store: FullStore, tasks: int, result: Result) -> None:
    for _ in range(tasks // BATCH):
        spec = TaskSpec(BELL, tags=("old",), parameters='{"x": 1}')
        store.submit([Submission(new_id(), spec, 0.1) for _ in range(BATCH)])
        store.complete([(assignment, result) for assignment in store.claim("worker", BATCH)])


def claims(store: FullStore, keep_running: Callable[[int], bool]) -> list[float]:
    """Return the milliseconds of each claim."""
    times: list[float] = []
    while keep_running(len(times)):
        store.submit([Submission(new_id(), TaskSpec(BELL), 0.1)])
        started = time.perf_counter()
        store.claim("worker", 1)
        times.append(1e3 * (time.perf_counter() - started))
    return times


def report(title: str, times: list[float]) -> None:
    cuts = statistics.quantiles(times, n=100)
    print(
        f"{title:22} {len(times):>6} claims: median {cuts[49]:.2f} ms, "
        f"95 % {cuts[94]:.2f} ms, 99 % {cuts[98]:.2f} ms, longest {max(times):.1f} ms"
    )


def measure(settings: Settings, tasks: int, result: Result) -> None:
    store = FullStore(settings)
    fill(store, tasks, result)
    [newest] = store.list_tasks(ALL_PROJECTS, limit=1)
    report("alone", claims(store, lambda n: n < ALONE))
    impatient = replace(settings, retention_days=1e-9, idempotency_hours=0, renew_s=0.01)
    housekeeper = RetentionThread(impatient)
    started = time.perf_counter()
    housekeeper.start()
    report(
        "while they are removed", claims(store, lambda n: n % 20 != 0 or is_deleted(store, newest))
    )
    housekeeper.stop()
    print(f"{tasks:,} tasks removed in {time.perf_counter() - started:.1f} s")
    store.close()


def is_deleted(store: FullStore, task: Task) -> bool:
    return bool(store.task_states([task.id]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--result-bytes", type=int, default=200)
    options = parser.parse_args()
    counts = json.dumps({"0" * max(1, options.result_bytes - 8): 1})
    result = Result(counts, None, 7, "aer", "1", "statevector", 0.1)
    for kind in databases.KINDS:
        with (
            tempfile.TemporaryDirectory() as folder,
            databases.empty(kind, Path(folder)) as settings,
        ):
            print(kind)
            measure(replace(settings, max_waiting_tasks=10**9), options.tasks, result)


if __name__ == "__main__":
    main()
