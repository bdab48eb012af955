"""Device snapshots compared with Aer, for the same calibrations of the same devices.

    python -m benchmarks.engines.devices
    pip install qiskit-experiments mitiq
    python -m benchmarks.engines.devices experiments

The first command prints the quality of the qubits to which a GHZ state is compiled, compared with
level 2 of Qiskit, and the distance between the counts of 60 random circuits and the counts of Aer.
The second command prints the results of T1, T2, randomized benchmarking and zero-noise
extrapolation with both. The exit status is 1 if a circuit differs from Aer by more than chance
explains, or a value differs by more than three standard errors.
"""

import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, transpile
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from tests.engines.device_circuits import aer_counts, device, distance, ghz, random_isa, scheduled
from tests.support.chisquare import p_value
from tests.support.services import Service

from quantumtask.client import Client
from quantumtask.client.qiskit import QuantumTaskProvider, openqasm

NO_IDLE_DECAY = {"idle": False}
SEEDS = 6
DEVICES = {
    "fake_manila": 20,
    "fake_lagos": 20,
    "fake_sherbrooke": 8,
    "fake_fez": 6,
    "fake_almaden": 6,
}
"""Number of random circuits on each device, with `cx`, `ecr`, `cz`, and `u1`, `u2`, `u3`."""
UNLIKELY = 1e-4
"""Probability of a deviation that none of 60 circuits should reach by chance."""


def compare_layouts(client: Client, name: str, qubits: int, shots: int = 4000) -> None:
    """Print the share of all-0 and all-1 shots of a GHZ state, also for the layout of Qiskit."""
    circuit, simulator = ghz(qubits), AerSimulator.from_backend(device(name))
    ends = ("0" * qubits, "1" * qubits)
    service, qiskit = [], []
    for seed in range(SEEDS):
        counts = client.submit(
            circuit, backend=name, noise=NO_IDLE_DECAY, compile="always", shots=shots, seed=seed
        ).result().counts  # fmt: skip
        service.append(sum(counts.get(end, 0) for end in ends) / shots)
        passes = generate_preset_pass_manager(2, target=device(name).target, seed_transpiler=seed)
        run = simulator.run(passes.run(circuit), shots=shots, seed_simulator=seed)
        qiskit.append(sum(run.result().get_counts().get(end, 0) for end in ends) / shots)
    error = (0.25 / shots / SEEDS) ** 0.5
    print(
        f"GHZ-{qubits} on {name}: service {np.mean(service):.3f}, Qiskit's level 2 with Aer "
        f"{np.mean(qiskit):.3f}, of {SEEDS} seeds; standard error at most {error:.3f}"
    )


def compare_circuits(client: Client) -> bool:
    """Compare random circuits with Aer, and return True if all agree.

    Circuits without a schedule run without idle time.
    """
    agree = True
    for name, circuits in DEVICES.items():
        deviations = list(_deviations(client, name, circuits))
        distances, by_chance, chances = np.array(deviations).T
        agree = agree and bool(chances.min() > UNLIKELY)
        print(
            f"{circuits} circuits on {name}: total variation distance {distances.mean():.4f} at "
            f"20,000 shots, {by_chance.mean():.4f} by chance; smallest p-value {chances.min():.3g}"
        )
    return agree


def _deviations(client: Client, name: str, circuits: int) -> Iterator[tuple[float, float, float]]:
    for seed in range(100, 100 + circuits):
        circuit, noise = random_isa(name, seed, steps=40), NO_IDLE_DECAY
        if seed % 2 and name not in ("fake_almaden",):  # its gates have no durations
            circuit, noise = scheduled(circuit, device(name).target), None
        task = client.submit(
            openqasm(circuit), backend=name, compile="never", noise=noise, returns="probabilities"
        )  # fmt: skip
        exact = task.result().probabilities
        counts = aer_counts(name, circuit, 20_000, seed)
        table = np.zeros(len(exact), dtype=np.int64)
        for text, shots in counts.items():
            table[int(text, 2)] = shots
        yield (*distance(counts, exact), p_value(table, exact))


