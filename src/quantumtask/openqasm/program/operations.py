"""Operations of a program: basic gates, unitary matrices, and their controlled forms."""

import cmath
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class BasicGate:
    """A gate that every engine implements, under Qiskit's name.

    Attributes:
        name: Qiskit's name of the gate.
        num_parameters: Number of parameters.
        num_qubits: Number of qubits.
        matrix: Returns the matrix, 2**n x 2**n, for the parameters; bit k of an index is qubit k.
        inverse: Returns the name and the parameters of the inverse, for the parameters; None for a
            gate whose inverse has no name.
        is_clifford: True if the gate is a Clifford gate.
    """

    name: str
    num_parameters: int
    num_qubits: int
    matrix: Callable[..., Matrix]
    inverse: Callable[..., tuple[str, tuple[float, ...]]] | None
    is_clifford: bool = False


class MatrixGate(NamedTuple):
    """A gate that is defined by its matrix; the order is that of BasicGate.matrix."""

    entries: Matrix
    name: str = "unitary"
    is_clifford: bool = False

    def matrix(self) -> Matrix:
        """Return the matrix, as BasicGate.matrix does."""
        return self.entries


class Operation(NamedTuple):
    """A gate on qubits, in the form for engines.

    Attributes:
        gate: The gate without controls.
        params: The parameters of the gate.
        qubits: Numbers of qubits: first those of `controls`, then those of the gate.
        controls: For each control, True if the state 1 of the qubit applies the gate, and False if
            the state 0 does.
    """

    gate: BasicGate | MatrixGate
    params: tuple[float, ...]
    qubits: tuple[int, ...]
    controls: tuple[bool, ...] = ()

    def matrix(self) -> Matrix:
        """Return the matrix of the gate, without the controls."""
        return self.gate.matrix(*self.params)

    @property
    def is_clifford(self) -> bool:
        """True for a Clifford gate without controls."""
        return self.gate.is_clifford and not self.controls


def _fixed(rows: Sequence[Sequence[complex]]) -> Callable[..., Matrix]:
    matrix = np.array(rows, dtype=np.complex128)
    matrix.setflags(write=False)
    return lambda: matrix


def _diagonal(*entries: complex) -> Matrix:
    size = len(entries)
    matrix = np.zeros(size * size, dtype=np.complex128)
    matrix[:: size + 1] = entries
    return matrix.reshape(size, size)


def _exp(angle: float) -> complex:
    return cmath.exp(1j * angle)


def _u(theta: float, phi: float, lam: float) -> Matrix:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return np.array(
        [[cos, -_exp(lam) * sin], [_exp(phi) * sin, _exp(phi) * _exp(lam) * cos]],
        dtype=np.complex128,
    )


def _rx(theta: float) -> Matrix:
    return _u(theta, -math.pi / 2, math.pi / 2)


def _ry(theta: float) -> Matrix:
    return _u(theta, 0, 0)


def _rz(theta: float) -> Matrix:
    return _diagonal(_exp(-theta / 2), _exp(theta / 2))


def _rzz(theta: float) -> Matrix:
    same, other = _exp(-theta / 2), _exp(theta / 2)
    return _diagonal(same, other, other, same)


def _two_diagonals(diagonal: float, other: complex | tuple[complex, ...]) -> Matrix:
    """Return a matrix on two qubits with entries on both diagonals."""
    matrix = np.zeros(16, dtype=np.complex128)
    matrix[::5] = diagonal
    matrix[3:13:3] = other
    return matrix.reshape(4, 4)


def _ryy(theta: float) -> Matrix:
    cos, sin = math.cos(theta / 2), 1j * math.sin(theta / 2)
    return _two_diagonals(cos, (sin, -sin, -sin, sin))


def _rxx(theta: float) -> Matrix:
    return _two_diagonals(math.cos(theta / 2), -1j * math.sin(theta / 2))


def controlled_matrix(matrix: Matrix, controls: Sequence[bool] = (True,)) -> Matrix:
    """Return a matrix with controls; qubit k of the result is control k.

    Args:
        matrix: The matrix of a gate; bit k of an index is qubit k.
        controls: For each control, True for a control on 1, and False for a control on 0.
    """
    selected = sum(1 << k for k, on_one in enumerate(controls) if on_one)
    step = 1 << len(controls)
    result = np.eye(len(matrix) * step, dtype=np.complex128)
    result[selected::step, selected::step] = matrix
    return result


def _controlled(make: Callable[..., Matrix]) -> Callable[..., Matrix]:
    return lambda *params: controlled_matrix(make(*params))


_HALF = math.sqrt(0.5)
_X = _fixed([[0, 1], [1, 0]])
_Y = _fixed([[0, -1j], [1j, 0]])
_Z = _fixed([[1, 0], [0, -1]])
_H = _fixed([[_HALF, _HALF], [_HALF, -_HALF]])
_SX = _fixed([[(1 + 1j) / 2, (1 - 1j) / 2], [(1 - 1j) / 2, (1 + 1j) / 2]])
_SXDG = _fixed([[(1 - 1j) / 2, (1 + 1j) / 2], [(1 + 1j) / 2, (1 - 1j) / 2]])
_SWAP = _fixed([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])


