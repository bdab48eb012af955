"""Gates as controlled matrices, for simulators that apply them."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from quantumtask.engines.limits import non_finite_state
from quantumtask.openqasm.program.operations import BasicGate, Matrix, MatrixGate, Operation

CONTROL_COUNTS = {
    "cx": 1, "cy": 1, "cz": 1, "ch": 1, "csx": 1, "cp": 1, "crx": 1, "cry": 1, "crz": 1, "cu": 1,
    "ccx": 2, "cswap": 1,
}  # fmt: skip
"""The number of first qubits of a basic gate that are controls."""

ROUNDING_TOLERANCE = 1e-12

MAX_CACHED_GATES = 4096
MAX_CACHED_UNITARIES = 256


class GateAction(NamedTuple):
    """Matrix on the targets of an operation, for given values of the controls.

    Attributes:
        controls: Index in the operation's qubits, and value, of each control.
        targets: Index of each target; bit k of a matrix index is target k.
        diagonal: The matrix is diagonal.
        preserves_basis: For each qubit of the operation: True if the operation commutes with a
            measurement of that qubit.
    """

    controls: tuple[tuple[int, int], ...]
    targets: tuple[int, ...]
    matrix: Matrix
    diagonal: bool
    preserves_basis: tuple[bool, ...]

    @property
    def is_flip(self) -> bool:
        """True if the matrix exchanges 0 and 1 of one target, up to phases."""
        matrix = self.matrix
        return len(matrix) == 2 and not self.diagonal and matrix[0, 0] == matrix[1, 1] == 0


def gate_action(operation: Operation) -> GateAction:
    """Return the controls, the targets and the matrix of an operation."""
    gate = operation.gate
    if isinstance(gate, BasicGate):
        return _basic_action(gate, operation.params, operation.controls)
    return _unitary_action(gate, operation.controls)


def gate_matrix(gate: BasicGate | MatrixGate, params: tuple[float, ...]) -> Matrix:
    """Return the matrix of a gate.

    Raises:
        ResourceError: An angle is too large to compute its sine (`engine_refused`).
    """
    try:
        return gate.matrix(*params)
    except (ValueError, OverflowError):
        raise non_finite_state() from None


@lru_cache(MAX_CACHED_GATES)
def _basic_action(
    gate: BasicGate, params: tuple[float, ...], controls: tuple[bool, ...]
) -> GateAction:
    count = CONTROL_COUNTS.get(gate.name, 0)
    return _build(target_matrix(gate, params), (*controls, *(True,) * count))


def target_matrix(gate: BasicGate, params: tuple[float, ...]) -> Matrix:
    """Return the matrix of a gate on its targets, without the controls that it has itself."""
    matrix, step = gate_matrix(gate, params), 1 << CONTROL_COUNTS.get(gate.name, 0)
    return np.ascontiguousarray(matrix[step - 1 :: step, step - 1 :: step])


_unitaries: dict[tuple[int, tuple[bool, ...]], tuple[MatrixGate, GateAction]] = {}
"""Cache by the id of a gate, because a matrix has no hash; a cached gate keeps its id."""


def _unitary_action(gate: MatrixGate, controls: tuple[bool, ...]) -> GateAction:
    key = (id(gate), controls)
    entry = _unitaries.get(key)
    if entry is None:
        if len(_unitaries) >= MAX_CACHED_UNITARIES:
            _unitaries.clear()
        entry = _unitaries[key] = (gate, _build(gate.entries, controls))
    return entry[1]


def _build(matrix: Matrix, controls: tuple[bool, ...]) -> GateAction:
    first = len(controls)
    preserved = _preserved_targets(matrix)
    return GateAction(
        tuple(enumerate(map(int, controls))),
        tuple(range(first, first + len(preserved))),
        matrix,
        all(preserved),
        (*(True,) * first, *preserved),
    )


def _preserved_targets(matrix: Matrix) -> tuple[bool, ...]:
    """Return for each target True if the matrix never changes its value, 0 or 1."""
    if len(matrix) == 2:
        return (bool(matrix[0, 1] == 0 and matrix[1, 0] == 0),)
    rows, columns = np.nonzero(matrix)
    changed = int(np.bitwise_or.reduce(rows ^ columns)) if len(rows) else 0
    return tuple(not changed >> k & 1 for k in range(len(matrix).bit_length() - 1))
