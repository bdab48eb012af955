"""Circuits whose gates keep the names that a noise model uses."""

from collections.abc import Iterator

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, Gate
from qiskit.quantum_info import Operator
from qiskit.transpiler import PassManager
from qiskit.transpiler.passes import Unroll3qOrMore

from quantumtask.engines.noise.error_model import ErrorModel
from quantumtask.engines.noise.failure import invalid_noise
from quantumtask.engines.qiskit.circuits import unitary_gate
from quantumtask.openqasm.program.operations import MatrixGate, Operation

_AER_GATES = """
    id x y z h s sdg t tdg sx sxdg p rx ry rz u cx cy cz cp csx swap rxx ryy rzz ccx cswap ecr
    u1 u2 u3 cu
"""
AER_GATES = frozenset(_AER_GATES.split())
"""Gates that all methods of Aer but `stabilizer` run by name."""

PIECE_LABEL = "a piece of a gate"
"""Label of the parts of a decomposed gate; no error of a model has this name."""

UNITARY = "unitary"
"""Name of a gate that a program gives by its matrix."""

MAX_MATRIX_QUBITS = 6
"""Largest number of qubits of a gate that Aer gets as a matrix."""


def model_gate_name(operation: Operation) -> str:
    """Return the name of a gate in a noise model: that of its circuit by `keep_model_names`."""
    return UNITARY if isinstance(operation.gate, MatrixGate) else operation.gate.name


def keep_model_names(circuit: QuantumCircuit, errors: ErrorModel) -> QuantumCircuit:
    """Return the circuit with all gates that Aer lacks as matrices, labelled with their names.

    Raises:
        ResourceError: `bad_noise` for an error of a gate that is too large for a matrix.
    """
    named = circuit.copy_empty_like()
    for item in circuit.data:
        operation = item.operation
        if not isinstance(operation, Gate) or _is_native(operation):
            named._append(item)
        elif len(item.qubits) <= MAX_MATRIX_QUBITS:
            gate = unitary_gate(Operator(operation).data, operation.label or operation.name)
            named._append(CircuitInstruction(gate, item.qubits, ()))
        else:
            for part in _decompose(item, errors):
                named._append(part)
    return named


def _is_native(gate: Gate) -> bool:
    return gate.name in AER_GATES and gate.label is None


def _decompose(item: CircuitInstruction, errors: ErrorModel) -> Iterator[CircuitInstruction]:
    name = item.operation.label or item.operation.name
    if name in errors.quantum:
        raise invalid_noise(
            f"noise: an error belongs to a gate on at most {MAX_MATRIX_QUBITS} qubits; the program "
            f"calls {name!r} on {len(item.qubits)}: give errors for the gates of its definition"
        )
    gate = QuantumCircuit(item.qubits)
    gate._append(item)
    for part in PassManager([Unroll3qOrMore()]).run(gate).data:
        matrix = unitary_gate(Operator(part.operation).data, PIECE_LABEL)
        yield CircuitInstruction(matrix, part.qubits, ())
