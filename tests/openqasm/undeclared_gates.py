"""The matrices of undeclared gates, from the documentation of the tools.

`BRAKET`, from the gates' pages in the documentation of Amazon Braket's Python SDK, and `HQS`, from
tket's documentation of `OpType` (`PhasedX`, `ZZMax`, `ZZPhase`, `TK2`), have the first qubit as the
highest bit of an index. `QISKIT` is Qiskit's library, with the first qubit as the lowest.
"""

import cmath
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from qiskit.circuit import library
from qiskit.quantum_info import Operator
from scipy.linalg import block_diag, expm

from tests.openqasm.reference_gates import FIXED, RX, RY, RZ, SX, X, Y, Z, controlled, p

Make = Callable[..., Any]
ROOT = math.sqrt(0.5)


def e(angle: float) -> complex:
    return cmath.exp(1j * angle)


def fixed(matrix: Any) -> Make:
    return lambda: matrix


def exchange(inner: Any) -> Any:
    """Return a matrix on the states 01 and 10 of two qubits."""
    return block_diag(1, np.array(inner), 1)


def ising(axis: Any) -> Make:
    return lambda angle: expm(-0.5j * angle * np.kron(axis, axis))


def equatorial_rotation(theta: float, phi: float) -> Any:
    cos, sin = math.cos(theta / 2), math.sin(theta / 2)
    return np.array([[cos, -1j * e(-phi) * sin], [-1j * e(phi) * sin, cos]])


def ms(a: float, b: float, c: float = math.pi / 2) -> Any:
    cos, sin = math.cos(c / 2), -1j * math.sin(c / 2)
    return cos * np.eye(4) + sin * np.diag([e(-a - b), e(b - a), e(a - b), e(a + b)])[:, ::-1]


def xy(angle: float) -> Any:
    cos, sin = math.cos(angle / 2), 1j * math.sin(angle / 2)
    return exchange([[cos, sin], [sin, cos]])


ECR = ROOT * np.array([[0, 0, 1, 1j], [0, 0, 1j, 1], [1, -1j, 0, 0], [-1j, 1, 0, 0]])

_FIXED = ["h", "x", "y", "z", "s", "t", "cy", "cz", "swap", "cswap"]

BRAKET: dict[str, tuple[tuple[int, ...], Make]] = {
    **{name: ((0,), fixed(FIXED[name])) for name in _FIXED},
    "rx": ((1,), RX), "ry": ((1,), RY), "rz": ((1,), RZ),
    "i": ((0,), fixed(np.eye(2))), "si": ((0,), fixed(FIXED["sdg"])),
    "ti": ((0,), fixed(FIXED["tdg"])), "v": ((0,), fixed(SX)), "vi": ((0,), fixed(SX.conj().T)),
    "cv": ((0,), fixed(controlled(SX))), "cnot": ((0,), fixed(controlled(X))),
    "ccnot": ((0,), fixed(controlled(controlled(X)))), "phaseshift": ((1,), p),
    "cphaseshift": ((1,), lambda a: np.diag([1, 1, 1, e(a)])),
    "cphaseshift00": ((1,), lambda a: np.diag([e(a), 1, 1, 1])),
    "cphaseshift01": ((1,), lambda a: np.diag([1, e(a), 1, 1])),
    "cphaseshift10": ((1,), lambda a: np.diag([1, 1, e(a), 1])),
    "xx": ((1,), ising(X)), "yy": ((1,), ising(Y)), "zz": ((1,), ising(Z)), "xy": ((1,), xy),
    "iswap": ((0,), fixed(exchange([[0, 1j], [1j, 0]]))),
    "pswap": ((1,), lambda a: exchange([[0, e(a)], [e(a), 0]])),
    "ecr": ((0,), fixed(ECR)), "prx": ((2,), equatorial_rotation),
    "gpi2": ((1,), lambda a: equatorial_rotation(math.pi / 2, a)),
    "gpi": ((1,), lambda a: np.array([[0, e(-a)], [e(a), 0]])), "ms": ((2, 3), ms),
}  # fmt: skip
"""For each name, the possible numbers of parameters, and the matrix."""

HQS: dict[str, tuple[tuple[int, ...], Make]] = {
    "Rz": ((1,), RZ), "U1q": ((2,), equatorial_rotation),
    "ZZ": ((0,), fixed(ising(Z)(math.pi / 2))),
    "RZZ": ((1,), ising(Z)),
    "Rxxyyzz": ((3,), lambda a, b, c: ising(X)(a) @ ising(Y)(b) @ ising(Z)(c)),
}  # fmt: skip

_CLASSES: dict[str, Any] = {
    "r": library.RGate, "rzx": library.RZXGate, "dcx": library.DCXGate, "ccz": library.CCZGate,
    "cs": library.CSGate, "csdg": library.CSdgGate, "ecr": library.ECRGate, "u": library.UGate,
    "iswap": library.iSwapGate, "sxdg": library.SXdgGate, "csx": library.CSXGate,
    "cu1": library.CU1Gate, "cu3": library.CU3Gate, "rxx": library.RXXGate, "ryy": library.RYYGate,
    "rzz": library.RZZGate, "rccx": library.RCCXGate, "rcccx": library.RC3XGate,
    "rc3x": library.RC3XGate, "c3x": library.C3XGate, "cccx": library.C3XGate,
    "c3sx": library.C3SXGate, "c3sqrtx": library.C3SXGate, "c4x": library.C4XGate,
    "ccccx": library.C4XGate, "xx_plus_yy": library.XXPlusYYGate,
    "xx_minus_yy": library.XXMinusYYGate,
}  # fmt: skip
_PARAMETERS = {"r": 2, "rzx": 1, "u": 3, "cu1": 1, "cu3": 3, "rxx": 1, "ryy": 1, "rzz": 1,
               "xx_plus_yy": 2, "xx_minus_yy": 2}  # fmt: skip

QISKIT: dict[str, tuple[int, Make]] = {
    name: (_PARAMETERS.get(name, 0), lambda *params, kind=kind: Operator(kind(*params)).data)
    for name, kind in _CLASSES.items()
}


def reversed_qubits(matrix: Any) -> Any:
    """Return the matrix with its qubits in the other order."""
    qubits = len(matrix).bit_length() - 1
    order = [int(format(k, f"0{qubits}b")[::-1], 2) for k in range(len(matrix))]
    return matrix[np.ix_(order, order)]
