"""Fractional powers of gates: the principal powers of their matrices.

The power k of a unitary matrix has the same eigenvectors; an eigenvalue exp(i * phase) becomes
exp(i * k * phase), with the phase in (-pi, pi]. The specification names no branch (Gates: Power
modifier). The branch here depends on the matrix, not on the angles of the gate: rx(2*pi) and
rx(14*pi) are one matrix and have one root. An eigenvalue that differs from -1 only by rounding has
the phase +pi, for both signs of the rounding error.
"""

import cmath
import math
from collections.abc import Sequence

import numpy as np
from scipy.linalg import schur

from quantumtask.openqasm.program.operations import BASIC_GATES, BasicGate, Matrix

MAX_ROOT_QUBITS = 6
"""Most qubits of a gate under a fractional power."""

BRANCH_TOLERANCE = 1e-9
"""Distance from -1, in radians, up to which an eigenvalue counts as -1. Rounding errors are
smaller: 5e-14 for an argument of 100 * pi, 5e-11 for a product of a thousand such gates."""

CLIFFORD_TOLERANCE = 1e-11
"""Largest difference between an entry of a matrix and that of an equal Clifford gate."""


def matrix_power(matrix: Matrix, exponent: float) -> Matrix:
    """Return a unitary matrix to a real power; a fractional power is the principal one."""
    if exponent.is_integer():
        base = matrix if exponent >= 0 else matrix.conj().T
        power: Matrix = np.linalg.matrix_power(base, abs(int(exponent)))
        return power
    # The Schur form of a unitary matrix is diagonal, and its vectors are orthogonal.
    triangle, vectors = schur(matrix, output="complex")
    phases = [principal_phase(value) for value in np.diag(triangle).tolist()]
    root: Matrix = (vectors * np.exp(1j * exponent * np.array(phases))) @ vectors.conj().T
    return root


def principal_phase(value: complex) -> float:
    """Return the phase of an eigenvalue, in (-pi, pi].

    A phase within BRANCH_TOLERANCE of -pi counts as +pi.
    """
    phase = cmath.phase(value)
    return phase + math.tau if phase < BRANCH_TOLERANCE - math.pi else phase


def scale_phase(angle: float, exponents: Sequence[float]) -> float:
    """Return the angle of `gphase(angle)` under powers, applied first to last."""
    for exponent in exponents:
        if not exponent.is_integer():
            angle = principal_phase(cmath.exp(1j * angle))
        angle *= exponent
    return angle


def find_clifford_gate(matrix: Matrix, exact: bool) -> BasicGate | None:
    """Return the Clifford gate with a matrix on one or two qubits; None if there is none.

    Args:
        matrix: A unitary matrix.
        exact: True if the global phase must match, too, because the gate is controlled.
    """
    size = len(matrix)
    if size not in _CLIFFORD:
        return None
    gates, rows = _CLIFFORD[size]
    overlaps = rows.conj() @ matrix.reshape(-1) / size
    nearest = int(np.argmax(abs(overlaps)))
    overlap = overlaps[nearest]
    if abs(overlap) < 1 - CLIFFORD_TOLERANCE:
        return None
    candidate = rows[nearest].reshape(size, size) * (1.0 if exact else overlap / abs(overlap))
    return gates[nearest] if abs(matrix - candidate).max() < CLIFFORD_TOLERANCE else None


def _clifford_gates(num_qubits: int) -> tuple[tuple[BasicGate, ...], Matrix]:
    """Return the Clifford gates on `num_qubits` qubits, and a row of matrix entries for each."""
    gates = tuple(g for g in BASIC_GATES.values() if g.is_clifford and g.num_qubits == num_qubits)
    return gates, np.array([gate.matrix().reshape(-1) for gate in gates])


_CLIFFORD = {1 << num_qubits: _clifford_gates(num_qubits) for num_qubits in (1, 2)}
