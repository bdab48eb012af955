"""Tasks per second with the sandbox of the slots, and without it.

usage: python -m benchmarks.service.sandbox [--rounds N] [--tasks N]

Two services differ in QUANTUMTASK_SANDBOX alone. The same load drives them in turn, each first in
every second round. The benchmark also compares the processor time of the slots, which other
processes of the machine hardly change.
"""

import argparse
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from tests.support.services import Service, slot_pids

from benchmarks.common.load_generator import BELL, drive, layers

CLIENTS = 16
GOAL = 0.97
LOADS: dict[str, Callable[[int], str]] = {
    "Bell": lambda _: BELL,
    "10 qubits x 20 layers": lambda k: layers(10, 20, k),
}


class Measurement(NamedTuple):
    """Throughput, and processor time of the slots, of one load."""

    per_second: float
    processor_s: float


def processor_s(pid: int) -> float:
    """Return the processor time of all threads of a process, in seconds."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text().split()[0]) for file in files) / 1e9


def measure(service: Service, circuit: Callable[[int], str], tasks: int) -> Measurement:
    slots = slot_pids(service.worker)
    before = sum(map(processor_s, slots))
    figures = drive(service.url, circuit, tasks=tasks, clients=CLIENTS)
    assert figures.failed == 0
    return Measurement(figures.per_second, sum(map(processor_s, slots)) - before)


def compare(services: dict[str, Service], load: str, rounds: int, tasks: int) -> None:
    """Print the ratios of a load; above 1, the service with the sandbox is better."""
    rates, times = [], []
    for service in services.values():
        measure(service, LOADS[load], tasks // 4)
    for number in range(rounds):
        order = sorted(services, reverse=bool(number % 2))
        measured = {mode: measure(services[mode], LOADS[load], tasks) for mode in order}
        rates.append(measured["on"].per_second / measured["off"].per_second)
        times.append(measured["off"].processor_s / measured["on"].processor_s)
    print(
        f"{load:24} throughput {statistics.median(rates):6.3f}   "
        f"processor time of the slots {statistics.median(times):6.3f}   goal {GOAL}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--tasks", type=int, default=1500)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        services = {}
        for mode in ("on", "off"):
            place = Path(folder, mode)
            place.mkdir()
            services[mode] = Service(place, sandbox=mode).start()
            stack.callback(services[mode].stop)
        for load in LOADS:
            compare(services, load, arguments.rounds, arguments.tasks)


if __name__ == "__main__":
    main()
