"""The service beside FastAPI, Celery and Redis with the same HTTP contract, on one machine.

usage: python -m benchmarks.service.celery_peer [--rounds 5] [--fsync everysec]
       python -m benchmarks.service.celery_peer --faults

benchmarks/common/celery_service.py is the peer: a worker with two processes, which keep their
simulator. Redis writes its log to disk each second, or before each answer with `--fsync always`, as
this service does. The clients of the peer poll, at the intervals that suit it best. Both services
run at the same time, and the same load drives them in turn: quote the ratios.

`--faults` ends processes with SIGKILL while eight tasks run or wait, each of which takes Aer half a
second, in both services. It prints how many have ended after at most 60 seconds.
"""

import argparse
import importlib.util
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

import httpx
from tests.support.services import Service, at_work, children, free_port, slot_pids, until

from benchmarks.common.load_generator import drive, layers
from benchmarks.service.throughput import CASES, Case, answers, ratio

POLL_S = {1: 0.002, 16: 0.05}
"""Interval of the peer's clients, by their number: the one with the best figures of the peer."""

FAULT_TASKS = 8
LIMIT_S = 60.0
HOUR_S = 3600
REMEDY = "apt-get install redis-server; pip install celery redis"


class Peer:
    """Redis, a Celery worker and an API, on free ports."""

    def __init__(self, folder: Path, stack: ExitStack, fsync: str, visibility_s: int) -> None:
        """Start the processes; `visibility_s` is when Redis returns tasks of a lost worker."""
        self.folder, self._stack = folder, stack
        redis, port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "CELERY_REDIS": f"redis://127.0.0.1:{redis}",
            "CELERY_VISIBILITY_S": str(visibility_s),
            "OMP_NUM_THREADS": "1",
        }
        self._start(
            *("redis-server", "--port", str(redis), "--bind", "127.0.0.1", "--save", ""),
            *("--dir", str(folder), "--appendonly", "yes", "--appendfsync", fsync),
        )
        self.start_worker()
        self._start(
            *(sys.executable, "-m", "uvicorn", "benchmarks.common.celery_service:api"),
            *("--host", "127.0.0.1", "--port", str(port), "--log-level", "error"),
        )
        until(lambda: answers(self.url), 60, self.read_log)

    def start_worker(self) -> None:
        application = "benchmarks.common.celery_service:queue"
        self.worker = self._start(
            *(sys.executable, "-m", "celery", "-A", application, "worker", "--loglevel", "WARNING")
        )

    def processes(self) -> list[int]:
        """Return the processes that run tasks."""
        return children(self.worker.pid)

    def read_log(self) -> str:
        return (self.folder / "peer.log").read_text()

    def _start(self, *command: str) -> "subprocess.Popen[bytes]":
        with (self.folder / "peer.log").open("ab") as log:
            process = subprocess.Popen(command, env=self._environment, stdout=log, stderr=log)
        self._stack.callback(stop, process)
        return process


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End a process and its children."""
    kill_all([process.pid, *children(process.pid)])
    process.wait()


def kill_all(pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@contextmanager
def start_peer(fsync: str = "everysec", visibility_s: int = HOUR_S) -> Iterator[Peer]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield Peer(Path(folder), stack, fsync, visibility_s)


@contextmanager
def start_service() -> Iterator[Service]:
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder)).start()
        try:
            yield service
        finally:
            service.stop()


def compare(case: Case, own_url: str, peer_url: str, rounds: int) -> None:
    """Print the medians of a load."""
    run_peer = partial(
        drive, peer_url, case.circuit, clients=case.clients, wait=False, poll_s=POLL_S[case.clients]
    )
    run_own = partial(drive, own_url, case.circuit, clients=case.clients)
    run_peer(tasks=case.clients * 2)
    run_own(tasks=case.clients * 2)
    pairs = [(run_own(tasks=case.tasks), run_peer(tasks=case.plain_tasks)) for _ in range(rounds)]
    assert not any(figures.failed for pair in pairs for figures in pair)
    own, peer = (
        statistics.median(getattr(figures, case.figure) for figures in side)
        for side in zip(*pairs, strict=True)
    )
    ratios = sorted(ratio(case, *pair) for pair in pairs)
    unit = "/s" if case.figure == "per_second" else " ms"
    print(
        f"{case.title:36}{peer:10.1f}{unit:3}{own:10.1f}{unit:3}{statistics.median(ratios):8.1f}"
        f"   ({ratios[0]:.1f} to {ratios[-1]:.1f})",
        flush=True,
    )


class Fault(NamedTuple):
    """SIGKILL to a process that runs a task, or to a worker with all its processes."""

    title: str
    whole: bool
    visibility_s: int = HOUR_S


FAULTS = (
    Fault("a process that runs a task", whole=False),
    Fault("the worker; a new one starts", whole=True),
    Fault("the same, visibility timeout of 30 s", whole=True, visibility_s=30),
)


def lose_processes(fault: Fault) -> None:
    """Print what becomes of the tasks in both services."""
    with start_peer(visibility_s=fault.visibility_s) as peer:
        ids = submit_all(peer.url)
        end_processes(fault, peer.worker.pid, peer.processes, peer.start_worker)
        report("Celery", fault, peer.url, ids)
    if fault.visibility_s == HOUR_S:
        with start_service() as service:
            ids = submit_all(service.url, engine="aer")
            worker = service.worker
            end_processes(fault, worker.pid, lambda: slot_pids(worker), service.start_worker)
            report("QuantumTask", fault, service.url, ids)


def submit_all(url: str, **more: str) -> list[str]:
    bodies = [{"circuit": layers(18, 20, k), **more} for k in range(FAULT_TASKS)]
    answers = [httpx.post(f"{url}/tasks", json=body).raise_for_status() for body in bodies]
    return [answer.json()["task_id"] for answer in answers]


def end_processes(
    fault: Fault, worker: int, processes: Callable[[], list[int]], restart: Callable[[], object]
) -> None:
    [busy] = at_work(processes)[:1]
    kill_all([worker, *children(worker)] if fault.whole else [busy])
    if fault.whole:
        restart()


def report(service: str, fault: Fault, url: str, ids: list[str]) -> None:
    started = time.monotonic()
    while (states := read_states(url, ids)).count("pending"):
        if time.monotonic() - started > LIMIT_S:
            break
        time.sleep(0.5)
    counts = [states.count(state) for state in ("completed", "failed", "pending")]
    elapsed = time.monotonic() - started
    print(f"{fault.title:38}{service:13}" + "".join(f"{n:11}" for n in counts) + f"{elapsed:9.0f}")


def read_states(url: str, ids: list[str]) -> list[str]:
    return [httpx.get(f"{url}/tasks/{task_id}").json()["status"] for task_id in ids]


def require_peer() -> None:
    """Exit with one message if Celery, its client of Redis or the server is not installed."""
    missing = [name for name in ("celery", "redis") if importlib.util.find_spec(name) is None]
    missing += [name for name in ("redis-server",) if shutil.which(name) is None]
    if missing:
        raise SystemExit(f"This benchmark needs {', '.join(missing)}: {REMEDY}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fsync", choices=("everysec", "always"), default="everysec")
    parser.add_argument("--faults", action="store_true")
    options = parser.parse_args()
    require_peer()
    if options.faults:
        print(f"{'SIGKILL to':51}{'completed':>11}{'failed':>11}{'waiting':>11}{'seconds':>9}")
        for fault in FAULTS:
            lose_processes(fault)
        return
    with start_peer(options.fsync) as peer, start_service() as service:
        print(f"{'':36}{'Celery':>13}{'QuantumTask':>13}{'ratio':>8}")
        for case in CASES:
            compare(case, service.url, peer.url, options.rounds)


if __name__ == "__main__":
    main()
