"""Accuracy of the estimates: predicted and measured times, and the choice of the method.

usage: python -m benchmarks.engines.estimates [--quick] [--seconds 0.8] [--only WORD]

Every engine and method that can run a circuit runs it in this process, on one thread. The methods
take turns in random order, each run has a new program with other angles, and the time is the lower
quartile of the processor times of the runs. A method with a prediction above `--seconds` is left
out, and one above a tenth of it runs 1,024 shots only.

The benchmark prints
- for each method the share of the predictions within a factor of two (goal: 80 %), and the same for
  the methods that were chosen, with the parsing of the text, as POST /estimate returns it;
- how often the chosen method is at most 1.2 times as slow as the fastest of those that may be
  chosen (goal: 90 %), the worst (goal: 1.5), and the circuits where another one was faster;
- below the number of qubits from which single precision may be chosen: how often qsim, which has
  single precision, would have been faster.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import count
from typing import NamedTuple

from benchmarks.engines.estimate_loads import SEED, Load, loads
from quantumtask.engines.limits import available_bytes
from quantumtask.engines.sampling.shot_counts import ShotCounts
from quantumtask.engines.selection.choose import choose_engine
from quantumtask.engines.selection.circuit_features import CircuitFeatures, extract_features
from quantumtask.engines.selection.estimate import machine_factor
from quantumtask.engines.selection.methods import (
    IDEAL_METHODS,
    QSIM,
    SINGLE_PRECISION_MIN_QUBITS,
    IdealMethod,
    engine_version,
)
from quantumtask.engines.simulators.base import load_engine
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm import Program
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.openqasm.program.operations import BasicGate, Operation
from quantumtask.openqasm.program.program import Step
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings

TARGET_SHARE = 0.8
NEAR, TARGET_NEAR, MAX_LOSS = 1.2, 0.9, 1.5
MIN_ROUNDS, MAX_ROUNDS = 3, 7
ROUNDS_S = 0.1
"""Seconds after which a method has run often enough, if it has run MIN_ROUNDS times."""

ALL_SHOTS_SHARE = 0.1
USUAL_SHOTS = 1024
SETTINGS = Settings(slot_memory_mb=4096)
_numbers = count(1)


class Run(NamedTuple):
    """A way to run a circuit."""

    method: IdealMethod
    shots: int


@dataclass
class Row:
    """Times of a circuit with a number of shots: predicted and measured seconds by method."""

    title: str
    shots: int
    reading: float
    choice: IdealMethod
    selectable: list[IdealMethod]
    predicted: dict[IdealMethod, float] = field(default_factory=dict)
    measured: dict[IdealMethod, float] = field(default_factory=dict)

    @property
    def accuracy(self) -> float:
        """Ratio of the estimate to the measured time."""
        seconds = self.reading + self.measured[self.choice]
        return (self.reading + self.predicted[self.choice]) / seconds

    @property
    def best(self) -> IdealMethod:
        """The fastest of the methods that may be chosen."""
        ran = [method for method in self.selectable if method in self.measured]
        return min(ran, key=self.measured.__getitem__)

    @property
    def loss(self) -> float:
        """Ratio of the time of the chosen method to that of the fastest."""
        return self.measured[self.choice] / self.measured[self.best]


def measure(load: Load, max_s: float) -> list[Row]:
    """Measure all methods of a load; the list is empty if the result is certain."""
    started = time.process_time()
    program = compile_uncached(load.text, SETTINGS).program
    reading = time.process_time() - started
    features = extract_features(program)
    if features.circuit and features.clbit_map.is_constant:
        return []
    rows = {shots: _row(load, shots, reading, features) for shots in load.shots}
    runs = []
    for shots, row in rows.items():
        for method, predicted in row.predicted.items():
            limit = max_s if shots == USUAL_SHOTS or len(rows) < 2 else max_s * ALL_SHOTS_SHARE
            if predicted <= limit:
                runs.append(Run(method, shots))
    for run, seconds in _take_turns(program, runs).items():
        rows[run.shots].measured[run.method] = statistics.quantiles(seconds, n=4)[0]
    return [row for row in rows.values() if row.choice in row.measured]


def _row(load: Load, shots: int, reading: float, features: CircuitFeatures) -> Row:
    """Return a row with the predictions of all methods that can run a circuit."""
    able = [
        m for m in IDEAL_METHODS if engine_version(m.engine) and m.unsupported(features) is None
    ]
    plans = {method: method.plan(features, shots, 1) for method in able}
    chosen = choose_engine(features, shots, SETTINGS).plan
    choice = next(method for method, plan in plans.items() if plan == chosen)
    selectable = [method for method in able if method.unselected(features) is None]
    row = Row(load.title, shots, reading, choice, selectable)
    for method, plan in plans.items():
        if plan.bytes <= available_bytes(SETTINGS):
            row.predicted[method] = plan.microseconds * 1e-6 * machine_factor()
    return row


def _take_turns(program: Program, runs: list[Run]) -> dict[Run, list[float]]:
    """Return the seconds of each run, in turns."""
    seconds: dict[Run, list[float]] = {run: [] for run in runs}
    for turn in range(MAX_ROUNDS):
        for run in random.sample(runs, len(runs)):  # else one method always follows the slowest
            if turn < MIN_ROUNDS or sum(seconds[run]) < ROUNDS_S:
                seconds[run].append(time_run(program, run))
    return seconds


def time_run(program: Program, run: Run) -> float:
    """Return the seconds of a program that is new to the engine."""
    new = _new_program(program)
    started = time.process_time()
    plan = run.method.plan(extract_features(new), run.shots, 1)
    counts = ShotCounts(new, run.shots, False, SETTINGS)
    sampling = SamplingRun(new, run.shots, SEED, counts, SETTINGS)
    counts.to_output(load_engine(plan.engine).run(sampling, plan))
    return time.process_time() - started


def _new_program(program: Program) -> Program:
    """Return a program with other angles, so that no cache of gates has them."""
    if program.circuit is None:
        return replace(program)
    shift = 1e-9 * next(_numbers)
    steps = tuple([_shift(step, shift) for step in program.circuit.steps])
    return replace(program, circuit=replace(program.circuit, steps=steps))


def _shift(step: Step, shift: float) -> Step:
    if isinstance(step, Operation) and step.params and isinstance(step.gate, BasicGate):
        return step._replace(params=tuple([angle + shift for angle in step.params]))
    return step


def rows(of: Iterable[Load], max_s: float) -> Iterator[Row]:
    for each in of:
        try:
            yield from measure(each, max_s)
        except ResourceError as error:
            print(f"{each.title}: left out, {error.message}", file=sys.stderr)


def print_accuracy(title: str, ratios: list[float]) -> bool:
    """Print a line. Return False if the share of ratios within a factor of two is too small."""
    share = sum(0.5 <= ratio <= 2 for ratio in ratios) / len(ratios)
    print(f"{title:38}{len(ratios):8}{share:9.0%}{statistics.median(ratios):9.2f}")
    return share >= TARGET_SHARE


def print_predictions(results: list[Row]) -> bool:
    """Print the accuracy of each method. Return False if one is below the goal."""
    print(f"{'method':38}{'runs':>8}{'within 2':>9}{'median':>9}")
    good = []
    for method in IDEAL_METHODS:
        ratios = [r.predicted[method] / r.measured[method] for r in results if method in r.measured]
        if ratios:
            title = f"{method.engine} {method.name} {method.precision}"
            good.append(print_accuracy(title, ratios))
    chosen = [row.accuracy for row in results]
    good.append(print_accuracy("as estimated: chosen, with reading", chosen))
    return all(good)


def print_choices(results: list[Row]) -> bool:
    """Print how the chosen methods compare with the fastest. Return False below the goals."""
    losses = [row.loss for row in results]
    near = sum(loss <= NEAR for loss in losses) / len(losses)
    mean, worst = statistics.geometric_mean(losses), max(losses)
    print(
        f"\nthe chosen method is within {NEAR} of the fastest in {near:.1%} of {len(losses)} runs; "
        f"on average {mean:.3f}, at worst {worst:.2f} times as slow"
    )
    slower = sorted((row for row in results if row.loss > 1.1), key=lambda row: -row.loss)
    for row in slower[:15]:
        names = f"{row.choice.engine} {row.choice.name}, best {row.best.engine} {row.best.name}"
        print(f"{row.title:32}{row.shots:8,}{row.loss:6.2f}  {names}")
    return near >= TARGET_NEAR and worst <= MAX_LOSS


def print_single_precision(results: list[Row]) -> None:
    """Print how often qsim is faster where single precision is not chosen."""
    ratios = [
        row.measured[row.choice] / seconds
        for row in results
        for method, seconds in row.measured.items()
        if method.engine == QSIM and method not in row.selectable
    ]
    if ratios:
        faster = [ratio for ratio in ratios if ratio > NEAR]
        print(
            f"\nwithout single precision below {SINGLE_PRECISION_MIN_QUBITS} qubits: qsim would be "
            f"more than {NEAR} times as fast in {len(faster)} of {len(ratios)} runs, "
            f"at most {max(ratios):.1f} times"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few sizes of each family")
    parser.add_argument("--seconds", type=float, default=0.8, help="largest prediction of a run")
    parser.add_argument("--only", default="", help="circuits whose title has this word")
    options = parser.parse_args()
    for engine in {method.engine for method in IDEAL_METHODS if engine_version(method.engine)}:
        load_engine(engine)
    selected = (each for each in loads(options.quick) if options.only in each.title)
    results = list(rows(selected, options.seconds))
    good = [print_predictions(results), print_choices(results)]
    print_single_precision(results)
    return not all(good)


if __name__ == "__main__":
    sys.exit(main())
