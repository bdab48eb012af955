"""What a gate does to its qubits, told so that a simulator can be quick about it."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from quantumtask.engines.limits import non_finite_state
from quantumtask.openqasm.program.operations import BasicGate, Matrix, MatrixGate, Operation

CONTROL_COUNTS = {
    "cx": 1, "cy": 1, "cz": 1, "ch": 1, "csx": 1, "cp": 1, "crx": 1, "cry": 1, "crz": 1, "cu": 1,
    "ccx": 2, "cswap": 1,
}  # fmt: skip
"""How many of a basic gate's qubits control it."""

ROUNDING_TOLERANCE = 1e-12

MAX_CACHED_GATES = 4096
MAX_CACHED_UNITARIES = 256


class GateAction(NamedTuple):
    """A matrix on some of the operation's qubits, where the others have their wanted values.

    `controls` are pairs (place, value) and `targets` places in the operation's list of qubits; bit
    k of a matrix index is target k. `keeps` tells of each place whether the operation leaves the
    outcome of measuring that qubit as it was.
    """

    controls: tuple[tuple[int, int], ...]
    targets: tuple[int, ...]
    matrix: Matrix
    diagonal: bool
    keeps: tuple[bool, ...]

    @property
    def flips(self) -> bool:
        """Whether, controls aside, it turns 0 into 1 and 1 into 0."""
        matrix = self.matrix
        return len(matrix) == 2 and not self.diagonal and matrix[0, 0] == matrix[1, 1] == 0


def gate_action(operation: Operation) -> GateAction:
    """What an operation does."""
    gate = operation.gate
    if isinstance(gate, BasicGate):
        return _basic(gate, operation.params, operation.controls)
    return _unitary(gate, operation.controls)


def gate_matrix(gate: BasicGate | MatrixGate, params: tuple[float, ...]) -> Matrix:
    """The matrix of a gate. Raises ResourceError for angles that are too large to have a sine."""
    try:
        return gate.matrix(*params)
    except (ValueError, OverflowError):
        raise non_finite_state() from None


@lru_cache(MAX_CACHED_GATES)
def _basic(gate: BasicGate, params: tuple[float, ...], controls: tuple[bool, ...]) -> GateAction:
    matrix = gate_matrix(gate, params)
    own = CONTROL_COUNTS.get(gate.name, 0)
    step = 1 << own
    own_matrix = np.ascontiguousarray(matrix[step - 1 :: step, step - 1 :: step])
    return _make(own_matrix, (*controls, *(True,) * own))


_unitaries: dict[tuple[int, tuple[bool, ...]], tuple[MatrixGate, GateAction]] = {}


def _unitary(gate: MatrixGate, controls: tuple[bool, ...]) -> GateAction:
    """Remembered by identity, because a matrix has no hash; what is kept cannot lose its id."""
    key = (id(gate), controls)
    found = _unitaries.get(key)
    if found is None:
        if len(_unitaries) >= MAX_CACHED_UNITARIES:
            _unitaries.clear()
        found = _unitaries[key] = (gate, _make(gate.entries, controls))
    return found[1]


def _make(matrix: Matrix, controls: tuple[bool, ...]) -> GateAction:
    first = len(controls)
    kept = _kept(matrix)
    return GateAction(
        tuple(enumerate(map(int, controls))),
        tuple(range(first, first + len(kept))),
        matrix,
        all(kept),
        (*(True,) * first, *kept),
    )


def _kept(matrix: Matrix) -> tuple[bool, ...]:
    """For each qubit, whether no entry leads from its 0 to its 1 or back."""
    if len(matrix) == 2:
        return (bool(matrix[0, 1] == 0 and matrix[1, 0] == 0),)
    rows, columns = np.nonzero(matrix)
    changed = int(np.bitwise_or.reduce(rows ^ columns)) if len(rows) else 0
    return tuple(not changed >> k & 1 for k in range(len(matrix).bit_length() - 1))
