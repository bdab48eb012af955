"""The matrices of compiled gates and programs."""

import numpy as np

from quantumtask.openqasm import Program
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.operations import controlled_matrix as under_control
from quantumtask.shared.settings import Settings
from tests.support.compile_circuit import compile_circuit

SETTINGS = Settings(slot_memory_mb=2048)


STD = 'include "stdgates.inc";\n'


def compiled(text: str) -> Program:
    return compile_circuit(text, SETTINGS)


def matrix(body: str, qubits: int, definitions: str = "") -> np.ndarray:
    """Return the unitary of gates on `q`, without the global phase; bit k of an index is `q[k]`."""
    return unitary(compiled(f"{STD}{definitions}qubit[{qubits}] q;\n{body}"), qubits)


def unitary(program: Program, qubits: int) -> np.ndarray:
    assert program.circuit is not None
    total = np.eye(2**qubits, dtype=complex)
    for step in program.circuit.steps:
        assert isinstance(step, Operation)
        total = embedded(step, qubits) @ total
    return total


def embedded(operation: Operation, qubits: int) -> np.ndarray:
    """Return the matrix of one operation on all qubits, entry by entry."""
    small = under_control(operation.matrix(), operation.controls)
    result = np.zeros((2**qubits, 2**qubits), dtype=complex)
    for column in range(2**qubits):
        inside = sum((column >> q & 1) << k for k, q in enumerate(operation.qubits))
        rest = column & ~sum(1 << q for q in operation.qubits)
        for row in range(len(small)):
            to = rest | sum((row >> k & 1) << q for k, q in enumerate(operation.qubits))
            result[to, column] = small[row, inside]
    return result


def equal(left: np.ndarray, right: np.ndarray) -> bool:
    """Return True if two matrices are equal, including the phase."""
    return bool(np.allclose(left, right, atol=1e-9))


def same(left: np.ndarray, right: np.ndarray) -> bool:
    """Return True if two matrices are equal up to a global phase."""
    overlap = np.vdot(left, right)
    return bool(abs(overlap) > 1e-9) and equal(left * overlap / abs(overlap), right)
