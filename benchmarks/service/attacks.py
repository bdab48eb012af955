"""Latency of other clients and memory of the API while the port of the API is attacked.

usage: python -m benchmarks.service.attacks [ATTACK ...] [--seconds 10]

One client calls `GET /health` and another one runs a Bell task, each again and again, from the same
address as the attacker. The target is 99 % of the first within 250 ms, 99 % of the second within
1 s, no refusal, and an API below 512 MiB; otherwise the exit status is 1. Attackers, clients, API,
worker and slot share the cores of the machine.
"""

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from tests.support import http_attacks as attacks
from tests.support.services import BELL, Service, memory_mib

HEALTH_MS, BELL_MS, MEMORY_MIB = 250.0, 1000.0, 512.0
Call = Callable[[HTTPConnection], None]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("attacks", nargs="*", metavar="ATTACK", help="names; default: all")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each attack")
    options = parser.parse_args()
    by_name = {attack.__name__: attack for attack in attacks.ON_THE_API}
    names = options.attacks or ["nothing", *by_name]
    print(f"{'attack':20} {'health p99':>11} {'bell p99':>11} {'failed':>7} {'memory MiB':>11}")
    good = [measure(name, by_name.get(name), options.seconds) for name in names]
    return 0 if all(good) else 1


def measure(name: str, attack: attacks.Attack | None, seconds: float) -> bool:
    """Print a line of the table, and return True if it is within the targets."""
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), slots=1).start()
        try:
            service.run()
            health, bell = Caller(service.port, get_health), Caller(service.port, run_bell)
            peak = Peak(service.api.pid)
            context = attacks.running(attack, service.port) if attack else nullcontext()
            with context:
                time.sleep(seconds)
                most = peak.end()
                times = [health.end(), bell.end()]
        finally:
            service.stop()
    failed = health.failed + bell.failed
    print(f"{name:20} {times[0]:8.1f} ms {times[1]:8.1f} ms {failed:7} {most:11.0f}", flush=True)
    return times[0] <= HEALTH_MS and times[1] <= BELL_MS and not failed and most <= MEMORY_MIB


def get_health(connection: HTTPConnection) -> None:
    connection.request("GET", "/health")


def run_bell(connection: HTTPConnection) -> None:
    body = json.dumps({"circuit": BELL})
    connection.request("POST", "/tasks?wait=30", body, {"Content-Type": "application/json"})


class Caller:
    """A client that makes the same call again and again, each over a new connection."""

    def __init__(self, port: int, call: Call) -> None:
        self._port, self._call = port, call
        self._ms: list[float] = []
        self.failed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            began = time.perf_counter()
            connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
            try:
                self._call(connection)
                response = connection.getresponse()
                response.read()
                self.failed += response.status != 200
            except (OSError, HTTPException):
                self.failed += 1
            finally:
                connection.close()
            self._ms.append((time.perf_counter() - began) * 1000)

    def end(self) -> float:
        """Stop, and return the time that 99 % of the calls took at most, in ms."""
        self._stop.set()
        self._thread.join()
        return sorted(self._ms)[int(0.99 * (len(self._ms) - 1))]


class Peak:
    """The largest memory of a process, sampled."""

    def __init__(self, pid: int) -> None:
        self._pid, self._most = pid, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            self._most = max(self._most, memory_mib(self._pid))

    def end(self) -> float:
        """Stop, and return the largest memory in MiB."""
        self._stop.set()
        self._thread.join()
        return self._most


if __name__ == "__main__":
    sys.exit(main())
