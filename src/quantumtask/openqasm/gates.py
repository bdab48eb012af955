"""Gates: the ones every program knows, those of its includes, and those it defines."""

import cmath
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.complex128]


@dataclass(frozen=True, eq=False)
class Basic:
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


class Unitary(NamedTuple):
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

    gate: Basic | Unitary
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


def controlled(matrix: Matrix, controls: Sequence[bool] = (True,)) -> Matrix:
    """The matrix with controls in front: qubit k of the result is control k."""
    wanted = sum(1 << k for k, on in enumerate(controls) if on)
    step = 1 << len(controls)
    result = np.eye(len(matrix) * step, dtype=np.complex128)
    result[wanted::step, wanted::step] = matrix
    return result


def _ctrl(make: Callable[..., Matrix]) -> Callable[..., Matrix]:
    return lambda *params: controlled(make(*params))


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
    return controlled(_exp(gamma) * _u(theta, phi, lam))


def _p(angle: float) -> Matrix:
    return _diagonal(1, _exp(angle))


BASIC = {
    gate.name: gate
    for gate in (
        Basic("id", 0, 1, _fixed([[1, 0], [0, 1]]), _same("id"), True),
        Basic("x", 0, 1, _X, _same("x"), True),
        Basic("y", 0, 1, _Y, _same("y"), True),
        Basic("z", 0, 1, _Z, _same("z"), True),
        Basic("h", 0, 1, _H, _same("h"), True),
        Basic("s", 0, 1, _fixed([[1, 0], [0, 1j]]), _same("sdg"), True),
        Basic("sdg", 0, 1, _fixed([[1, 0], [0, -1j]]), _same("s"), True),
        Basic("t", 0, 1, _const(_p(math.pi / 4)), _same("tdg")),
        Basic("tdg", 0, 1, _const(_p(-math.pi / 4)), _same("t")),
        Basic("sx", 0, 1, _SX, _same("sxdg"), True),
        Basic("sxdg", 0, 1, _SXDG, _same("sx"), True),
        Basic("p", 1, 1, _p, _turned("p")),
        Basic("rx", 1, 1, _rx, _turned("rx")),
        Basic("ry", 1, 1, _ry, _turned("ry")),
        Basic("rz", 1, 1, _rz, _turned("rz")),
        Basic("u", 3, 1, _u, _inverse_u),
        Basic("cx", 0, 2, _const(controlled(_X())), _same("cx"), True),
        Basic("cy", 0, 2, _const(controlled(_Y())), _same("cy"), True),
        Basic("cz", 0, 2, _const(controlled(_Z())), _same("cz"), True),
        Basic("ch", 0, 2, _const(controlled(_H())), _same("ch")),
        Basic(
            "csx",
            0,
            2,
            _const(controlled(_SX())),
            lambda: ("cu", (-math.pi / 2, -math.pi / 2, math.pi / 2, -math.pi / 4)),
        ),
        Basic("cp", 1, 2, _ctrl(_p), _turned("cp")),
        Basic("crx", 1, 2, _ctrl(_rx), _turned("crx")),
        Basic("cry", 1, 2, _ctrl(_ry), _turned("cry")),
        Basic("crz", 1, 2, _ctrl(_rz), _turned("crz")),
        Basic("cu", 4, 2, _cu, _inverse_cu),
        Basic("swap", 0, 2, _SWAP, _same("swap"), True),
        Basic("rxx", 1, 2, _rxx, _turned("rxx")),
        Basic("ryy", 1, 2, _ryy, _turned("ryy")),
        Basic("rzz", 1, 2, _rzz, _turned("rzz")),
        Basic("ccx", 0, 3, _const(controlled(_X(), (True, True))), _same("ccx")),
        Basic("cswap", 0, 3, _const(controlled(_SWAP())), _same("cswap")),
    )
}
"""The gates that engines know, by Qiskit's name."""

BARRIER, DELAY = "barrier", "delay"
PAUSES = frozenset({BARRIER, DELAY})
"""Operations of a device that leave an ideal qubit as it is."""

CONTROLLED = {
    "cx": "x", "cy": "y", "cz": "z", "ch": "h", "csx": "sx", "cp": "p", "crx": "rx", "cry": "ry",
    "crz": "rz", "ccx": "cx", "cswap": "swap",
}  # fmt: skip
"""Those whose first qubit controls another one of them, which acts on the rest."""

CONTROLLED_PAULIS = {BASIC[name]: BASIC[f"c{name}"] for name in "xyz"}
"""Gates that are Clifford under one control, with their controlled gates."""


@dataclass(frozen=True, eq=False)
class Gate:
    """What a call needs to know: how many parameters and qubits, and what one call costs."""

    name: str
    parameters: int
    qubits: int
    cost: int = 1


@dataclass(frozen=True, eq=False)
class Standard(Gate):
    """A gate that is a Basic one, times exp(i * phase), under `extra` controls.

    `arguments` turns its parameters into those of the Basic gate; None: they are the same.
    """

    basic: Basic = BASIC["id"]
    phase: Callable[..., float] | None = None
    arguments: Callable[..., tuple[float, ...]] | None = None
    extra: int = 0


