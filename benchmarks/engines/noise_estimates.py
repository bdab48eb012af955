"""Predicted times of the methods with noise, compared with measured times.

    python -m benchmarks.engines.noise_estimates [--rounds 3]

Each program runs by all methods of the table that are predicted to take at most three seconds. The
times are processor time of one thread, the smallest of some rounds. The exit status is 1 if fewer
than 80 % of the predictions are within a factor of two.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks.engines.dynamic import PROGRAMS
from benchmarks.engines.noise import HEAD, PAULI, SETTINGS, THERMAL, layers, openqasm
from quantumtask.engines.backends.noisy import NoisyBackend
from quantumtask.engines.backends.noisy_features import prepared_features
from quantumtask.engines.backends.pauli_noise import NoisyCircuit
from quantumtask.engines.backends.prepare import instruction_errors, prepare
from quantumtask.engines.noise.request import NoiseSpec, resolve_noise
from quantumtask.engines.selection.circuit_features import (
    NoisyCircuitFeatures,
    add_noise,
    extract_features,
)
from quantumtask.engines.selection.estimate import machine_factor
from quantumtask.engines.selection.methods import NOISY_METHODS, NoisyMethod
from quantumtask.openqasm.compile import compile_uncached
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.task_options import parse_noise

TARGET_SHARE = 0.8
MAX_SECONDS = 3.0
DYNAMIC = ("teleportation", "repetition code, 5 rounds", "phase estimation, 8 bits")


class Load(NamedTuple):
    title: str
    text: str
    noise: dict[str, Any]
    shots: int


def loads() -> Iterator[Load]:
    for name, noise in (("Pauli", PAULI), ("thermal", THERMAL)):
        for kind in ("bricks", "chain", "pairs", "clifford"):
            for qubits, depth, shots in ((5, 6, 1024), (8, 6, 500), (10, 4, 200), (14, 4, 50)):
                title = f"{name}, {qubits} qubits, {kind}"
                yield Load(title, openqasm(layers(kind, qubits, depth), qubits), noise, shots)
        for title in DYNAMIC:
            yield Load(f"{name}, {title}", HEAD + PROGRAMS[title]()[0], noise, 200)
    for qubits in (20, 100):
        text = openqasm(layers("clifford", qubits, 20), qubits)
        for shots in (1024, 100_000):
            yield Load(f"Pauli, {qubits} qubits, clifford", text, PAULI, shots)


def features_by_engine(program: Program, noise: NoiseSpec) -> dict[str, NoisyCircuitFeatures]:
    """Return the features of a program, as the choice for each engine uses them."""
    errors = instruction_errors(noise)
    features = {
        "quantumtask": add_noise(extract_features(program), errors.clifford, errors.has_kraus)
    }
    if program.circuit is not None and not program.circuit.control_outcomes:
        prepared = prepare(program, noise, 1, SETTINGS, False)
        features["aer"] = prepared_features(program.circuit, prepared, noise)
        noisy_circuit = NoisyCircuit.from_program(program, noise, SETTINGS)
        assert noisy_circuit is not None
        features["stim"] = noisy_circuit.features
    return features


def measure(load: Load, rounds: int) -> Iterator[tuple[NoisyMethod, float]]:
    """Yield the ratio of the predicted to the measured time of each method that can run a load."""
    noise = resolve_noise("simulator", parse_noise(load.noise))
    features = features_by_engine(compile_uncached(load.text, SETTINGS).program, noise)
    for method in NOISY_METHODS:
        own = features.get(method.engine)
        if own is None or method.unsupported(own) is not None:
            continue
        predicted = method.plan(own, load.shots).microseconds * 1e-6 * machine_factor()
        if predicted <= MAX_SECONDS:
            seconds = min(run(load, noise, method) for _ in range(rounds))
            ratio = predicted / seconds
            print(
                f"{load.title:40}{load.shots:8,}  {method.engine} {method.name:22}"
                f"{1e3 * predicted:10.1f}{1e3 * seconds:10.1f}{ratio:8.2f}",
                flush=True,
            )
            yield method, ratio


def run(load: Load, noise: NoiseSpec, method: NoisyMethod) -> float:
    """Return the seconds of a program that is new to the engine."""
    program = compile_uncached(load.text, SETTINGS).program
    backend = NoisyBackend(noise, SETTINGS, seed=1, engine=method.engine, method=method.name)
    started = time.process_time()
    backend.sample(program, load.shots, 1, False)
    return time.process_time() - started


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{'':40}{'shots':>8}  {'':27}{'predicted':>10}{'measured':>10}{'ratio':>8}  in ms")
    ratios: dict[tuple[str, str], list[float]] = {}
    for load in loads():
        for method, ratio in measure(load, options.rounds):
            ratios.setdefault((method.engine, method.name), []).append(ratio)
    for (engine, name), of_method in ratios.items():
        share = sum(0.5 <= ratio <= 2 for ratio in of_method) / len(of_method)
        median = statistics.median(of_method)
        print(f"{engine:12}{name:24}{len(of_method):5}{share:8.0%} within 2, median {median:.2f}")
    every = [ratio for of_method in ratios.values() for ratio in of_method]
    share = sum(0.5 <= ratio <= 2 for ratio in every) / len(every)
    print(f"all: {share:.0%} of {len(every)} within a factor of two")
    return int(share < TARGET_SHARE)


if __name__ == "__main__":
    sys.exit(main())
