"""Delay of other clients while many clients fetch a state vector of 20 qubits.

usage: python -m benchmarks.service.large_answers [--clients 60] [--qubits 20]

Three attacks, one after the other: clients that read, clients that leave after the first bytes, and
clients that stall. Meanwhile one client measures `GET /health` every 20 ms, and another one runs
Bell tasks. The attackers are threads of a process of their own, so that the measurement does not
wait for them; all share the cores of the machine. The target is a 99th percentile of `/health`
below 250 ms, of Bell tasks below 1 s, and an API below 512 MiB; otherwise the exit status is 1.
"""

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import httpx
from tests.support.services import BELL, Service, memory_mib

HEALTH_MS, BELL_MS, API_MIB = 250.0, 1000.0, 512.0
STALL_S = 15.0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=60)
    parser.add_argument("--qubits", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), slots=1).start()
        try:
            url = service.url + state(service, options.qubits)
            titles = ("health p50", "p99", "max", "Bell p50", "p99", "API MiB", "200", "503", "s")
            print(f"{'attack':8} " + " ".join(f"{title:>10}" for title in titles))
            rows = [measure(service, url, each, options.clients) for each in (read, leave, stall)]
            return 0 if all(rows) else 1
        finally:
            service.stop()


def state(service: Service, qubits: int) -> str:
    turns = "".join(f"rx(0.{k + 1}) q[{k}]; rz(0.{k + 3}) q[{k}];" for k in range(qubits))
    circuit = f'include "stdgates.inc"; qubit[{qubits}] q; {turns}'
    return str(service.run(circuit, shots=1, **{"return": ["statevector"]})["result_url"])


def read(url: str) -> int:
    return httpx.get(url, timeout=300).status_code


def leave(url: str) -> int:
    with httpx.stream("GET", url, timeout=300) as answer:
        next(answer.iter_raw(1000))
        return answer.status_code


def stall(url: str) -> int:
    with httpx.stream("GET", url, timeout=300) as answer:
        next(answer.iter_raw(1000))
        time.sleep(STALL_S)
        return answer.status_code


def attack_at_once(attack: Callable[[str], int], url: str, clients: int) -> list[int]:
    """Run an attack in so many threads, and return the statuses of their answers."""
    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(attack, [url] * clients))


def measure(service: Service, url: str, attack: Callable[[str], int], clients: int) -> bool:
    ended = threading.Event()
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        pool.submit(int).result()  # starts the process
        probes = [Probe(service, ended, health, 0.02), Probe(service, ended, bell, 0.1)]
        began, peak = time.monotonic(), 0.0
        attacking = pool.submit(attack_at_once, attack, url, clients)
        while not attacking.done():
            peak = max(peak, memory_mib(service.api.pid))
            time.sleep(0.02)
    statuses = attacking.result()
    ended.set()
    (healthy, bells) = (probe.delays_ms() for probe in probes)
    p99 = (percentile(healthy, 0.99), percentile(bells, 0.99))
    figures = (percentile(healthy, 0.5), p99[0], healthy[-1], percentile(bells, 0.5), p99[1], peak)
    counts = (statuses.count(200), statuses.count(503), time.monotonic() - began)
    shown = " ".join(f"{figure:10.0f}" for figure in (*figures, *counts))
    print(f"{attack.__name__:8} {shown}", flush=True)
    return p99[0] < HEALTH_MS and p99[1] < BELL_MS and peak < API_MIB


class Probe:
    """A thread that repeats a request until an event, and notes how long each takes."""

    def __init__(
        self, service: Service, ended: threading.Event, request: Callable[[httpx.Client], None],
        pause_s: float,
    ) -> None:  # fmt: skip
        self._delays: list[float] = []
        self._ended, self._request, self._pause_s = ended, request, pause_s
        self._thread = threading.Thread(target=self._run, args=(service.url,))
        self._thread.start()

    def delays_ms(self) -> list[float]:
        self._thread.join()
        return sorted(self._delays)

    def _run(self, url: str) -> None:
        with httpx.Client(base_url=url, timeout=300) as client:
            while not self._ended.is_set():
                began = time.monotonic()
                self._request(client)
                self._delays.append((time.monotonic() - began) * 1e3)
                time.sleep(self._pause_s)


def health(client: httpx.Client) -> None:
    assert client.get("/health").status_code == 200


def bell(client: httpx.Client) -> None:
    answer = client.post("/tasks?wait=30", json={"circuit": BELL})
    assert answer.json()["status"] == "completed", answer.text


def percentile(ordered: list[float], share: float) -> float:
    return ordered[int(share * (len(ordered) - 1))]


if __name__ == "__main__":
    sys.exit(main())
