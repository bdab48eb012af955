"""Times of claims and reads while many tasks wait.

usage: python -m benchmarks.service.long_queue [--database sqlite] [--tasks 100000] [--rounds 500]

Tasks of ten owners are submitted and wait. Then the benchmark measures claims of one task and of
twenty tasks at the Store, and reads over HTTP from an API on the same database: one task with its
queue position, a page of tasks, and the totals of the queue. Times are wall-clock milliseconds. The
target is 95 % of the claims and 99 % of the reads under 50 ms; otherwise the exit status is 1.
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

BATCH_SIZE = 1000
OWNERS = 10
TARGET_MS = 50.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=500)
    options = parser.parse_args()
    server = Server().start() if options.database == "postgresql" else None
    try:
        with tempfile.TemporaryDirectory() as folder:
            service = Service(Path(folder), database=server.url if server else "")
            return 0 if measure(service, options.tasks, options.rounds) else 1
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
        results = [
            print_line(
                title,
                [time_ms(lambda path=path: read(service, path())) for _ in range(rounds)],
                0.99,
            )
            for title, path in paths.items()
        ]
        for many in (1, 20):
            times = [time_ms(lambda many=many: store.claim("w", many - 0.5)) for _ in range(rounds)]
            results.append(print_line(f"claim {many}", times, 0.95))
    finally:
        service.stop()
        store.close()
    return all(results)


def fill(store: FullStore, tasks: int) -> list[str]:
    started = time.monotonic()
    ids = [new_id() for _ in range(tasks)]
    for start in range(0, tasks, BATCH_SIZE):
        part = ids[start : start + BATCH_SIZE]
        specs = [TaskSpec(BELL, owner=f"owner{n % OWNERS}") for n in range(len(part))]
        store.submit([Submission(i, s, 1.0) for i, s in zip(part, specs, strict=True)])
    print(f"{tasks:,} tasks wait, submitted in {time.monotonic() - started:.0f} s", flush=True)
    return ids


def read(service: Service, path: str) -> None:
    answer = service.http.get(path)
    assert answer.status_code == 200, answer.text + service.logs()


def time_ms(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - started)


def print_line(title: str, times: list[float], share: float) -> bool:
    times.sort()
    median, limit = times[len(times) // 2], times[int(share * (len(times) - 1))]
    print(f"{title:16} median {median:7.2f} ms, {share:.0%} under {limit:7.2f} ms", flush=True)
    return limit < TARGET_MS


if __name__ == "__main__":
    sys.exit(main())