@dataclass(frozen=True, eq=False)
class Instruction(Gate):
    """A gate that stays one operation of its own name and is never expanded."""

    basic: Basic = BASIC["id"]


@dataclass(frozen=True, eq=False)
class GlobalPhase(Gate):
    """`gphase`: acts on no qubit, and on its last control as `p` when it has controls."""


@dataclass(frozen=True, eq=False)
class Opaque(Gate):
    """A gate of OpenQASM 2 that is declared without saying what it does."""


Argument = float | Callable[[Sequence[Any]], Any]
"""A number, or the way to it from the parameters of the definition that it stands in."""


class BodyCall(NamedTuple):
    """A call inside a definition: `slots` are places in the definition's list of qubits.

    `powers` are applied first to last, before the controls; `inv` is -1. `weight`: operations that
    working out its arguments takes as long as.
    """

    gate: Gate
    args: tuple[Argument, ...]
    slots: tuple[int, ...]
    powers: tuple[Argument, ...] = ()
    controls: tuple[bool, ...] = ()
    weight: int = 0


@dataclass(frozen=True, eq=False)
class Defined(Gate):
    """A gate that is made of others; `cells`: how many values its body needs to be evaluated."""

    body: tuple[BodyCall, ...] = ()


def standard(name: str, basic: str = "", **more: Any) -> Standard:
    """A gate that is the Basic one of the name `basic`; `more` as in Standard."""
    base = BASIC[basic or name]
    extra = more.get("extra", 0)
    parameters = more.pop("parameters", base.parameters)
    return Standard(name, parameters, base.qubits + extra, 1, base, **more)


def _u2(phi: float, lam: float) -> tuple[float, ...]:
    return (math.pi / 2, phi, lam)


def _cu3(theta: float, phi: float, lam: float) -> tuple[float, ...]:
    return (theta, phi, lam, 0.0)


U = standard("U", "u", phase=lambda theta, _phi, _lam: theta / 2)
GPHASE = GlobalPhase("gphase", 1, 0)
BUILT_IN: dict[str, Gate] = {"U": U, "gphase": GPHASE}

# The gates `u2` and `u3` differ from Qiskit's by a phase, which shows once they are controlled.
_U2 = standard("u2", "u", parameters=2, arguments=_u2, phase=lambda phi, lam: -(phi + lam) / 2)
_U3 = standard("u3", "u", phase=lambda _theta, phi, lam: -(phi + lam) / 2)
_SAME_NAME = "p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu id"

STDGATES: dict[str, Gate] = {
    gate.name: gate
    for gate in (
        *(standard(name) for name in _SAME_NAME.split()),
        standard("CX", "cx"),
        standard("phase", "p"),
        standard("cphase", "cp"),
        standard("u1", "p"),
        _U2,
        _U3,
    )
}
"""The gates of `stdgates.inc`, by name."""


def _made_of(name: str, qubits: int, *calls: str) -> Defined:
    """A definition from lines such as "cx 0 1" and "u1(-pi/4) 2"."""
    body = []
    for call in calls:
        head, *slots = call.split()
        gate, _, angle = head.partition(":")
        args = (float(angle) * math.pi,) if angle else ()
        body.append(BodyCall(QELIB1[gate], args, tuple(int(slot) for slot in slots)))
    return Defined(name, 0, qubits, len(body), tuple(body))


QELIB1: dict[str, Gate] = {
    **STDGATES,
    "u": standard("u", "u"),
    "u0": standard("u0", "id", parameters=1, arguments=lambda _: ()),
    "sxdg": standard("sxdg"),
    "csx": standard("csx"),
    "cu1": standard("cu1", "cp"),
    "cu3": standard("cu3", "cu", parameters=3, arguments=_cu3),
    "rxx": standard("rxx"),
    "ryy": standard("ryy"),
    "rzz": standard("rzz"),
    "c3x": standard("c3x", "x", extra=3),
    "c3sqrtx": standard("c3sqrtx", "sx", extra=3),
    "c3sx": standard("c3sx", "sx", extra=3),
    "c4x": standard("c4x", "x", extra=4),
}
"""The gates of OpenQASM 2's `qelib1.inc`, by name."""

QELIB1["rccx"] = _made_of(
    "rccx", 3, "h 2", "t 2", "cx 1 2", "tdg 2", "cx 0 2", "t 2", "cx 1 2", "tdg 2", "h 2"
)
QELIB1["rc3x"] = _made_of(
    "rc3x", 4, "h 3", "t 3", "cx 2 3", "tdg 3", "h 3", "cx 0 3", "t 3", "cx 1 3", "tdg 3",
    "cx 0 3", "t 3", "cx 1 3", "tdg 3", "h 3", "t 3", "cx 2 3", "tdg 3", "h 3",
)  # fmt: skip
