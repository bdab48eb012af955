"""Tasks per second and latency over HTTP, beside a plain implementation of the same contract.

usage: python -m benchmarks.service.throughput [--rounds N]

Both services run at the same time on the same machine, on free ports and fresh databases, and are
driven in turn by the same load, so their ratio holds although machines are noisy. Prints a table;
quote the ratios.
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
    """One row of the table: what is sent by how many, and the ratio that we want to see."""

    title: str
    circuit: Callable[[int], str]
    clients: int
    tasks: int
    plain_tasks: int
    figure: str
    wanted: float


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
def plain(folder: Path) -> Iterator[str]:
    """The plain implementation on two free ports; yields the URL of its API."""
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


def compare(case: Case, ours: str, theirs: str) -> tuple[Figures, Figures]:
    # The plain one does not know `?wait=`: its clients ask every 5 ms.
    plainly = drive(theirs, case.circuit, tasks=case.plain_tasks, clients=case.clients, wait=False)
    mine = drive(ours, case.circuit, tasks=case.tasks, clients=case.clients)
    assert mine.failed == plainly.failed == 0
    return mine, plainly


def ratio(case: Case, mine: Figures, plainly: Figures) -> float:
    """How many times better ours is."""
    if case.figure == "per_second":
        return mine.per_second / plainly.per_second
    return plainly.median_ms / mine.median_ms


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder, plain(Path(folder)) as theirs:
        service = Service(Path(folder)).start()
        print(f"{'':36} {'plain':>16} {'QuantumTask':>16} {'ratio':>7} {'wanted':>7}")
        for case in CASES:
            drive(service.url, case.circuit, tasks=case.clients * 2, clients=case.clients)
            results = [compare(case, service.url, theirs) for _ in range(rounds)]
            for mine, plainly in results:
                report(case, mine, plainly)
            median = statistics.median(ratio(case, *result) for result in results)
            print(f"{'  median':36} {'':16} {'':16} {median:7.1f} {case.wanted:7.1f}")
        service.stop()


def report(case: Case, mine: Figures, plainly: Figures) -> None:
    cells = [
        f"{f.per_second:.1f}/s" if case.figure == "per_second" else f"{f.median_ms:.2f} ms"
        for f in (plainly, mine)
    ]
    print(
        f"{case.title:36} {cells[0]:>16} {cells[1]:>16} {ratio(case, mine, plainly):7.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
