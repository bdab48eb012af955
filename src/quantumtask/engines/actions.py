"""What a gate does to its qubits, told so that a simulator can be quick about it."""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from quantumtask.engines.limits import not_a_number
from quantumtask.openqasm.gates import Basic, Matrix, Operation, Unitary, controlled

CONTROLS = {
    "cx": 1, "cy": 1, "cz": 1, "ch": 1, "csx": 1, "cp": 1, "crx": 1, "cry": 1, "crz": 1, "cu": 1,
    "ccx": 2, "cswap": 1,
}  # fmt: skip
"""How many of a basic gate's qubits control it."""

ROUNDING = 1e-12

MOST_REMEMBERED = 4096
MOST_UNITARIES = 256


class Action(NamedTuple):
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


def action(operation: Operation) -> Action:
    """What an operation does."""
    gate = operation.gate
    if isinstance(gate, Basic):
        return _basic(gate, operation.params, operation.controls)
    return _unitary(gate, operation.controls)


def matrix_of(gate: Basic | Unitary, params: tuple[float, ...]) -> Matrix:
    """The matrix of a gate. Raises ResourceError for angles that are too large to have a sine."""
    try:
        return gate.matrix(*params)
    except (ValueError, OverflowError):
        raise not_a_number() from None


@lru_cache(MOST_REMEMBERED)
def _basic(gate: Basic, params: tuple[float, ...], controls: tuple[bool, ...]) -> Action:
    matrix = matrix_of(gate, params)
    own = CONTROLS.get(gate.name, 0)
    step = 1 << own
    own_matrix = np.ascontiguousarray(matrix[step - 1 :: step, step - 1 :: step])
    return _make(own_matrix, (*controls, *(True,) * own))


_unitaries: dict[tuple[int, tuple[bool, ...]], tuple[Unitary, Action]] = {}


def _unitary(gate: Unitary, controls: tuple[bool, ...]) -> Action:
    """Remembered by identity, because a matrix has no hash; what is kept cannot lose its id."""
    key = (id(gate), controls)
    found = _unitaries.get(key)
    if found is None:
        if len(_unitaries) >= MOST_UNITARIES:
            _unitaries.clear()
        found = _unitaries[key] = (gate, _make(gate.values, controls))
    return found[1]


def _make(matrix: Matrix, controls: tuple[bool, ...]) -> Action:
    first = len(controls)
    kept = _kept(matrix)
    return Action(
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


class Conjugation(NamedTuple):
    """How a Clifford gate turns Paulis: with bits (x0, x1, .., z0, z1, ..) of the gate's qubits.

    `images` lists, for each new bit, the old bits that it is the sum of; the sign changes by the
    sum of `signs`, products of old bits.
    """

    images: tuple[tuple[int, ...], ...]
    signs: tuple[tuple[int, ...], ...]


MOST_CLIFFORD_QUBITS = 2


def conjugation(operation: Operation) -> Conjugation | None:
    """How an operation turns Paulis; None where it is not a Clifford gate on one or two qubits."""
    if len(operation.qubits) > MOST_CLIFFORD_QUBITS:
        return None
    gate = operation.gate
    if isinstance(gate, Basic):
        return _basic_conjugation(gate, operation.params, operation.controls)
    return _conjugation(controlled(gate.values, operation.controls))


@lru_cache(MOST_REMEMBERED)
def _basic_conjugation(
    gate: Basic, params: tuple[float, ...], controls: tuple[bool, ...]
) -> Conjugation | None:
    return _conjugation(controlled(matrix_of(gate, params), controls))


def _conjugation(matrix: Matrix) -> Conjugation | None:
    qubits = len(matrix).bit_length() - 1
    turned = []
    for bits in range(4**qubits):
        image = _pauli_of(matrix @ _pauli(bits, qubits) @ matrix.conj().T, qubits)
        if image is None:
            return None
        turned.append(image)
    images = tuple(
        tuple(old for old in range(2 * qubits) if turned[1 << old][0] >> new & 1)
        for new in range(2 * qubits)
    )
    return Conjugation(images, _polynomial([sign for _, sign in turned]))


@cache
def _pauli(bits: int, qubits: int) -> Matrix:
    """The Hermitian product of X, Y and Z that has these bits."""
    x, z = bits & ((1 << qubits) - 1), bits >> qubits
    size = 1 << qubits
    matrix = np.zeros((size, size), dtype=np.complex128)
    for index in range(size):
        matrix[index ^ x, index] = 1j ** (x & z).bit_count() * (-1) ** (z & index).bit_count()
    return matrix


def _pauli_of(matrix: Matrix, qubits: int) -> tuple[int, int] | None:
    """The bits and the sign of a matrix, if it is a Pauli."""
    first = matrix[:, 0]
    x = int(np.argmax(np.abs(first)))
    z = sum(1 << k for k in range(qubits) if (matrix[x ^ 1 << k, 1 << k] / first[x]).real < 0)
    bits = x | z << qubits
    pauli = _pauli(bits, qubits)
    sign = int((first[x] / pauli[x, 0]).real < 0)
    wrong = np.abs(matrix - (1 - 2 * sign) * pauli).max()
    return (bits, sign) if wrong < ROUNDING else None


def _polynomial(values: list[int]) -> tuple[tuple[int, ...], ...]:
    """The products of bits whose sum modulo 2 has these values (a Moebius transform)."""
    values = list(values)
    step = 1
    while step < len(values):
        for index in range(len(values)):
            if index & step:
                values[index] ^= values[index ^ step]
        step *= 2
    return tuple(_bits(index) for index, value in enumerate(values) if value)


def _bits(number: int) -> tuple[int, ...]:
    return tuple(k for k in range(number.bit_length()) if number >> k & 1)
