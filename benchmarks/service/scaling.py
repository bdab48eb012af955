"""Throughput by the number of workers, with slots that only wait.

usage: python -m benchmarks.service.scaling [--database postgresql] [--workers 1 2 4] [--slots 8]
    [--ms 100]

The slots are simulated, because a machine with two cores cannot run the circuits of four workers.
Each worker is a real process with real claims, leases and commits; a slot waits for `ms` and holds
one task. API, clients, database and workers share the cores of this machine. The benchmark prints
tasks per second, the share of the capacity of the slots, and the processor time of each part and of
the rest of the machine, in cores. The bottleneck is the slots if they are in use, then the cores if
no core is idle, and otherwise the part with the most processor time.
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
from quantumtask.shared.machine import core_count
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Result
from quantumtask.worker.outcome import AttemptOutcome

ALONE = (
    'include "stdgates.inc"; qubit[24] q; bit[24] c; '
    + "".join(f"rx(0.3) q[{k % 24}];" for k in range(400))
    + "c = measure q;"
)
"""Circuit whose predicted cost fills a chunk, so that each task gets its own slot."""

RESULT = Result('{"0":1024}', None, 7, "simulated", "1", "none", 0.1)
TICKS = os.sysconf("SC_CLK_TCK")
IDLE = "idle"
BOTTLENECK_SHARE = 0.85
"""Share of the slots, or of the cores, in use from which they are the bottleneck."""


class SimulatedExecutor:
    """Slots that only wait, with the interface of the executor."""

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
        timer = threading.Timer(self._seconds * len(chunk), self._report_chunk, [chunk])
        timer.daemon = True
        timer.start()

    def _report_chunk(self, chunk: list[Assignment]) -> None:
        with self._lock:
            self.free += 1
        self._report([AttemptOutcome(assignment, RESULT) for assignment in chunk])

    def kill(self, *_: Any) -> None:
        pass

    def stop(self) -> None:
        pass


class ProcessorTime:
    """Processor time of the parts, in cores, from the construction to `shares`."""

    def __init__(self, pids: dict[str, Callable[[], list[int]]]) -> None:
        self._pids = pids
        self._before, self._began = self._now(), time.monotonic()

    def shares(self) -> dict[str, float]:
        seconds, now = time.monotonic() - self._began, self._now()
        shares = {part: (now[part] - self._before[part]) / seconds for part in now}
        others = core_count() - sum(shares.values())
        return {**shares, "others on this machine": max(0.0, others)}

    def _now(self) -> dict[str, float]:
        seconds_by_part = {part: sum(map(_seconds, pids())) for part, pids in self._pids.items()}
        return {**seconds_by_part, "clients": time.process_time(), IDLE: _idle()}


def _idle() -> float:
    """Return the seconds that the cores of this machine were idle or waited for a disk."""
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
            capacity = workers * slots * 1000 / ms
            assert service.run(ALONE)["engine"] == RESULT.engine
            processor_time = ProcessorTime(parts)
            done = drive(
                service.url,
                lambda _: ALONE,
                tasks=max(100, int(capacity * seconds)),
                clients=2 * workers * slots,
            )
            print_line(workers, done.per_second, capacity, processor_time.shares())
        finally:
            service.stop()
            if server:
                server.remove()


def print_line(workers: int, per_second: float, capacity: float, shares: dict[str, float]) -> None:
    cells = ", ".join(f"{part} {share:.2f}" for part, share in shares.items())
    used = per_second / capacity
    print(
        f"{workers} workers: {per_second:7.0f} tasks/s, {used:4.0%} of their slots; "
        f"cores: {cells}; bottleneck: {bottleneck(used, shares)}",
        flush=True,
    )


def bottleneck(used: float, shares: dict[str, float]) -> str:
    if used > BOTTLENECK_SHARE:
        return "the slots"
    largest = max((part for part in shares if part != IDLE), key=lambda part: shares[part])
    if shares[IDLE] < (1 - BOTTLENECK_SHARE) * core_count():
        return f"the cores, most of them used by {largest}"
    return f"{largest}, which waits for its turn or for the disk"


def serve() -> None:
    from quantumtask.cli.app import main as run
    from quantumtask.worker import worker

    worker.LocalExecutor = SimulatedExecutor  # type: ignore[assignment, misc]
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
    options = parser.parse_args()
    for workers in options.workers:
        measure(options.database, workers, options.slots, options.ms, options.seconds)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        del sys.argv[1]
        serve()
    else:
        main()
