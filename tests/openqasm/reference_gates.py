"""The reference evaluator's gates: the matrices that the specification writes down.

The first qubit of a gate is the most significant of its matrix.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.linalg import block_diag, schur


def e(angle: float) -> complex:
    """Return exp(i angle)."""
    return complex(np.exp(1j * angle))


def u(theta: float, phi: float, lam: float) -> Any:
    """Return the built-in U, 2 pi periodic in theta."""
    up, down = 1 + e(theta), 1 - e(theta)
    return np.array([[up, -1j * e(lam) * down], [1j * e(phi) * down, e(phi + lam) * up]]) / 2


def u3(theta: float, phi: float, lam: float) -> Any:
    return e(-(theta + phi + lam) / 2) * u(theta, phi, lam)


def p(lam: float) -> Any:
    return np.diag([1, e(lam)])


def rotation(axis: Any) -> Callable[[float], Any]:
    return lambda theta: math.cos(theta / 2) * np.eye(2) - 1j * math.sin(theta / 2) * axis


def controlled(matrix: Any) -> Any:
    return block_diag(np.eye(len(matrix)), matrix)


def with_control(gate: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *params: controlled(gate(*params))


X, Y, Z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
H = np.array([[1, 1], [1, -1]]) / math.sqrt(2)
SX = np.array([[1 + 1j, 1 - 1j], [1 - 1j, 1 + 1j]]) / 2
SWAP = np.eye(4)[[0, 2, 1, 3]]
FIXED = {
    "x": X, "y": Y, "z": Z, "h": H, "sx": SX, "id": np.eye(2), "swap": SWAP,
    "s": p(math.pi / 2), "sdg": p(-math.pi / 2), "t": p(math.pi / 4), "tdg": p(-math.pi / 4),
    "cx": controlled(X), "CX": controlled(X), "cy": controlled(Y), "cz": controlled(Z),
    "ch": controlled(H), "ccx": controlled(controlled(X)), "cswap": controlled(SWAP),
}  # fmt: skip
RX, RY, RZ = rotation(X), rotation(Y), rotation(Z)
GATES: dict[str, Callable[..., Any]] = {name: (lambda m=m: m) for name, m in FIXED.items()} | {
    "U": u, "u3": u3, "u2": lambda phi, lam: u3(math.pi / 2, phi, lam), "u1": p, "p": p,
    "phase": p, "rx": RX, "ry": RY, "rz": RZ, "crx": with_control(RX), "cry": with_control(RY),
    "crz": with_control(RZ), "cp": with_control(p), "cphase": with_control(p),
    # As the library's file defines it: its prose leaves out the half angle.
    "cu": lambda theta, phi, lam, gamma: controlled(e(gamma - theta / 2) * u(theta, phi, lam)),
    "gphase": lambda gamma: np.array([[e(gamma)]]),
}  # fmt: skip


def power(matrix: Any, exponent: float) -> Any:
    """Return the principal power: eigenvalues exp(i x) with x in (-pi, pi]."""
    diagonal, basis = schur(matrix, output="complex")
    angles = np.angle(np.diag(diagonal))
    angles[angles < 1e-9 - math.pi] = math.pi
    return basis @ np.diag(np.exp(1j * exponent * angles)) @ basis.conj().T


def modified(matrix: Any, name: str, argument: Any) -> Any:
    if name == "inv":
        return matrix.conj().T
    if name == "pow" and argument == int(argument):
        return np.linalg.matrix_power(matrix, int(argument))
    if name == "pow":
        return power(matrix, argument)
    for _ in range(1 if argument is None else int(argument)):
        size = len(matrix)
        matrix = controlled(matrix)
        if name == "negctrl":
            matrix = np.roll(matrix, size, (0, 1))
    return matrix


def applied(matrix: Any, tensor: Any, qubits: Sequence[int]) -> Any:
    """Apply a gate to some axes of a tensor whose first axes are qubits."""
    if len(set(qubits)) != len(qubits):
        raise ValueError("a qubit twice")
    count = len(qubits)
    gate = np.reshape(matrix, (2,) * (2 * count))
    product = np.tensordot(gate, tensor, axes=(range(count, 2 * count), qubits))
    return np.moveaxis(product, range(count), qubits)
