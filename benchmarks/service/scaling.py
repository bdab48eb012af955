"""Throughput against the number of workers, with slots that only take time.

usage: python -m benchmarks.service.scaling [--database postgresql] [--workers 1 2 4] [--slots 8]
    [--ms 100]

Simulated: a machine with two cores cannot run the circuits of four workers. Each worker is the real
process with the real claims, leases and commits; its slots wait for `ms` instead of computing, one
task each. Everything is on this machine: API, clients, database and workers share its cores. Told
are tasks a second, the share of what the slots could do, and the processor time of each part, in
cores, with that of whatever else the machine does. The bottleneck is the slots while they are used,
then the cores while none is idle, and else the part that works most.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.postgres import Server
from tests.support.services import Service, children, cpu_ticks, until

from benchmarks.common.load_generator import drive
from quantumtask.shared.settings import Settings, core_count
from quantumtask.shared.task import Assignment, Result
from quantumtask.worker.outcome import AttemptOutcome

ALONE = (
    'include "stdgates.inc"; qubit[24] q; bit[24] c; '
    + "".join(f"rx(0.3) q[{k % 24}];" for k in range(400))
    + "c = measure q;"
)
"""By its text a task of more than a chunk: it gets a slot of its own."""

RESULT = Result('{"0":1024}', None, 7, "simulated", "1", "none", 0.1)
TICKS = os.sysconf("SC_CLK_TCK")
IDLE = "idle"
USED = 0.85
"""The share of its slots or of the cores from which on these are the bottleneck."""


class Simulated:
    """Slots that do nothing but take time, with the interface of the Executor."""

    def __init__(
        self,
        settings: Settings,
        report: Callable[[list[AttemptOutcome]], None],
        failed: Callable[[BaseException], None],
    ) -> None:
        del failed
        self.size = self.free = settings.slot_count
        self._report, self._seconds = report, float(os.environ["SIMULATED_MS"]) / 1000
        self._lock = threading.Lock()

    def warm(self) -> None:
        pass

    def submit(self, chunk: list[Assignment]) -> None:
        with self._lock:
            self.free -= 1
        timer = threading.Timer(self._seconds * len(chunk), self._done, [chunk])
        timer.daemon = True
        timer.start()

    def _done(self, chunk: list[Assignment]) -> None:
        with self._lock:
            self.free += 1
        self._report([AttemptOutcome(assignment, RESULT) for assignment in chunk])

    def kill(self, *_: Any) -> None:
        pass

    def stop(self) -> None:
        pass


class Spent:
    """Processor time of the parts, in cores, from `start` to `shares`."""

    def __init__(self, pids: dict[str, Callable[[], list[int]]]) -> None:
        self._pids = pids
        self._before, self._began = self._now(), time.monotonic()

    def shares(self) -> dict[str, float]:
        seconds, now = time.monotonic() - self._began, self._now()
        shares = {part: (now[part] - self._before[part]) / seconds for part in now}
        others = core_count() - sum(shares.values())
        return {**shares, "others on this machine": max(0.0, others)}

    def _now(self) -> dict[str, float]:
        found = {part: sum(map(_seconds, pids())) for part, pids in self._pids.items()}
        return {**found, "clients": time.process_time(), IDLE: _idle()}


def _idle() -> float:
    """Seconds that the cores of this machine had nothing to do, or waited for a disk."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()
    return (int(fields[4]) + int(fields[5])) / TICKS


def _seconds(pid: int) -> float:
    try:
        return cpu_ticks(pid) / TICKS
    except OSError:
        return 0.0


def measure(database: str, workers: int, slots: int, ms: float, seconds: float) -> None:
    server = Server().start() if database == "postgresql" else None
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), database=server.url if server else "", slots=slots)
        try:
            service.start_api()
            service.runner = ["-m", "benchmarks.service.scaling", "--serve"]
            service.environment["SIMULATED_MS"] = str(ms)
            started = [service.start_worker(worker_port=0) for _ in range(workers)]
            ready = service.folder / "worker.log"
            until(lambda: ready.read_text().count("ready to run") == workers, 60, service.logs)
            parts = {"API": lambda: [service.api.pid], "workers": lambda: [w.pid for w in started]}
            if server:
                parts["PostgreSQL"] = lambda: [server.pid, *children(server.pid)]
            service.wait_ready()
            could = workers * slots * 1000 / ms
            assert service.run(ALONE)["engine"] == RESULT.engine
            spent = Spent(parts)
            done = drive(
                service.url,
                lambda _: ALONE,
                tasks=max(100, int(could * seconds)),
                clients=2 * workers * slots,
            )
            told(workers, done.per_second, could, spent.shares())
        finally:
            service.stop()
            if server:
                server.remove()


def told(workers: int, per_second: float, could: float, shares: dict[str, float]) -> None:
    cells = ", ".join(f"{part} {share:.2f}" for part, share in shares.items())
    print(
        f"{workers} workers: {per_second:7.0f} tasks/s, {per_second / could:4.0%} of their slots; "
        f"cores: {cells}; bottleneck: {bottleneck(per_second / could, shares)}",
        flush=True,
    )


def bottleneck(used: float, shares: dict[str, float]) -> str:
    if used > USED:
        return "the slots"
    largest = max((part for part in shares if part != IDLE), key=lambda part: shares[part])
    if shares[IDLE] < (1 - USED) * core_count():
        return f"the cores, most of them taken by {largest}"
    return f"{largest}, which waits for its turn or for the disk"


def serve() -> None:
    from quantumtask.cli.app import main as run
    from quantumtask.worker import worker

    worker.LocalExecutor = Simulated  # type: ignore[assignment, misc]
    run()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="postgresql")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--slots", type=int, default=8)
    parser.add_argument("--ms", type=float, default=100.0)
    parser.add_argument("--seconds", type=float, default=10.0)
    given = parser.parse_args()
    for workers in given.workers:
        measure(given.database, workers, given.slots, given.ms, given.seconds)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        del sys.argv[1]
        serve()
    else:
        main()
