"""Tasks per second and latency over HTTP, compared with a simple implementation.

usage: python -m benchmarks.service.throughput [--rounds N]

Both services run at the same time on the same machine, on free ports and new databases. The same
load drives them in turn, so that the ratio is valid on a noisy machine. The benchmark prints a
table; quote the ratios.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.services import Service, free_port, until

from benchmarks.common.load_generator import BELL, Figures, drive, layers


@dataclass(frozen=True)
class Case:
    """Row of the table: the load, the number of clients, and the target for the ratio."""

    title: str
    circuit: Callable[[int], str]
    clients: int
    tasks: int
    plain_tasks: int
    figure: str
    target: float


CASES = (
    Case("Bell, 16 clients", lambda _: BELL, 16, 3000, 300, "per_second", 30),
    Case(
        "10 qubits x 20 layers, 16 clients",
        lambda k: layers(10, 20, k),
        16,
        300,
        40,
        "per_second",
        25,
    ),
    Case("Bell, 1 client", lambda _: BELL, 1, 400, 60, "median_ms", 4),
)


@contextmanager
def start_baseline(folder: Path) -> Iterator[str]:
    """Start the simple implementation on two free ports, and yield the URL of its API."""
    ports = {"api": free_port(), "worker": free_port()}
    environment = {
        **os.environ,
        "PLAIN_DB": str(folder / "plain.db"),
        "PLAIN_WORKER": f"http://127.0.0.1:{ports['worker']}",
    }
    subprocess.run(
        [sys.executable, "-c", "from benchmarks.common.baseline_service import prepare; prepare()"],
        env=environment,
        check=True,
    )
    with ExitStack() as stack:
        for name, port in ports.items():
            process = subprocess.Popen(
                [
                    *(
                        sys.executable,
                        "-m",
                        "uvicorn",
                        f"benchmarks.common.baseline_service:{name}",
                    ),
                    *("--host", "127.0.0.1", "--port", str(port), "--log-level", "error"),
                ],
                env=environment,
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        url = f"http://127.0.0.1:{ports['api']}"
        until(lambda: answers(url), 60)
        yield url


def answers(url: str) -> bool:
    try:
        return drive(url, lambda _: BELL, tasks=1, clients=1).failed == 0
    except OSError:
        return False


def compare(case: Case, service_url: str, baseline_url: str) -> tuple[Figures, Figures]:
    # The simple implementation has no `?wait=`: its clients poll every 5 ms.
    baseline = drive(
        baseline_url, case.circuit, tasks=case.plain_tasks, clients=case.clients, wait=False
    )
    figures = drive(service_url, case.circuit, tasks=case.tasks, clients=case.clients)
    assert figures.failed == baseline.failed == 0
    return figures, baseline


def ratio(case: Case, figures: Figures, baseline: Figures) -> float:
    """Return the factor by which the service is better."""
    if case.figure == "per_second":
        return figures.per_second / baseline.per_second
    return baseline.median_ms / figures.median_ms


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, start_baseline(Path(folder)) as baseline_url:
        service = Service(Path(folder)).start()
        print(f"{'':36} {'plain':>16} {'QuantumTask':>16} {'ratio':>7} {'target':>7}")
        for case in CASES:
            drive(service.url, case.circuit, tasks=case.clients * 2, clients=case.clients)
            results = [compare(case, service.url, baseline_url) for _ in range(rounds)]
            for figures, baseline in results:
                report(case, figures, baseline)
            median = statistics.median(ratio(case, *result) for result in results)
            print(f"{'  median':36} {'':16} {'':16} {median:7.1f} {case.target:7.1f}")
        service.stop()


def report(case: Case, figures: Figures, baseline: Figures) -> None:
    cells = [
        f"{f.per_second:.1f}/s" if case.figure == "per_second" else f"{f.median_ms:.2f} ms"
        for f in (baseline, figures)
    ]
    print(
        f"{case.title:36} {cells[0]:>16} {cells[1]:>16} {ratio(case, figures, baseline):7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
