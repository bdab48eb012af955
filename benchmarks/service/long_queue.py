"""A long queue: how long claims and reads take while so many tasks wait.

usage: python -m benchmarks.service.long_queue [--database sqlite] [--tasks 100000] [--rounds 500]

Tasks of ten owners are submitted and wait; then claims of one and of twenty tasks are measured at
the Store, and reads over HTTP from an API on the same database: one task (with its place in the
queue), a page of tasks, and the totals of the queue. By the clock, in milliseconds. We want 95 % of
claims and 99 % of reads under 50 ms. Exits with 1 if they are not.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tests.support.postgres import Server
from tests.support.services import Service
from tests.support.stores import FullStore

from benchmarks.common.load_generator import BELL
from quantumtask.api.ids import new_id
from quantumtask.shared.task import Submission, TaskSpec

TOGETHER = 1000
OWNERS = 10
WANTED_MS = 50.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=500)
    given = parser.parse_args()
    server = Server().start() if given.database == "postgresql" else None
    try:
        with tempfile.TemporaryDirectory() as folder:
            service = Service(Path(folder), database=server.url if server else "")
            return 0 if measure(service, given.tasks, given.rounds) else 1
    finally:
        if server:
            server.remove()


def measure(service: Service, tasks: int, rounds: int) -> bool:
    store = FullStore(
        replace(service.settings, max_waiting_tasks=10**9, max_waiting_per_owner=10**9)
    )
    ids = fill(store, tasks)
    service.start_api()
    while service.try_get("/health") != 200:
        time.sleep(0.05)
    random_ = random.Random(1)
    paths = {
        "read one": lambda: f"/tasks/{random_.choice(ids)}",
        "read a page": lambda: "/tasks?limit=20&status=pending",
        "read the totals": lambda: "/queue",
    }
    try:
        kept = [
            told(
                what, [timed(lambda path=path: read(service, path())) for _ in range(rounds)], 0.99
            )
            for what, path in paths.items()
        ]
        for many in (1, 20):
            spent = [timed(lambda many=many: store.claim("w", many - 0.5)) for _ in range(rounds)]
            kept.append(told(f"claim {many}", spent, 0.95))
    finally:
        service.stop()
        store.close()
    return all(kept)


def fill(store: FullStore, tasks: int) -> list[str]:
    started = time.monotonic()
    ids = [new_id() for _ in range(tasks)]
    for start in range(0, tasks, TOGETHER):
        part = ids[start : start + TOGETHER]
        specs = [TaskSpec(BELL, owner=f"owner{n % OWNERS}") for n in range(len(part))]
        store.submit([Submission(i, s, 1.0) for i, s in zip(part, specs, strict=True)])
    print(f"{tasks:,} tasks wait, submitted in {time.monotonic() - started:.0f} s", flush=True)
    return ids


def read(service: Service, path: str) -> None:
    answer = service.http.get(path)
    assert answer.status_code == 200, answer.text + service.logs()


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - started)


def told(what: str, spent: list[float], share: float) -> bool:
    spent.sort()
    median, most = spent[len(spent) // 2], spent[int(share * (len(spent) - 1))]
    print(f"{what:16} median {median:7.2f} ms, {share:.0%} under {most:7.2f} ms", flush=True)
    return most < WANTED_MS


if __name__ == "__main__":
    sys.exit(main())
