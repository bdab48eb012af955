"""Aer's noise model for error rates, and circuits with the gates that the model knows."""

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

from quantumtask.engines.noise.error_model import ConfusionMatrix, ErrorModel
from quantumtask.engines.noise.error_model_json import parse_error_model
from quantumtask.engines.qiskit.circuits import unitary_gate
from quantumtask.openqasm.program.operations import MatrixGate, Operation
from quantumtask.shared.error_rates import ErrorRates, ReadoutRates, ThermalRates

LABELS = {1: "one_qubit", 2: "two_qubit"}
"""Labels of gates that Aer does not know by name, by the number of qubits."""

ONE_QUBIT_GATES = frozenset(
    ["id", "x", "y", "z", "h", "s", "sdg", "t", "tdg", "sx", "sxdg", "p", "rx", "ry", "rz", "u"]
)
TWO_QUBIT_GATES = frozenset(["cx", "cy", "cz", "cp", "swap", "rxx", "ryy", "rzz"])
"""Gates that all methods of Aer run by name; its stabilizer method runs the Clifford ones."""

NAMED_GATES = ONE_QUBIT_GATES | TWO_QUBIT_GATES


def decompose_to_two_qubit(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit of gates on one or two qubits, each with a name that the noise model has."""
    if any(len(item.qubits) > 2 for item in circuit.data):
        circuit = PassManager([Unroll3qOrMore()]).run(circuit)
    named = circuit.copy_empty_like()
    for item in circuit.data:
        operation = item.operation
        if isinstance(operation, Gate) and operation.name not in NAMED_GATES:
            gate = unitary_gate(operation.to_matrix(), LABELS[len(item.qubits)])
            item = CircuitInstruction(gate, item.qubits, ())
        named._append(item)
    return named


def rates_gate_name(operation: Operation) -> str:
    """Return the name of a gate on one or two qubits in the error model of some rates."""
    name = operation.gate.name
    known = name in NAMED_GATES and not isinstance(operation.gate, MatrixGate)
    return name if known else LABELS[len(operation.qubits)]


@lru_cache(8)
def aer_noise_model(rates: ErrorRates) -> NoiseModel:
    """Return Aer's noise model of error rates, for circuits of `decompose_to_two_qubit`."""
    model = NoiseModel(basis_gates=sorted(NAMED_GATES | {"unitary"}))
    for qubits, names in ((1, ONE_QUBIT_GATES), (2, TWO_QUBIT_GATES)):
        error = _gate_error(rates, qubits)
        if error is not None:
            model.add_all_qubit_quantum_error(error, sorted({*names, LABELS[qubits]}))
    if rates.readout:
        model.add_all_qubit_readout_error(ReadoutError(confusion_matrix(rates.readout)))
    return model


@lru_cache(8)
def error_model_from_rates(rates: ErrorRates) -> ErrorModel:
    """Return the error model with the noise of error rates."""
    return parse_error_model(aer_noise_model(rates).to_dict())


def confusion_matrix(rates: ReadoutRates) -> ConfusionMatrix:
    """Return the readout error rates as a confusion matrix."""
    up, down = rates.zero_as_one, rates.one_as_zero
    return (1 - up, up), (down, 1 - down)


def _gate_error(rates: ErrorRates, qubits: int) -> QuantumError | None:
    """Return the error after a gate on this number of qubits; None if there is none."""
    errors = []
    if rates.depolarizing:
        depolarizing = rates.depolarizing
        probability = depolarizing.one_qubit if qubits == 1 else depolarizing.two_qubit
        errors.append(depolarizing_error(probability, qubits))
    if rates.thermal:
        errors.append(_thermal_error(rates.thermal, qubits))
    return _compose([error for error in errors if not error.ideal()])


def _thermal_error(thermal: ThermalRates, qubits: int) -> QuantumError:
    """Return the independent decay of each qubit during a gate."""
    times = thermal.gate_ns
    time_ns = times.one_qubit if qubits == 1 else times.two_qubit
    error = thermal_relaxation_error(thermal.t1_us * 1e3, thermal.t2_us * 1e3, time_ns)
    return error if qubits == 1 else error.expand(error)


def _compose(errors: Iterable[QuantumError]) -> QuantumError | None:
    composed = None
    for error in errors:
        composed = error if composed is None else composed.compose(error)
    return composed