def run_experiments(provider: QuantumTaskProvider, name: str, qubit: int) -> bool:
    """Run device experiments on the service and on Aer, and return True if all values agree."""
    from qiskit_experiments.library import T1, StandardRB, T2Hahn

    snapshot = provider.backend(name)
    times = snapshot.qubit_properties(qubit)
    pair = [qubit, qubit + 1]
    makers: dict[str, Callable[[Any], Any]] = {
        "T1": lambda b: T1([qubit], np.linspace(1e-6, 3 * times.t1, 14), backend=b),
        "T2": lambda b: T2Hahn([qubit], np.linspace(1e-6, 3 * times.t2, 14), backend=b),
        "EPC": lambda b: StandardRB(pair, [1, 5, 10, 20, 35, 55], num_samples=4, seed=5, backend=b),
    }
    backends = (snapshot, AerSimulator.from_backend(device(name)))
    agree = True
    for what, make in makers.items():
        values = [_value(make(backend), backend, what) for backend in backends]
        agree &= _compare(f"{what} of {name}", *[(value.n, value.s) for value in values])
    return agree & _compare("ZNE", *[_extrapolate(snapshot, backend) for backend in backends])


def _value(experiment: Any, backend: Any, what: str) -> Any:
    data = experiment.run(backend, seed_simulator=11, shots=4000).block_for_results()
    return data.analysis_results(what, dataframe=False).value


def _extrapolate(
    snapshot: Any, backend: Any, shots: int = 20_000, runs: int = 6
) -> tuple[float, float]:
    """Return the value that mitiq extrapolates to zero noise, and its standard error."""
    from mitiq import zne

    circuit = QuantumCircuit(2)
    for _ in range(8):
        circuit.h(0)
        circuit.cx(0, 1)
        circuit.rz(0.3, 1)
        circuit.sx(1)
    circuit = circuit.compose(circuit.inverse())

    def value(run: int) -> float:
        seeds = iter(range(100 * run, 100 * run + 100))

        def execute(folded: QuantumCircuit) -> float:
            measured = folded.copy()
            measured.measure_all()
            on_device = transpile(measured, snapshot, optimization_level=0, initial_layout=[2, 3])
            job = backend.run(on_device, shots=shots, seed_simulator=next(seeds))
            return float(job.result().get_counts().get("00", 0) / shots)

        factory = zne.inference.RichardsonFactory([1, 3, 5])
        scale = zne.scaling.fold_global
        return float(zne.execute_with_zne(circuit, execute, factory=factory, scale_noise=scale))

    values = [value(run) for run in range(runs)]
    return float(np.mean(values)), float(np.std(values, ddof=1) / runs**0.5)


def _compare(what: str, service: Sequence[float], aer: Sequence[float]) -> bool:
    errors = abs(service[0] - aer[0]) / np.hypot(service[1], aer[1])
    print(
        f"{what}: service {service[0]:.4g} +- {service[1]:.2g}, Aer {aer[0]:.4g} +- {aer[1]:.2g}: "
        f"{errors:.1f} standard errors"
    )
    return bool(errors < 3)


def main(arguments: Sequence[str]) -> int:
    warnings.simplefilter("ignore")  # about old calibrations and rounded durations
    with tempfile.TemporaryDirectory() as folder:
        service = Service(Path(folder), slots=2).start()
        try:
            if "experiments" in arguments:
                return (
                    0 if run_experiments(QuantumTaskProvider(service.url), "fake_manila", 1) else 1
                )
            client = Client(service.url)
            compare_layouts(client, "fake_sherbrooke", 10)
            compare_layouts(client, "fake_fez", 10)
            return 0 if compare_circuits(client) else 1
        finally:
            service.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