def _constant(matrix: Matrix) -> Callable[..., Matrix]:
    matrix.setflags(write=False)
    return lambda: matrix


def _fixed_inverse(name: str) -> Callable[..., tuple[str, tuple[float, ...]]]:
    return lambda: (name, ())


def _negated_inverse(name: str) -> Callable[..., tuple[str, tuple[float, ...]]]:
    return lambda *params: (name, tuple(-p for p in params))


def _inverse_u(theta: float, phi: float, lam: float) -> tuple[str, tuple[float, ...]]:
    return "u", (-theta, -lam, -phi)


def _inverse_cu(
    theta: float, phi: float, lam: float, gamma: float
) -> tuple[str, tuple[float, ...]]:
    return "cu", (-theta, -lam, -phi, -gamma)


def _cu(theta: float, phi: float, lam: float, gamma: float) -> Matrix:
    return controlled_matrix(_exp(gamma) * _u(theta, phi, lam))


def _p(angle: float) -> Matrix:
    return _diagonal(1, _exp(angle))


BASIC_GATES = {
    gate.name: gate
    for gate in (
        BasicGate("id", 0, 1, _fixed([[1, 0], [0, 1]]), _fixed_inverse("id"), True),
        BasicGate("x", 0, 1, _X, _fixed_inverse("x"), True),
        BasicGate("y", 0, 1, _Y, _fixed_inverse("y"), True),
        BasicGate("z", 0, 1, _Z, _fixed_inverse("z"), True),
        BasicGate("h", 0, 1, _H, _fixed_inverse("h"), True),
        BasicGate("s", 0, 1, _fixed([[1, 0], [0, 1j]]), _fixed_inverse("sdg"), True),
        BasicGate("sdg", 0, 1, _fixed([[1, 0], [0, -1j]]), _fixed_inverse("s"), True),
        BasicGate("t", 0, 1, _constant(_p(math.pi / 4)), _fixed_inverse("tdg")),
        BasicGate("tdg", 0, 1, _constant(_p(-math.pi / 4)), _fixed_inverse("t")),
        BasicGate("sx", 0, 1, _SX, _fixed_inverse("sxdg"), True),
        BasicGate("sxdg", 0, 1, _SXDG, _fixed_inverse("sx"), True),
        BasicGate("p", 1, 1, _p, _negated_inverse("p")),
        BasicGate("rx", 1, 1, _rx, _negated_inverse("rx")),
        BasicGate("ry", 1, 1, _ry, _negated_inverse("ry")),
        BasicGate("rz", 1, 1, _rz, _negated_inverse("rz")),
        BasicGate("u", 3, 1, _u, _inverse_u),
        BasicGate("cx", 0, 2, _constant(controlled_matrix(_X())), _fixed_inverse("cx"), True),
        BasicGate("cy", 0, 2, _constant(controlled_matrix(_Y())), _fixed_inverse("cy"), True),
        BasicGate("cz", 0, 2, _constant(controlled_matrix(_Z())), _fixed_inverse("cz"), True),
        BasicGate("ch", 0, 2, _constant(controlled_matrix(_H())), _fixed_inverse("ch")),
        BasicGate(
            "csx",
            0,
            2,
            _constant(controlled_matrix(_SX())),
            lambda: ("cu", (-math.pi / 2, -math.pi / 2, math.pi / 2, -math.pi / 4)),
        ),
        BasicGate("cp", 1, 2, _controlled(_p), _negated_inverse("cp")),
        BasicGate("crx", 1, 2, _controlled(_rx), _negated_inverse("crx")),
        BasicGate("cry", 1, 2, _controlled(_ry), _negated_inverse("cry")),
        BasicGate("crz", 1, 2, _controlled(_rz), _negated_inverse("crz")),
        BasicGate("cu", 4, 2, _cu, _inverse_cu),
        BasicGate("swap", 0, 2, _SWAP, _fixed_inverse("swap"), True),
        BasicGate("rxx", 1, 2, _rxx, _negated_inverse("rxx")),
        BasicGate("ryy", 1, 2, _ryy, _negated_inverse("ryy")),
        BasicGate("rzz", 1, 2, _rzz, _negated_inverse("rzz")),
        BasicGate(
            "ccx", 0, 3, _constant(controlled_matrix(_X(), (True, True))), _fixed_inverse("ccx")
        ),
        BasicGate("cswap", 0, 3, _constant(controlled_matrix(_SWAP())), _fixed_inverse("cswap")),
    )
}
"""The basic gates by name."""

CONTROLLED_GATE_BASES = {
    "cx": "x", "cy": "y", "cz": "z", "ch": "h", "csx": "sx", "cp": "p", "crx": "rx", "cry": "ry",
    "crz": "rz", "ccx": "cx", "cswap": "swap",
}  # fmt: skip
"""For each basic gate with a control, the basic gate that the first qubit controls."""

BARRIER, DELAY = "barrier", "delay"

TIMING_OPERATIONS = frozenset({BARRIER, DELAY})
"""Operations that take time on a device, or order other operations, and do nothing else."""

CONTROLLED_PAULIS = {BASIC_GATES[name]: BASIC_GATES[f"c{name}"] for name in "xyz"}
"""For each Pauli gate, the basic gate that is the Pauli gate with one control."""
