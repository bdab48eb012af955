"""Small circuits, one after the other: EstimatorV2 and SamplerV2 of the service and of Aer.

usage: python -m benchmarks.service.estimator [--calls 200] [--qubits 6] [--rounds 5] [--url URL]

Each call is `run([(circuit, observable, values)]).result()`, as an optimizer of a variational
circuit makes it, with new values each time. Both sides take turns on the same machine, with exact
values; SamplerV2 has 1,024 shots. `fresh` builds the circuit again for each call, with its values
bound. `--url` names a service that was just started; without it, a service is started. Quote the
ratios.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import efficient_su2
from qiskit.quantum_info import SparsePauliOp
from qiskit_aer.primitives import EstimatorV2 as AerEstimatorV2
from qiskit_aer.primitives import SamplerV2 as AerSamplerV2
from tests.support.services import Service

from quantumtask.client.qiskit import EstimatorV2, QuantumTaskProvider, SamplerV2

TARGET_RATIO = 1.0

MakePub = Callable[[QuantumCircuit, tuple[Any, ...], Any], Any]
MAKE_PUBS: dict[str, MakePub] = {
    "parameters": lambda circuit, more, values: (circuit, *more, values),
    "fresh": lambda circuit, more, values: (circuit.assign_parameters(values), *more),
}


def chain(qubits: int) -> SparsePauliOp:
    """Return the transverse-field Ising model on a line."""
    pairs = [("ZZ", [k, k + 1], 1.0) for k in range(qubits - 1)]
    fields = [("X", [k], 0.5) for k in range(qubits)]
    return SparsePauliOp.from_sparse_list(pairs + fields, num_qubits=qubits)


def run_all(primitive: Any, pubs: list[Any]) -> tuple[float, list[float]]:
    """Return the seconds of all calls, and their expectation values, or their numbers of shots."""
    started = time.perf_counter()
    values = [read(primitive.run([pub]).result()[0].data) for pub in pubs]
    return time.perf_counter() - started, values


def read(data: Any) -> float:
    return float(data.evs) if "evs" in data else sum(data.meas.get_counts().values())


def compare(title: str, own: Any, aer: Any, pubs: list[Any], rounds: int) -> None:
    run_all(own, pubs[:5])
    run_all(aer, pubs[:5])
    times = []
    for _ in range(rounds):
        own_s, own_values = run_all(own, pubs)
        aer_s, aer_values = run_all(aer, pubs)
        assert np.allclose(own_values, aer_values, atol=1e-8)
        times.append((own_s, aer_s))
    own_ms, aer_ms = (
        1e3 * statistics.median(column) / len(pubs) for column in zip(*times, strict=True)
    )
    ratio = statistics.median(aer_s / own_s for own_s, aer_s in times)
    verdict = "ok" if ratio >= TARGET_RATIO else "too slow"
    print(f"{title:36} {own_ms:8.2f} ms {aer_ms:8.2f} ms {ratio:7.2f}x   {verdict}", flush=True)


def measure(url: str, calls: int, qubits: int, rounds: int) -> None:
    circuit = efficient_su2(qubits, reps=2, entanglement="linear")
    measured, rng = circuit.copy(), np.random.default_rng(1)
    measured.measure_all()
    print(f"{'a call':36} {'service':>11} {'Aer':>11} {'ratio':>8}   target {TARGET_RATIO:g}x")
    with QuantumTaskProvider(url) as provider:
        backend = provider.backend()
        sides = (
            ("estimates", EstimatorV2(backend), AerEstimatorV2(), circuit, (chain(qubits),)),
            ("samples", SamplerV2(backend), AerSamplerV2(), measured, ()),
        )
        for (title, own, aer, source, more), kind in product(sides, MAKE_PUBS):
            points = rng.uniform(0, 6, (calls, circuit.num_parameters))
            pubs = [MAKE_PUBS[kind](source, more, point) for point in points]
            compare(f"{calls} {title}, {qubits} qubits, {kind}", own, aer, pubs, rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=200)
    parser.add_argument("--qubits", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--url")
    options = parser.parse_args()
    sizes = (options.calls, options.qubits, options.rounds)
    if options.url:
        measure(options.url, *sizes)
        return
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder)).start()
        try:
            measure(service.url, *sizes)
        finally:
            service.stop()


if __name__ == "__main__":
    main()
