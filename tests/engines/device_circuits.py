"""Random circuits in the gates of a device and on its qubits, and what Aer makes of them."""

import random
import warnings
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.transpiler import PassManager, Target
from qiskit.transpiler.passes import ALAPScheduleAnalysis, PadDelay
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel

UNITS = {
    "ns": (50, 3000),
    "us": (0.1, 5.0),
    "s": (1e-7, 5e-6),
    "ms": (1e-4, 5e-3),
    "dt": (100, 9000),
}


@cache
def device(name: str) -> Any:
    """The snapshot `fake_manila` of qiskit-ibm-runtime, as Qiskit's users have it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from qiskit_ibm_runtime.fake_provider import FakeProviderForBackendV2

        return FakeProviderForBackendV2().backend(name)


def random_isa(
    name: str, seed: int, qubits: int = 4, steps: int = 30, delays: bool = True
) -> QuantumCircuit:
    """A circuit as wide as the device, which measures some neighbouring qubits at its end."""
    target, lots = device(name).target, random.Random(f"{name} {seed}")
    some = _neighbours(target, qubits, lots)
    places = [
        (gate, on)
        for gate in sorted(target.operation_names)
        if gate in ("cx", "ecr", "cz", "sx", "x", "rz", "id", "u1", "u2", "u3")
        for on in target[gate]
        if set(on) <= set(some)
    ]
    circuit = QuantumCircuit(target.num_qubits, qubits)
    for _ in range(steps):
        kind = lots.random()
        if kind < 0.12 and delays:
            unit = lots.choice([unit for unit in UNITS if unit != "dt" or target.dt])
            time = lots.uniform(*UNITS[unit])
            circuit.delay(round(time) if unit == "dt" else time, lots.choice(some), unit=unit)
        elif kind < 0.2:
            circuit.barrier(lots.sample(some, lots.randint(1, len(some))))
        else:
            gate, on = lots.choice(places)
            operation = target.operation_from_name(gate)
            angles = [lots.uniform(-3, 3) for _ in operation.params]
            circuit.append(operation.base_class(*angles), on)
    circuit.measure(some, range(qubits))
    return circuit


def ghz(qubits: int) -> QuantumCircuit:
    """A chain of `cx`, all of it measured."""
    circuit = QuantumCircuit(qubits, qubits)
    circuit.h(0)
    for k in range(qubits - 1):
        circuit.cx(k, k + 1)
    circuit.measure(range(qubits), range(qubits))
    return circuit


def _neighbours(target: Any, qubits: int, lots: random.Random) -> list[int]:
    pairs = list(target.build_coupling_map().get_edges())
    some = [lots.randrange(target.num_qubits)]
    while len(some) < qubits:
        around = {b for a, b in pairs if a in some} | {a for a, b in pairs if b in some}
        some.append(lots.choice(sorted(around - set(some))))
    return some


def scheduled(circuit: QuantumCircuit, target: Any) -> QuantumCircuit:
    """The circuit with a delay wherever a qubit would be idle, as Qiskit schedules it.

    Qubits that nothing else is done with are left out: Aer would simulate them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # durations are rounded to the unit of the device
        passes = PassManager([ALAPScheduleAnalysis(target=target), PadDelay(target=target)])
        scheduled_circuit = passes.run(circuit)
    used = {bit for item in circuit.data for bit in item.qubits if item.operation.name != "barrier"}
    padded = scheduled_circuit.copy_empty_like()
    for item in scheduled_circuit.data:
        if used.intersection(item.qubits):
            padded.append(item)
    return padded


def aer_counts(name: str, circuit: QuantumCircuit, shots: int, seed: int) -> dict[str, int]:
    """Return the counts of `AerSimulator.from_backend` for a circuit.

    The device is reduced to the qubits of the circuit: Aer takes half a minute to build the noise
    model of 156 qubits.
    """
    target, number = device(name).target, {bit: k for k, bit in enumerate(circuit.qubits)}
    used = sorted({number[bit] for item in circuit.data for bit in item.qubits if _acts(item)})
    small = QuantumCircuit(len(used), circuit.num_clbits)
    for item in circuit.data:
        on = [used.index(number[bit]) for bit in item.qubits if number[bit] in used]
        if _acts(item):
            small.append(item.operation, on, [circuit.find_bit(bit).index for bit in item.clbits])
    simulator = AerSimulator(noise_model=_noise(target, used))
    return dict(simulator.run(small, shots=shots, seed_simulator=seed).result().get_counts())


def _acts(item: Any) -> bool:
    return item.operation.name != "barrier"


def _noise(target: Any, used: list[int]) -> NoiseModel:
    """Aer's model of some qubits of a device, numbered anew."""
    properties = [target.qubit_properties[qubit] for qubit in used]
    part = Target(num_qubits=len(used), dt=target.dt, qubit_properties=properties)
    for name in target.operation_names:
        places = target[name] or {}
        own = {on: properties for on, properties in places.items() if on and {*on} <= {*used}}
        properties_on_part = {
            tuple(map(used.index, on)): properties for on, properties in own.items()
        }
        if properties_on_part:
            part.add_instruction(target.operation_from_name(name), properties_on_part, name=name)
    names = list(part.operation_names)
    backend = SimpleNamespace(version=2, target=part, dt=part.dt, operation_names=names)
    return NoiseModel.from_backend(backend)


def distance(counts: dict[str, int], chances: Any) -> tuple[float, float]:
    """The total variation distance of counts from a distribution, and its mean by chance alone."""
    shots = sum(counts.values())
    frequencies = np.zeros(len(chances))
    for text, count in counts.items():
        frequencies[int(text.replace(" ", ""), 2)] = count / shots
    by_chance = np.sqrt(2 * chances * (1 - chances) / (np.pi * shots)).sum() / 2
    return float(np.abs(frequencies - chances).sum() / 2), float(by_chance)
