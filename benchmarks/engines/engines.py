"""From a text to its counts: QuantumTask over HTTP beside Qiskit Aer in the client's own process.

usage: python -m benchmarks.engines.engines [--quick] [--seconds 8] [--url URL] [--plot
    docs/explanation/engines.svg]

For each circuit both sides take turns of up to ten texts, in milliseconds, medians:
  Aer       qiskit.qasm3.loads + AerSimulator().run(circuit, shots=1024).result().get_counts()
  ours      POST /tasks?wait=30 on one kept-alive connection; each time a text and a program that
            the service has not seen
  again     the same texts a second time
Imports, the construction of the simulator and a first run of each side are off the clock, and so is
the way to a circuit of gates that both sides read and Aer runs as they are. The figures of another
machine differ; quote the ratios. `--url`: a service that was just started, else one is started.

Then every engine by itself, on the same compiled program, in this process, on one thread.
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

from benchmarks.common.circuits import Case, groups, known
from benchmarks.common.load_generator import BELL, Connection, finished
from benchmarks.common.scatter_plot import Dot, drawn
from quantumtask.engines.selection.choose import choose_engine
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.engines.selection.methods import ENGINE_PACKAGES, engine_version
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings

WANTED = 10.0
LEAST = 0.95
TURNS = 2
TURN = 10
SHOTS = 1024
SETTINGS = Settings()
ENGINES = [name for name in ENGINE_PACKAGES if engine_version(name) is not None]
TOO_LONG_US = 3e6
"""An engine that is expected to take longer than this by itself is left out."""


@dataclass(frozen=True)
class Row:
    """What came of a circuit; times in milliseconds."""

    case: Case
    theirs: float
    cold: float
    again: float
    engine: str

    @property
    def ratio(self) -> float:
        """How many times faster ours is with a circuit it has not seen."""
        return self.theirs / self.cold

    @property
    def ratio_again(self) -> float:
        return self.theirs / self.again


class Ours:
    """The service, asked by one client on one connection."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self._connection, self._runner = Connection(url), runner

    def turn(self, texts: list[str]) -> tuple[list[float], list[float], str]:
        """Milliseconds of each text, and of each the second time; what ran the last of them."""
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
        """Opens the connection again if the service has closed it while it was idle."""
        with suppress(ConnectionError):
            await self._connection.request("GET", "/health")
            return
        await self._connection.request("GET", "/health")

    async def _run(self, text: str) -> dict[str, Any]:
        body = json.dumps({"circuit": text, "shots": SHOTS}).encode()
        answer: dict[str, Any] = await finished(self._connection, body)
        assert answer["status"] == "completed", answer
        assert sum(answer["result"].values()) == SHOTS
        return answer


class Theirs:
    """Aer, as its documentation uses it."""

    def __init__(self) -> None:
        self._simulator = AerSimulator()

    def run(self, text: str) -> dict[str, int]:
        circuit = qasm3.loads(text)
        counts: dict[str, int] = self._simulator.run(circuit, shots=SHOTS).result().get_counts()
        assert sum(counts.values()) == SHOTS
        return counts


def timed(work: Callable[[str], Any], text: str) -> float:
    """Milliseconds."""
    started = time.perf_counter()
    work(text)
    return 1e3 * (time.perf_counter() - started)


def measure(case: Case, ours: Ours, theirs: Theirs, seconds: float) -> Row:
    """The medians of several turns, of as many texts as there is time for."""
    aer: list[float] = []
    cold: list[float] = []
    again: list[float] = []
    last = time.monotonic() + seconds
    for turn in range(TURNS):
        if turn and time.monotonic() > last:
            break
        end = time.monotonic() + seconds / TURNS / 2
        texts = []
        while not texts or (len(texts) < TURN and time.monotonic() < end):
            texts.append(case.variant(len(aer)))
            aer.append(timed(theirs.run, texts[-1]))
        first, second, engine = ours.turn(texts)
        cold += first
        again += second
    return Row(case, *map(statistics.median, (aer, cold, again)), engine)


