"""Time from a text to its counts: the service over HTTP, and Aer in the process of the client.

usage: python -m benchmarks.engines.engines [--quick] [--seconds 8] [--url URL] [--plot
    docs/explanation/engines.svg]

For each circuit both sides take turns of up to ten texts. The columns are medians in milliseconds:
  Aer       qiskit.qasm3.loads + AerSimulator().run(circuit, shots=1024).result().get_counts()
  service   POST /tasks?wait=30 on one persistent connection; each text and each program is new to
            the service
  again     the same texts a second time
The times exclude imports, the construction of the simulator, a first run of each side, and the
translation of the circuit into gates that both sides support. Absolute times depend on the machine;
quote the ratios. `--url` names a service that was just started; without it, a service is started.

Then every engine runs the same compiled program in this process, on one thread.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qiskit import qasm3
from qiskit.qasm3 import QASM3ImporterError
from qiskit_aer import AerSimulator
from tests.support.run_program import run_program
from tests.support.services import Service

from benchmarks.common.circuits import Case, common_loads, groups
from benchmarks.common.load_generator import BELL, Connection, run_task
from benchmarks.common.scatter_plot import Dot, render_svg
from quantumtask.engines.selection.choose import choose_engine
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.engines.selection.methods import ENGINE_PACKAGES, engine_version
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings

TARGET_RATIO = 10.0
MIN_RATIO = 0.95
TURNS = 2
TEXTS_PER_TURN = 10
SHOTS = 1024
SETTINGS = Settings()
ENGINES = [name for name in ENGINE_PACKAGES if engine_version(name) is not None]
TOO_LONG_US = 3e6
"""Predicted microseconds above which an engine does not run alone."""


@dataclass(frozen=True)
class Row:
    """Times of a circuit, in milliseconds."""

    case: Case
    aer_ms: float
    cold: float
    again: float
    engine: str

    @property
    def ratio(self) -> float:
        """Speed-up over Aer for a circuit that is new to the service."""
        return self.aer_ms / self.cold

    @property
    def ratio_again(self) -> float:
        return self.aer_ms / self.again


class ServiceRunner:
    """Service with one client on one connection."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self._connection, self._runner = Connection(url), runner

    def turn(self, texts: list[str]) -> tuple[list[float], list[float], str]:
        """Return the milliseconds of each text at its first and second run, and the last engine."""
        return self._runner.run(self._turn(texts))

    async def _turn(self, texts: list[str]) -> tuple[list[float], list[float], str]:
        await self._ready()
        times = []
        for text in texts * 2:
            started = time.perf_counter()
            answer = await self._run(text)
            times.append(1e3 * (time.perf_counter() - started))
        half = len(texts)
        return times[:half], times[half:], f"{answer['engine']} {answer['method']}"

    async def _ready(self) -> None:
        """Open the connection again if the service closed it while it was idle."""
        with suppress(ConnectionError):
            await self._connection.request("GET", "/health")
            return
        await self._connection.request("GET", "/health")

    async def _run(self, text: str) -> dict[str, Any]:
        body = json.dumps({"circuit": text, "shots": SHOTS}).encode()
        answer: dict[str, Any] = await run_task(self._connection, body)
        assert answer["status"] == "completed", answer
        assert sum(answer["result"].values()) == SHOTS
        return answer


class AerRunner:
    """Aer, used as in its documentation."""

    def __init__(self) -> None:
        self._simulator = AerSimulator()

    def run(self, text: str) -> dict[str, int]:
        circuit = qasm3.loads(text)
        counts: dict[str, int] = self._simulator.run(circuit, shots=SHOTS).result().get_counts()
        assert sum(counts.values()) == SHOTS
        return counts


def time_ms(work: Callable[[str], Any], text: str) -> float:
    """Return the milliseconds of one call."""
    started = time.perf_counter()
    work(text)
    return 1e3 * (time.perf_counter() - started)


def measure(
    case: Case, service_runner: ServiceRunner, aer_runner: AerRunner, seconds: float
) -> Row:
    """Return the medians of several turns; the number of texts depends on the time limit."""
    aer: list[float] = []
    cold: list[float] = []
    again: list[float] = []
    last = time.monotonic() + seconds
    for turn in range(TURNS):
        if turn and time.monotonic() > last:
            break
        end = time.monotonic() + seconds / TURNS / 2
        texts = []
        while not texts or (len(texts) < TEXTS_PER_TURN and time.monotonic() < end):
            texts.append(case.variant(len(aer)))
            aer.append(time_ms(aer_runner.run, texts[-1]))
        first, second, engine = service_runner.turn(texts)
        cold += first
        again += second
    return Row(case, *map(statistics.median, (aer, cold, again)), engine)


