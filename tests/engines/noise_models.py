"""Random noise models and circuits, and the results of Aer for them."""

from random import Random
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.circuit.library import RGate, UnitaryGate, XGate
from qiskit.quantum_info import Kraus, Operator, random_quantum_channel
from qiskit_aer import AerSimulator
from qiskit_aer.noise import (
    NoiseModel,
    QuantumError,
    ReadoutError,
    amplitude_damping_error,
    coherent_unitary_error,
    depolarizing_error,
    pauli_error,
    phase_damping_error,
    reset_error,
    thermal_relaxation_error,
)

QUBITS = 3
ONE = ("h", "x", "sx", "id", "t", "s", "u2", "r", "own", "unitary", "quiet")
TWO = ("cx", "cz", "swap", "ecr", "rzz", "rzx", "cu1")


def error_on_one(lots: Random) -> QuantumError:
    makers: list[Any] = [
        lambda: depolarizing_error(0.2, 1),
        lambda: amplitude_damping_error(0.3),
        lambda: pauli_error([("X", 0.2), ("I", 0.8)]),
        lambda: reset_error(0.2, 0.1),
        lambda: thermal_relaxation_error(50, 80, 20),
        lambda: QuantumError(Kraus(random_quantum_channel(2, 2, seed=lots.randrange(99)))),
        lambda: coherent_unitary_error(Operator(RGate(0.4, 0.3))),
    ]
    return lots.choice(makers)()


def error_on_two(lots: Random) -> QuantumError:
    makers: list[Any] = [
        lambda: depolarizing_error(0.2, 2),
        lambda: amplitude_damping_error(0.3).tensor(depolarizing_error(0.1, 1)),
        lambda: QuantumError(Kraus(random_quantum_channel(4, 4, seed=lots.randrange(99)))),
        lambda: thermal_relaxation_error(50, 80, 20).expand(phase_damping_error(0.2)),
        lambda: pauli_error([("XY", 0.3), ("II", 0.7)]),
    ]
    return lots.choice(makers)()


def random_model(lots: Random) -> NoiseModel:
    """Return errors of some gates, measurements and resets, for all or for certain qubits."""
    model = NoiseModel()
    for _ in range(lots.randint(1, 6)):
        name = lots.choice([*ONE[:-1], "measure", "reset"])
        _add(model, error_on_one(lots), name, [lots.randrange(QUBITS)], lots)
    for _ in range(lots.randint(0, 4)):
        _add(model, error_on_two(lots), lots.choice(TWO), lots.sample(range(QUBITS), 2), lots)
    if lots.random() < 0.5:
        model.add_all_qubit_readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]), warnings=False)
    if lots.random() < 0.5:
        error = ReadoutError([[0.8, 0.2], [0.05, 0.95]])
        model.add_readout_error(error, [lots.randrange(QUBITS)], warnings=False)
    return model


def _add(model: NoiseModel, error: QuantumError, name: str, on: list[int], lots: Random) -> None:
    if lots.random() < 0.5:
        model.add_all_qubit_quantum_error(error, name, warnings=False)
    else:
        model.add_quantum_error(error, name, on, warnings=False)


def random_circuit(lots: Random, size: int = 10) -> QuantumCircuit:
    """Return gates, with measurements and resets on the way; each bit is measured once."""
    circuit = QuantumCircuit(QUBITS, QUBITS + 1)
    measured = False
    for _ in range(size):
        lot = lots.random()
        if lot < 0.1:
            circuit.reset(lots.randrange(QUBITS))
        elif lot < 0.2 and not measured:
            circuit.measure(lots.randrange(QUBITS), QUBITS)
            measured = True
        elif lot < 0.65:
            _one(circuit, lots.choice(ONE), lots.randrange(QUBITS), lots)
        else:
            _two(circuit, lots.choice(TWO), lots.sample(range(QUBITS), 2), lots)
    circuit.measure(range(QUBITS), range(QUBITS))
    return circuit


def _one(circuit: QuantumCircuit, name: str, qubit: int, lots: Random) -> None:
    angle, other = lots.uniform(-3, 3), lots.uniform(-3, 3)
    if name == "r":
        circuit.r(angle, other, qubit)
    elif name == "u2":
        circuit.append(_u2(angle, other), [qubit])
    elif name in ("own", "quiet"):
        circuit.append(XGate(label=name), [qubit])
    elif name == "unitary":
        circuit.append(UnitaryGate(Operator(RGate(angle, other))), [qubit])
    else:
        getattr(circuit, name)(qubit)


def _u2(phi: float, lam: float) -> Any:
    from qiskit.circuit.library import U2Gate

    return U2Gate(phi, lam)


def _two(circuit: QuantumCircuit, name: str, qubits: list[int], lots: Random) -> None:
    angle = lots.uniform(-3, 3)
    if name in ("rzz", "rzx"):
        getattr(circuit, name)(angle, *qubits)
    elif name == "cu1":
        from qiskit.circuit.library import CU1Gate

        circuit.append(CU1Gate(angle), qubits)
    else:
        getattr(circuit, name)(*qubits)


def aer_probabilities(circuit: QuantumCircuit, model: NoiseModel) -> Any:
    """Return the exact probabilities of all bits of a circuit with terminal measurements."""
    exact = QuantumCircuit(*circuit.qregs, *circuit.cregs)
    for item in circuit.data:
        if not item.clbits:
            exact._append(item)
    exact.save_probabilities()
    result = AerSimulator(method="density_matrix").run(exact, noise_model=model, shots=1).result()
    return np.asarray(result.data()["probabilities"])


def aer_counts(circuit: QuantumCircuit, model: NoiseModel, shots: int) -> Any:
    """Return the counts of Aer; bit k of an index is the circuit's bit k."""
    simulator = AerSimulator(method="statevector", seed_simulator=7, max_parallel_threads=1)
    counts = simulator.run(circuit, noise_model=model, shots=shots).result().get_counts()
    table = np.zeros(1 << circuit.num_clbits)
    for bits, count in counts.items():
        table[int(bits, 2)] = count
    return table
