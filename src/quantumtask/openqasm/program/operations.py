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
    """A gate that every engine knows, by the name that Qiskit has for it.

    `matrix(*params)` is 2**n x 2**n; bit k of an index is the gate's qubit k. `inverse(*params)`
    is the name and the parameters of its inverse; None for a gate whose inverse has no name.
    """

    name: str
    parameters: int
    qubits: int
    matrix: Callable[..., Matrix]
    inverse: Callable[..., tuple[str, tuple[float, ...]]] | None
    clifford: bool = False


class MatrixGate(NamedTuple):
    """A gate given by its matrix, ordered as that of a Basic gate."""

    values: Matrix
    name: str = "unitary"
    clifford: bool = False

    def matrix(self) -> Matrix:
        return self.values


class Operation(NamedTuple):
    """A gate on qubits, as an engine sees it.

    The first `len(controls)` of the qubits control it: True where 1 selects, False where 0 does.
    """

    gate: BasicGate | MatrixGate
    params: tuple[float, ...]
    qubits: tuple[int, ...]
    controls: tuple[bool, ...] = ()

    def matrix(self) -> Matrix:
        """The matrix of the gate, without its controls."""
        return self.gate.matrix(*self.params)

    @property
    def clifford(self) -> bool:
        return self.gate.clifford and not self.controls


def _fixed(rows: Sequence[Sequence[complex]]) -> Callable[..., Matrix]:
    matrix = np.array(rows, dtype=np.complex128)
    matrix.setflags(write=False)
    return lambda: matrix


def _diagonal(*entries: complex) -> Matrix:
    return np.diag(np.array(entries, dtype=np.complex128))


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


def _ryy(theta: float) -> Matrix:
    cos, sin = math.cos(theta / 2), 1j * math.sin(theta / 2)
    signs = np.array([1, -1, -1, 1])
    matrix: Matrix = cos * np.eye(4, dtype=np.complex128) + sin * np.diag(signs)[::-1]
    return matrix


def _rxx(theta: float) -> Matrix:
    cos, sin = math.cos(theta / 2), -1j * math.sin(theta / 2)
    matrix: Matrix = cos * np.eye(4, dtype=np.complex128) + sin * np.eye(4)[::-1]
    return matrix


def controlled_matrix(matrix: Matrix, controls: Sequence[bool] = (True,)) -> Matrix:
    """The matrix with controls in front: qubit k of the result is control k."""
    wanted = sum(1 << k for k, on in enumerate(controls) if on)
    step = 1 << len(controls)
    result = np.eye(len(matrix) * step, dtype=np.complex128)
    result[wanted::step, wanted::step] = matrix
    return result


def _ctrl(make: Callable[..., Matrix]) -> Callable[..., Matrix]:
    return lambda *params: controlled_matrix(make(*params))


_HALF = math.sqrt(0.5)


_X = _fixed([[0, 1], [1, 0]])


_Y = _fixed([[0, -1j], [1j, 0]])


_Z = _fixed([[1, 0], [0, -1]])


_H = _fixed([[_HALF, _HALF], [_HALF, -_HALF]])


_SX = _fixed([[(1 + 1j) / 2, (1 - 1j) / 2], [(1 - 1j) / 2, (1 + 1j) / 2]])


_SXDG = _fixed([[(1 - 1j) / 2, (1 + 1j) / 2], [(1 + 1j) / 2, (1 - 1j) / 2]])


_SWAP = _fixed([[1, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]])


def _const(matrix: Matrix) -> Callable[..., Matrix]:
    matrix.setflags(write=False)
    return lambda: matrix


def _same(name: str) -> Callable[..., tuple[str, tuple[float, ...]]]:
    return lambda: (name, ())


def _turned(name: str) -> Callable[..., tuple[str, tuple[float, ...]]]:
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
        BasicGate("id", 0, 1, _fixed([[1, 0], [0, 1]]), _same("id"), True),
        BasicGate("x", 0, 1, _X, _same("x"), True),
        BasicGate("y", 0, 1, _Y, _same("y"), True),
        BasicGate("z", 0, 1, _Z, _same("z"), True),
        BasicGate("h", 0, 1, _H, _same("h"), True),
        BasicGate("s", 0, 1, _fixed([[1, 0], [0, 1j]]), _same("sdg"), True),
        BasicGate("sdg", 0, 1, _fixed([[1, 0], [0, -1j]]), _same("s"), True),
        BasicGate("t", 0, 1, _const(_p(math.pi / 4)), _same("tdg")),
        BasicGate("tdg", 0, 1, _const(_p(-math.pi / 4)), _same("t")),
        BasicGate("sx", 0, 1, _SX, _same("sxdg"), True),
        BasicGate("sxdg", 0, 1, _SXDG, _same("sx"), True),
        BasicGate("p", 1, 1, _p, _turned("p")),
        BasicGate("rx", 1, 1, _rx, _turned("rx")),
        BasicGate("ry", 1, 1, _ry, _turned("ry")),
        BasicGate("rz", 1, 1, _rz, _turned("rz")),
        BasicGate("u", 3, 1, _u, _inverse_u),
        BasicGate("cx", 0, 2, _const(controlled_matrix(_X())), _same("cx"), True),
        BasicGate("cy", 0, 2, _const(controlled_matrix(_Y())), _same("cy"), True),
        BasicGate("cz", 0, 2, _const(controlled_matrix(_Z())), _same("cz"), True),
        BasicGate("ch", 0, 2, _const(controlled_matrix(_H())), _same("ch")),
        BasicGate(
            "csx",
            0,
            2,
            _const(controlled_matrix(_SX())),
            lambda: ("cu", (-math.pi / 2, -math.pi / 2, math.pi / 2, -math.pi / 4)),
        ),
        BasicGate("cp", 1, 2, _ctrl(_p), _turned("cp")),
        BasicGate("crx", 1, 2, _ctrl(_rx), _turned("crx")),
        BasicGate("cry", 1, 2, _ctrl(_ry), _turned("cry")),
        BasicGate("crz", 1, 2, _ctrl(_rz), _turned("crz")),
        BasicGate("cu", 4, 2, _cu, _inverse_cu),
        BasicGate("swap", 0, 2, _SWAP, _same("swap"), True),
        BasicGate("rxx", 1, 2, _rxx, _turned("rxx")),
        BasicGate("ryy", 1, 2, _ryy, _turned("ryy")),
        BasicGate("rzz", 1, 2, _rzz, _turned("rzz")),
        BasicGate("ccx", 0, 3, _const(controlled_matrix(_X(), (True, True))), _same("ccx")),
        BasicGate("cswap", 0, 3, _const(controlled_matrix(_SWAP())), _same("cswap")),
    )
}
"""The gates that engines know, by Qiskit's name."""


CONTROLLED_GATE_BASES = {
    "cx": "x", "cy": "y", "cz": "z", "ch": "h", "csx": "sx", "cp": "p", "crx": "rx", "cry": "ry",
    "crz": "rz", "ccx": "cx", "cswap": "swap",
}  # fmt: skip
"""Those whose first qubit controls another one of them, which acts on the rest."""


BARRIER, DELAY = "barrier", "delay"


SCHEDULING_OPERATIONS = frozenset({BARRIER, DELAY})
"""Operations of a device that leave an ideal qubit as it is."""


CONTROLLED_PAULIS = {BASIC_GATES[name]: BASIC_GATES[f"c{name}"] for name in "xyz"}
"""Gates that are Clifford under one control, with their controlled gates."""