def compare(quick: bool, seconds: float, service_runner: ServiceRunner) -> dict[str, list[Row]]:
    """Return the rows of each group."""
    aer_runner = AerRunner()
    for _ in range(20):
        service_runner.turn([BELL])
        aer_runner.run(BELL)
    rows_by_group = {}
    for title, cases in groups(quick).items():
        print(f"\n{title:28}{'gates':>6}{'Aer ms':>10}{'service':>9}{'x':>7}{'again':>9}{'x':>7}")
        rows_by_group[title] = list(measure_cases(cases, seconds, service_runner, aer_runner))
    return rows_by_group


def measure_cases(
    cases: Iterator[Case], seconds: float, service_runner: ServiceRunner, aer_runner: AerRunner
) -> Iterator[Row]:
    for case in cases:
        try:
            row = measure(case, service_runner, aer_runner, seconds)
        except QASM3ImporterError as error:
            print(f"{case.title:28}{case.gates:6}  left out, Qiskit cannot read it: {error}")
        else:
            show(row)
            yield row


def show(row: Row) -> None:
    print(
        f"{row.case.title:28}{row.case.gates:6}{row.aer_ms:10.1f}{row.cold:9.1f}{row.ratio:7.1f}"
        f"{row.again:9.1f}{row.ratio_again:7.1f}  {row.engine}",
        flush=True,
    )


def summarise(rows_by_group: dict[str, list[Row]]) -> bool:
    """Print the geometric means. Return False if a mean is below the target."""
    everything = [row for rows in rows_by_group.values() for row in rows]
    print(f"\n{'geometric means':28}{'circuits':>9}{'x':>7}{'again x':>9}")
    for title, rows in {**rows_by_group, "all": everything}.items():
        cold, again = mean(row.ratio for row in rows), mean(row.ratio_again for row in rows)
        print(f"{title:28}{len(rows):9}{cold:7.1f}{again:9.1f}")
    print("\nthe smallest ratios")
    for row in sorted(everything, key=lambda row: row.ratio)[:8]:
        show(row)
    slower = sum(row.ratio < MIN_RATIO for row in everything)
    print(f"below {MIN_RATIO}: {slower} of {len(everything)}")
    return not slower and mean(row.ratio for row in everything) >= TARGET_RATIO


def mean(ratios: Iterable[float]) -> float:
    return statistics.geometric_mean(ratios)


def show_engines(case: Case) -> None:
    """Print the milliseconds of each engine alone, and the engine that is chosen."""
    program = compile_uncached(case.text, SETTINGS).program
    times = {name: measure_alone(case, name) for name in ENGINES}
    plan = choose_engine(extract_features(program), SHOTS, SETTINGS).plan
    cells = "".join(f"{'-' if ms is None else f'{ms:.2f}':>13}" for ms in times.values())
    print(f"{case.title:28}{cells}  {plan.engine} {plan.method} {plan.precision}", flush=True)


def measure_alone(case: Case, engine: str) -> float | None:
    """Return the milliseconds of an engine for a new program.

    None: the engine cannot run the program, or the prediction is above TOO_LONG_US.
    """
    times = []
    for _ in range(5):
        program = compile_uncached(case.text, SETTINGS).program
        try:
            plan = choose_engine(extract_features(program), SHOTS, SETTINGS, engine=engine).plan
            if plan.microseconds > TOO_LONG_US:
                return None
            started = time.perf_counter()
            run_program(
                program, shots=SHOTS, seed=None, memory=False, settings=SETTINGS, engine=engine
            )
        except ResourceError:
            return None
        times.append(1e3 * (time.perf_counter() - started))
    return min(times)


def dots(rows_by_group: dict[str, list[Row]]) -> Iterator[Dot]:
    for row in (row for rows in rows_by_group.values() for row in rows):
        hint = f"{row.case.title}: Aer {row.aer_ms:.1f} ms, service {row.cold:.1f} ms"
        yield Dot(row.aer_ms, row.ratio, row.engine, hint)


@contextmanager
def service(url: str | None) -> Iterator[str]:
    """Yield the URL of a service; start a service if there is no URL."""
    if url is not None:
        yield url
        return
    with tempfile.TemporaryDirectory() as folder:
        own = Service(Path(folder))
        try:
            yield own.start().url
        finally:
            own.stop()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few sizes of each family")
    parser.add_argument("--seconds", type=float, default=8, help="time limit for each circuit")
    parser.add_argument("--url", help="address of a service that was just started")
    parser.add_argument("--plot", type=Path, help="SVG file for the plot")
    options = parser.parse_args()
    with service(options.url) as url, asyncio.Runner() as runner:
        rows_by_group = compare(options.quick, options.seconds, ServiceRunner(url, runner))
    good = summarise(rows_by_group)
    if options.plot:
        options.plot.write_text(render_svg(list(dots(rows_by_group))))
    print(
        f"\n{'each engine alone, ms':28}" + "".join(f"{name:>13}" for name in ENGINES) + "  chosen"
    )
    for case in common_loads():
        show_engines(case)
    return not good


if __name__ == "__main__":
    sys.exit(main())