def compare(quick: bool, seconds: float, ours: Ours) -> dict[str, list[Row]]:
    """The rows of each group."""
    theirs = Theirs()
    for _ in range(20):
        ours.turn([BELL])
        theirs.run(BELL)
    found = {}
    for title, cases in groups(quick).items():
        print(f"\n{title:28}{'gates':>6}{'Aer ms':>10}{'ours ms':>9}{'x':>7}{'again':>9}{'x':>7}")
        found[title] = list(measured(cases, seconds, ours, theirs))
    return found


def measured(cases: Iterator[Case], seconds: float, ours: Ours, theirs: Theirs) -> Iterator[Row]:
    for case in cases:
        try:
            row = measure(case, ours, theirs, seconds)
        except QASM3ImporterError as error:
            print(f"{case.title:28}{case.gates:6}  left out, Qiskit cannot read it: {error}")
        else:
            show(row)
            yield row


def show(row: Row) -> None:
    print(
        f"{row.case.title:28}{row.case.gates:6}{row.theirs:10.1f}{row.cold:9.1f}{row.ratio:7.1f}"
        f"{row.again:9.1f}{row.ratio_again:7.1f}  {row.engine}",
        flush=True,
    )


def summarise(found: dict[str, list[Row]]) -> bool:
    """Prints what they come to. False: less than we want."""
    everything = [row for rows in found.values() for row in rows]
    print(f"\n{'geometric means':28}{'circuits':>9}{'x':>7}{'again x':>9}")
    for title, rows in {**found, "all": everything}.items():
        cold, again = mean(row.ratio for row in rows), mean(row.ratio_again for row in rows)
        print(f"{title:28}{len(rows):9}{cold:7.1f}{again:9.1f}")
    print("\nthe least")
    for row in sorted(everything, key=lambda row: row.ratio)[:8]:
        show(row)
    slower = sum(row.ratio < LEAST for row in everything)
    print(f"below {LEAST}: {slower} of {len(everything)}")
    return not slower and mean(row.ratio for row in everything) >= WANTED


def mean(ratios: Iterable[float]) -> float:
    return statistics.geometric_mean(ratios)


def by_engine(case: Case) -> None:
    """One line: milliseconds of each engine by itself, and which of them is chosen."""
    program = compile_uncached(case.text, SETTINGS).program
    times = {name: alone(case, name) for name in ENGINES}
    chosen = choose_engine(extract_features(program), SHOTS, SETTINGS).plan
    cells = "".join(f"{'-' if ms is None else f'{ms:.2f}':>13}" for ms in times.values())
    print(f"{case.title:28}{cells}  {chosen.engine} {chosen.method} {chosen.precision}", flush=True)


def alone(case: Case, engine: str) -> float | None:
    """Milliseconds that an engine takes for a program new to it; None: it cannot, or too long."""
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


def dots(found: dict[str, list[Row]]) -> Iterator[Dot]:
    for row in (row for rows in found.values() for row in rows):
        hint = f"{row.case.title}: Aer {row.theirs:.1f} ms, ours {row.cold:.1f} ms"
        yield Dot(row.theirs, row.ratio, row.engine, hint)


@contextmanager
def service(url: str | None) -> Iterator[str]:
    """The URL of a service: the one given, or one of our own."""
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
    parser.add_argument("--seconds", type=float, default=8, help="for each circuit")
    parser.add_argument("--url", help="of a service that was just started")
    parser.add_argument("--plot", type=Path, help="the file to draw the plot into, as SVG")
    options = parser.parse_args()
    with service(options.url) as url, asyncio.Runner() as runner:
        found = compare(options.quick, options.seconds, Ours(url, runner))
    good = summarise(found)
    if options.plot:
        options.plot.write_text(drawn(list(dots(found))))
    print(
        f"\n{'each engine alone, ms':28}" + "".join(f"{name:>13}" for name in ENGINES) + "  chosen"
    )
    for case in known():
        by_engine(case)
    return not good


if __name__ == "__main__":
    sys.exit(main())
