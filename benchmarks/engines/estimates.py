"""Accuracy of the estimates: predicted and measured times, and the choice of the method.

usage: python -m benchmarks.engines.estimates [--quick] [--seconds 1.5]

Every engine and method that can run a circuit runs it in this process, on one thread. The time is
processor time, the best of three runs, and each run has a new program. Methods with a prediction
above `--seconds` are left out. The circuits are those of MQT Bench, if it is installed, and random
circuits. The benchmark prints for each method the share of predictions within a factor of two; the
same for the methods that were chosen, with the parsing of the text, as POST /estimate returns it;
and the circuits for which another method was faster.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain, product

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.sampling.shot_counts import ShotCounts
from quantumtask.engines.selection.choose import choose_engine
from quantumtask.engines.selection.circuit_features import extract_features
from quantumtask.engines.selection.estimate import machine_factor
from quantumtask.engines.selection.methods import IDEAL_METHODS, IdealMethod, engine_version
from quantumtask.engines.simulators.base import load_engine
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm import Program
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings

TARGET_SHARE = 0.8
ROUNDS = 3
SEED = 7
SETTINGS = Settings(slot_memory_mb=4096)


@dataclass(frozen=True)
class Load:
    title: str
    text: str
    shots: int = 1024


@dataclass
class Row:
    """Times of a circuit: predicted and measured seconds by method."""

    load: Load
    reading: float
    choice: IdealMethod
    predicted: dict[IdealMethod, float] = field(default_factory=dict)
    measured: dict[IdealMethod, float] = field(default_factory=dict)

    @property
    def accuracy(self) -> float:
        """Ratio of the estimate to the measured time."""
        seconds = self.reading + self.measured[self.choice]
        return (self.reading + self.predicted[self.choice]) / seconds

    @property
    def loss(self) -> float:
        """Ratio of the time of the chosen method to that of the fastest method."""
        return self.measured[self.choice] / min(self.measured.values())


def loads(quick: bool) -> Iterator[Load]:
    yield from random_loads(quick)
    try:
        from benchmarks.common.circuits import groups

        cases = list(chain.from_iterable(groups(quick).values()))
    except (ImportError, SystemExit) as missing:
        print(f"Only random circuits: {missing}", file=sys.stderr)
        return
    yield from (Load(case.title, case.text) for case in cases)


def random_loads(quick: bool) -> Iterator[Load]:
    """Yield random circuits for each kind of engine."""
    sizes = (3, 9) if quick else (2, 4, 7, 9, 12, 14, 16)
    for kind, qubits in product(KINDS, sizes):
        yield Load(f"random {kind} {qubits}", build_text(kind, qubits))
    for qubits, shots in product(sizes[:5], (20_000, 300_000)):
        yield Load(f"random plain {qubits}, {shots:,} shots", build_text("plain", qubits), shots)
    for flips, shots in product((8, 24, 100), (100, 1024)):
        yield Load(f"{flips} coin flips on one qubit, {shots} shots", coin_flips(flips), shots)
    for qubits in (40, 120, 300):
        yield Load(f"random Clifford {qubits}", build_text("Clifford", qubits))


def build_text(kind: str, qubits: int) -> str:
    generator = random.Random(f"{SEED} {kind} {qubits}")
    lines = ["OPENQASM 3.0;", 'include "stdgates.inc";', f"qubit[{qubits}] q;", f"bit[{qubits}] c;"]
    for _ in range(6):
        lines += [single(kind, k, generator) for k in range(qubits)]
        lines += [f"cx q[{a}], q[{b}];" for a, b in pairs(qubits, generator)]
        lines.append(KINDS[kind](generator.randrange(qubits), generator.randrange(qubits)))
    return "\n".join([*lines, "c = measure q;"])


KINDS: dict[str, Callable[[int, int], str]] = {
    "plain": lambda _, __: "",
    "Clifford": lambda _, __: "",
    "measured": lambda a, _: f"c[{a}] = measure q[{a}];",
    "dynamic": lambda a, b: f"c[{a}] = measure q[{a}];\nif (c[{a}]) {{ x q[{b}]; }}",
}
"""Statement on two qubits between the layers, by the kind of circuit."""


def coin_flips(flips: int) -> str:
    head = f'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nbit[{flips}] c;\n'
    return head + "".join(
        [f"h q;\nc[{k}] = measure q;\nif (c[{k}]) {{ x q; }}\n" for k in range(flips)]
    )


def single(kind: str, qubit: int, generator: random.Random) -> str:
    if kind == "Clifford":
        return f"{generator.choice('hsxyz')} q[{qubit}];"
    return f"{generator.choice(('rx', 'ry', 'rz', 'p'))}({generator.uniform(0, 3):.4f}) q[{qubit}];"


def pairs(qubits: int, generator: random.Random) -> Iterator[tuple[int, int]]:
    order = generator.sample(range(qubits), qubits)
    return zip(order[::2], order[1::2], strict=False)


def measure(load: Load, max_s: float) -> Row | None:
    """Measure all methods of a load; return None if the result is certain and no engine runs."""
    started = time.process_time()
    program = compile_uncached(load.text, SETTINGS).program
    reading = time.process_time() - started
    features = extract_features(program)
    if features.circuit and features.clbit_map.is_constant:
        return None
    plan = choose_engine(features, load.shots, SETTINGS).plan
    able = [
        m for m in IDEAL_METHODS if engine_version(m.engine) and m.unsupported(features) is None
    ]
    plans = {m: m.plan(features, load.shots, 1) for m in able}
    choice = next(m for m, each in plans.items() if each == plan)
    row = Row(load, reading, choice)
    for method, each in plans.items():
        predicted = each.microseconds * 1e-6 * machine_factor()
        if each.bytes <= available_bytes(SETTINGS) and predicted <= max_s:
            row.predicted[method] = predicted
            row.measured[method] = min(run(program, method, load.shots) for _ in range(ROUNDS))
    return row


def run(program: Program, method: IdealMethod, shots: int) -> float:
    """Return the seconds of a program that is new to the engine."""
    new = replace(program, circuit=program.circuit and replace(program.circuit))
    started = time.process_time()
    plan = method.plan(extract_features(new), shots, 1)
    counts = ShotCounts(new, shots, False, SETTINGS)
    sampling = SamplingRun(new, shots, SEED, counts, SETTINGS)
    counts.to_output(load_engine(plan.engine).run(sampling, plan))
    return time.process_time() - started


def rows(of: Iterable[Load], max_s: float) -> Iterator[Row]:
    for each in of:
        try:
            row = measure(each, max_s)
        except ResourceError as error:
            print(f"{each.title}: left out, {error.message}", file=sys.stderr)
        else:
            if row:
                yield row


def print_accuracy(title: str, ratios: list[float]) -> float:
    """Print a line, and return the share of ratios within a factor of two."""
    share = sum(0.5 <= ratio <= 2 for ratio in ratios) / len(ratios)
    print(f"{title:38}{len(ratios):8}{share:9.0%}{statistics.median(ratios):9.2f}")
    return share


def print_summary(results: list[Row]) -> bool:
    """Print the summary. Return False if a share is below the target."""
    print(f"{'method':38}{'circuits':>8}{'within 2':>9}{'median':>9}")
    for method in IDEAL_METHODS:
        ratios = [r.predicted[method] / r.measured[method] for r in results if method in r.measured]
        if ratios:
            print_accuracy(f"{method.engine} {method.name} {method.precision}", ratios)
    ran = [row for row in results if row.choice in row.measured]
    share = print_accuracy("as estimated: chosen, with reading", [row.accuracy for row in ran])
    slower = sorted((row for row in ran if row.loss > 1.1), key=lambda row: -row.loss)
    mean = statistics.geometric_mean(row.loss for row in ran)
    print(f"\nanother method was faster: {len(slower)} of {len(ran)}; on average {mean:.2f} times")
    for row in slower[:15]:
        best = min(row.measured, key=row.measured.__getitem__)
        names = f"{row.choice.engine} {row.choice.name}, best {best.engine} {best.name}"
        print(f"{row.load.title:38}{row.loss:6.1f}  {names}")
    return share >= TARGET_SHARE


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="few sizes of each family")
    parser.add_argument("--seconds", type=float, default=1.5, help="largest prediction of a run")
    options = parser.parse_args()
    for engine in {method.engine for method in IDEAL_METHODS if engine_version(method.engine)}:
        load_engine(engine)
    return not print_summary(list(rows(loads(options.quick), options.seconds)))


if __name__ == "__main__":
    sys.exit(main())
