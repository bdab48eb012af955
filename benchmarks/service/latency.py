"""Latency and processor time of `POST /tasks?wait=30` with a small circuit, for one client.

usage: python -m benchmarks.service.latency [--rounds N] [--against TREE]

Requests follow each other at once ("hot"), after 50 ms, and after a second; then 16 clients send
theirs at once. `--against` also measures the service of another source tree, in turns with this,
so that the ratio is valid on a noisy machine. First deciles depend least on what else the machine
does.
"""

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx
from tests.support.services import children, cpu_ticks, free_port, until

from benchmarks.common.load_generator import BELL, Connection, drive, run_task

BODY = json.dumps({"circuit": BELL}).encode()
THIS_TREE = Path(__file__).parents[2]


class Gap(NamedTuple):
    """A pause before each request, and the number of requests in a round."""

    title: str
    seconds: float
    requests: int


GAPS = (Gap("hot", 0.0, 100), Gap("after 50 ms", 0.05, 20), Gap("after 1 s", 1.0, 3))
CLIENTS, TASKS_OF_CLIENTS = 16, 400
MANY = f"{CLIENTS} clients"
TICKS = os.sysconf("SC_CLK_TCK")


class MeasuredService:
    """The service of a source tree, with what was measured."""

    def __init__(self, url: str, api: int, worker: int) -> None:
        """Note the URL of the API, and the process ids of API and worker."""
        self.url = url
        self._api, self._worker = api, worker
        self.times: dict[str, list[float]] = {gap.title: [] for gap in GAPS}
        self.cpu_s: Counter[str] = Counter()
        self.tasks: Counter[str] = Counter()
        self.per_second: list[float] = []

    def measure(self) -> None:
        """Add a round of requests."""
        for gap in GAPS:
            with self._noting_cpu(gap.title, gap.requests):
                self.times[gap.title] += asyncio.run(self._time_requests(gap))
        with self._noting_cpu(MANY, TASKS_OF_CLIENTS):
            figures = drive(self.url, lambda _: BELL, tasks=TASKS_OF_CLIENTS, clients=CLIENTS)
        assert figures.failed == 0
        self.per_second.append(figures.per_second)

    def forget(self) -> None:
        """Forget the rounds so far."""
        for figures in (*self.times.values(), self.cpu_s, self.tasks, self.per_second):
            figures.clear()

    def cpu_us(self, load: str, process: str) -> float:
        """Return the processor time of a task, in microseconds."""
        return 1e6 * self.cpu_s[f"{load} {process}"] / self.tasks[load]

    @contextmanager
    def _noting_cpu(self, load: str, tasks: int) -> Iterator[None]:
        before = self._cpu_s()
        yield
        self.tasks[load] += tasks
        for name, seconds in self._cpu_s().items():
            self.cpu_s[f"{load} {name}"] += seconds - before[name]

    async def _time_requests(self, gap: Gap) -> list[float]:
        connection, times = Connection(self.url), []
        for _ in range(gap.requests):
            await asyncio.sleep(gap.seconds)
            started = time.perf_counter()
            answer = await run_task(connection, BODY)
            times.append(time.perf_counter() - started)
            assert answer["status"] == "completed", answer
        connection.close()
        return times

    def _cpu_s(self) -> dict[str, float]:
        """Return the processor time of the processes so far."""
        slots = children(self._worker)
        pids = {"API": [self._api], "Worker": [self._worker], "slots": slots}
        return {name: sum(map(cpu_ticks, some)) / TICKS for name, some in pids.items()}


@contextmanager
def start(tree: Path, folder: Path) -> Iterator[MeasuredService]:
    """Start the API and the worker of a source tree."""
    folder.mkdir()
    port, worker_port = free_port(), free_port()
    environment = os.environ | {
        "PYTHONPATH": str(tree / "src"),
        "QUANTUMTASK_DATA_DIR": str(folder),
        "QUANTUMTASK_PORT": str(port),
        "QUANTUMTASK_WORKER_PORT": str(worker_port),
    }
    with ExitStack() as stack:
        processes = []
        for name in ("api", "worker"):
            log = stack.enter_context((folder / f"{name}.log").open("w"))
            command = [sys.executable, "-m", "quantumtask", name]
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
            stack.callback(process.wait)
            stack.callback(process.terminate)
            processes.append(process.pid)
        url = f"http://127.0.0.1:{port}"
        until(lambda: _is_ready(url), 120)
        until(lambda: _is_ready(f"http://127.0.0.1:{worker_port}", "/health"), 120)
        yield MeasuredService(url, *processes)


def _is_ready(url: str, path: str = "/ready") -> bool:
    try:
        return httpx.get(url + path).status_code < 500
    except httpx.TransportError:
        return False


def report(services: dict[str, MeasuredService]) -> None:
    """Print the figures of all services side by side."""
    print(f"{'':38}" + "".join(f"{name:>16}" for name in services))
    each = services.values()
    for gap in GAPS:
        cells = [
            f"{1e3 * _first_decile(s.times[gap.title]):.2f} / "
            f"{1e3 * statistics.median(s.times[gap.title]):.2f}"
            for s in each
        ]
        _print_row(f"ms (10 %, 50 %), {gap.title}", cells)
    for load in (GAPS[0].title, MANY):
        for process in ("API", "Worker", "slots"):
            cells = [f"{s.cpu_us(load, process):.0f}" for s in each]
            _print_row(f"processor us, {load}, {process}", cells)
    rates = [f"{statistics.median(s.per_second):.0f}" for s in each]
    _print_row(f"tasks a second, {MANY}", rates)


def _first_decile(times: list[float]) -> float:
    return statistics.quantiles(times, n=10)[0]


def _print_row(title: str, cells: list[str]) -> None:
    print(f"{title:38}" + "".join(f"{cell:>16}" for cell in cells), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--against", type=Path, metavar="TREE")
    arguments = parser.parse_args()
    trees = {"this": THIS_TREE}
    if arguments.against:
        trees["against"] = arguments.against
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        services = {
            name: stack.enter_context(start(tree, Path(folder) / name))
            for name, tree in trees.items()
        }
        for service in services.values():
            service.measure()  # to warm up
            service.forget()
        for _ in range(arguments.rounds):
            for service in services.values():
                service.measure()
        report(services)


if __name__ == "__main__":
    main()
