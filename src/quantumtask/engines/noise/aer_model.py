"""Rates as a noise model of Aer's, on a circuit whose gates are those that were written."""

from collections.abc import Iterable
from functools import lru_cache

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Gate
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import Unroll3qOrMore
from qiskit_aer.noise import (
    NoiseModel,
    QuantumError,
    ReadoutError,
    depolarizing_error,
    thermal_relaxation_error,
)

from quantumtask.engines.noise.error_model import ErrorModel, parse_error_model
from quantumtask.engines.qiskit.circuits import unitary_gate
from quantumtask.shared.error_rates import ErrorRates, ReadoutRates, ThermalRates

LABELS = {1: "one_qubit", 2: "two_qubit"}
"""What a gate is called that has no name in the simulator; the noise knows it by that."""

ONE_QUBIT = frozenset(
    ["id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "p", "rx", "ry", "rz", "u"]
)
TWO_QUBIT = frozenset(["cx", "cy", "cz", "cp", "swap", "rxx", "ryy", "rzz"])
"""Gates that all methods run by their names, but those of stabilizers, which run Cliffords."""


def decompose_to_two_qubit(circuit: QuantumCircuit) -> QuantumCircuit:
    """The same with gates on one or two qubits alone, each with a name that the noise knows."""
    if any(len(item.qubits) > 2 for item in circuit.data):
        circuit = PassManager([Unroll3qOrMore()]).run(circuit)
    named = circuit.copy_empty_like()
    for item in circuit.data:
        operation = item.operation
        if isinstance(operation, Gate) and operation.name not in ONE_QUBIT | TWO_QUBIT:
            gate = unitary_gate(operation.to_matrix(), LABELS[len(item.qubits)])
            item = CircuitInstruction(gate, item.qubits, ())
        named._append(item)
    return named


@lru_cache(8)
def aer_noise_model(rates: ErrorRates) -> NoiseModel:
    """For circuits in pieces."""
    model = NoiseModel(basis_gates=sorted(ONE_QUBIT | TWO_QUBIT | {"unitary"}))
    for qubits, names in ((1, ONE_QUBIT), (2, TWO_QUBIT)):
        error = _error(rates, qubits)
        if error is not None:
            model.add_all_qubit_quantum_error(error, sorted({*names, LABELS[qubits]}))
    if rates.readout:
        model.add_all_qubit_readout_error(ReadoutError(confusion_matrix(rates.readout)))
    return model


@lru_cache(8)
def error_model_from_rates(rates: ErrorRates) -> ErrorModel:
    """The error model with the same noise as some rates."""
    return parse_error_model(aer_noise_model(rates).to_dict())


def confusion_matrix(flips: ReadoutRates) -> list[list[float]]:
    """How likely each bit is read where it is 0, and where it is 1."""
    up, down = flips.zero_as_one, flips.one_as_zero
    return [[1 - up, up], [down, 1 - down]]


def _error(rates: ErrorRates, qubits: int) -> QuantumError | None:
    """What comes after a gate on so many qubits."""
    errors = []
    if rates.depolarizing:
        chances = rates.depolarizing
        chance = chances.one_qubit if qubits == 1 else chances.two_qubit
        errors.append(depolarizing_error(chance, qubits))
    if rates.thermal:
        errors.append(_thermal_error(rates.thermal, qubits))
    return _compose([error for error in errors if not error.ideal()])


def _thermal_error(thermal: ThermalRates, qubits: int) -> QuantumError:
    """Of each qubit by itself, for as long as the gate takes."""
    times = thermal.gate_ns
    time_ns = times.one_qubit if qubits == 1 else times.two_qubit
    error = thermal_relaxation_error(thermal.t1_us * 1e3, thermal.t2_us * 1e3, time_ns)
    return error if qubits == 1 else error.expand(error)


def _compose(errors: Iterable[QuantumError]) -> QuantumError | None:
    whole = None
    for error in errors:
        whole = error if whole is None else whole.compose(error)
    return whole
