"""Adjoint differentiation: derivatives of expectation values by all angles of a circuit.

The gates are undone one after another, on the state and on the products of the observables with it
(Jones and Gacon, 2020, https://arxiv.org/abs/2009.02823). The time is that of a few evolutions
for any number of angles.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import GateAction, gate_action, target_matrix
from quantumtask.engines.observables.observable import PROJECTORS, FloatArray, WordSums
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.openqasm.program.operations import BasicGate, Matrix, Operation

_PAULIS: dict[str, Matrix] = {
    "X": np.array([[0, 1], [1, 0]], dtype=np.complex128),
    "Y": np.array([[0, -1j], [1j, 0]], dtype=np.complex128),
    "Z": np.diag(np.array([1, -1], dtype=np.complex128)),
}

NODES = 5
"""Points that determine an entry of a gate's matrix as a function of one angle: a trigonometric
polynomial in half of the angle, of degree two at most."""


class AngleDerivatives(NamedTuple):
    """Derivatives of expectation values.

    Attributes:
        values: [observables], the expectation values.
        derivatives: [observables, angles], the angles in the order of the operations.
    """

    values: FloatArray
    derivatives: FloatArray


def differentiate(
    vector: ComplexArray,
    operations: Sequence[Operation],
    words: Sequence[Mapping[int, str]],
    sums: WordSums,
    angles: NDArray[np.bool_],
    progress: RunProgress,
) -> AngleDerivatives:
    """Return the derivatives of expectation values.

    Args:
        vector: The state after all operations; bit k of an index is qubit k.
        operations: Operations on the qubits of the state.
        words: For each Pauli word, its letters but I by their qubits.
        sums: The observables, as in `Observables`.
        angles: For each angle of the operations, True if its derivative is needed.
        progress: The progress of the run.
    """
    rows = 1 << len(sums).bit_length()  # a power of two above the number of observables
    states = np.zeros((rows, len(vector)), dtype=np.complex128)
    states[0] = vector
    for row, (numbers, coefficients) in zip(states[1:], sums, strict=False):
        for number, coefficient in zip(numbers.tolist(), coefficients.tolist(), strict=True):
            row += coefficient * _apply_word(vector, words[number])
    values = np.real(states[1 : 1 + len(sums)] @ vector.conj())
    derivatives = np.zeros((len(sums), len(angles)))
    position = len(angles)
    for operation in progress.each(reversed(operations), len(operations)):
        position -= len(operation.params)
        needed = angles[position : position + len(operation.params)]
        columns = derivatives[:, position : position + len(operation.params)]
        _undo(states, operation, needed, columns)
    return AngleDerivatives(values, derivatives)


def _apply_word(vector: ComplexArray, letters: Mapping[int, str]) -> ComplexArray:
    product = vector.copy()
    for qubit, letter in letters.items():
        matrix = _letter_matrix(letter)
        action = GateAction((), (0,), matrix, letter in "Z01", (letter in "Z01",))
        kernels.apply(product, action, (qubit,))
    return product


def _letter_matrix(letter: str) -> Matrix:
    if letter in _PAULIS:
        return _PAULIS[letter]
    pauli, bit = PROJECTORS[letter]
    matrix: Matrix = (np.eye(2) + (1 - 2 * bit) * _PAULIS[pauli]) / 2
    return matrix


def _undo(
    states: ComplexArray, operation: Operation, needed: NDArray[np.bool_], columns: FloatArray
) -> None:
    """Undo an operation on all states, and write the derivatives by its angles into columns."""
    if isinstance(operation.gate, BasicGate) and operation.gate.name == "id":
        return
    action = gate_action(operation)
    inverse = action._replace(matrix=np.ascontiguousarray(action.matrix.conj().T))
    if not needed.any():
        kernels.apply(states.reshape(-1), inverse, operation.qubits)
        return
    kernels.apply(states[0], inverse, operation.qubits)
    products = np.array(
        [
            kernels.overlaps(bra, states[0], action, operation.qubits)
            for bra in states[1 : 1 + len(columns)]
        ]
    )
    for number in np.flatnonzero(needed).tolist():
        slope = matrix_derivative(operation, number)
        columns[:, number] = 2 * np.real(np.sum(slope * products, axis=(1, 2)))
    for state in states[1 : 1 + len(columns)]:
        kernels.apply(state, inverse, operation.qubits)


def matrix_derivative(operation: Operation, number: int) -> Matrix:
    """Return the derivative of the matrix on the targets of an operation by one of its angles.

    The derivative of the trigonometric interpolation through equidistant points is exact here.
    """
    gate, params = operation.gate, operation.params
    assert isinstance(gate, BasicGate)
    derivative = np.zeros_like(target_matrix(gate, params))
    for node in range(1, NODES):
        angle = params[number] + 4 * np.pi * node / NODES
        shifted = (*params[:number], angle, *params[number + 1 :])
        weight = (-1) ** (node + 1) / np.sin(np.pi * node / NODES) / 4
        derivative = derivative + weight * target_matrix(gate, shifted)
    return derivative
