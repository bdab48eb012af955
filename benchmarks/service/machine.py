"""Figures of this machine: latency and rate of a small circuit, seconds and memory of large ones.

usage: python -m benchmarks.service.machine [--url http://127.0.0.1:8000] [--tasks 1600]

`--url` names a service that runs; without it, a service is started. Small circuits are measured for
a few seconds. The seconds and the memory of random circuits of 20 layers are predicted
(`POST /estimate`), for 1,024 shots on an idle machine, up to the first size that does not fit.
"""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.support.services import Service

from benchmarks.common.load_generator import BELL, drive, layers

DEPTH = 20
SIZES = (12, 16, 20, 24, 26, *range(28, 64))
CLIENTS = 16
GIB = 1024**3


@contextmanager
def service(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        own = Service(Path(folder)).start()
        try:
            yield own.url
        finally:
            own.stop()


def measure_small(url: str, tasks: int) -> None:
    """Print the figures of Bell circuits."""
    drive(url, lambda _: BELL, tasks=CLIENTS * 4, clients=CLIENTS)
    one = drive(url, lambda _: BELL, tasks=tasks // 8, clients=1)
    many = drive(url, lambda _: BELL, tasks=tasks, clients=CLIENTS)
    assert one.failed == many.failed == 0
    print(f"a Bell circuit, one client: {one.median_ms:.1f} ms (99 %: {one.p99_ms:.1f} ms)")
    print(f"Bell circuits, {CLIENTS} clients: {many.per_second:,.0f} tasks a second", flush=True)


def predict_large(http: httpx.Client) -> None:
    """Print the predictions for random circuits, and the reason why the next size does not fit."""
    print(f"\n{'qubits':>6}{'seconds':>10}{'memory, GiB':>13}{'threads':>9}{'slots':>7}  engine")
    for qubits in SIZES:
        answer = http.post("/estimate", json={"circuit": layers(qubits, DEPTH, 1)})
        body = answer.json()
        if answer.status_code != 200:
            print(f"{qubits:6}  {body['detail']}")
            return
        print(
            f"{qubits:6}{body['seconds']:10.3f}{body['memory_bytes'] / GIB:13.3f}"
            f"{body['threads']:9}{body['slots']:7}  {body['engine']}",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--url", help="address of a running service")
    parser.add_argument("--tasks", type=int, default=1600, help="Bell circuits of 16 clients")
    options = parser.parse_args()
    with service(options.url) as url, httpx.Client(base_url=url, timeout=60) as http:
        measure_small(url, options.tasks)
        predict_large(http)


if __name__ == "__main__":
    main()
