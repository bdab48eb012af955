"""Powers of gates that are not whole: one definition of the principal branch, for every gate.

The power k of a unitary matrix keeps its eigenvectors, and of an eigenvalue exp(i * phase) it has
exp(i * k * phase), with the phase in (-pi, pi]. The specification names no branch (Gates: Power
modifier); this is the principal one, of the matrix and not of the angles that made it: rx(2*pi) and
rx(14*pi) are one matrix and have one root. An eigenvalue that is -1 but for rounding has the phase
+pi, on whichever side of -1 the rounding left it.
"""

import cmath
import math
from collections.abc import Sequence

import numpy as np
from scipy.linalg import schur

from quantumtask.openqasm.gates import BASIC, Basic, Matrix

MOST_QUBITS_OF_A_ROOT = 6

BRANCH_TOLERANCE = 1e-9
"""Distance from -1, in radians, up to which an eigenvalue counts as -1. Rounding stays far below:
5e-14 for an argument of 100 * pi, 5e-11 for a product of a thousand such gates."""

ROUNDING = 1e-11
"""Largest entry by which a matrix differs from that of a Clifford gate which it is."""


def power_of(matrix: Matrix, exponent: float) -> Matrix:
    """A unitary matrix to a real power; of one that is not whole, the principal branch."""
    if exponent.is_integer():
        base = matrix if exponent >= 0 else matrix.conj().T
        whole: Matrix = np.linalg.matrix_power(base, abs(int(exponent)))
        return whole
    # The Schur form of a unitary matrix is diagonal, and its vectors are orthogonal.
    triangle, vectors = schur(matrix, output="complex")
    phases = [principal_phase(value) for value in np.diag(triangle).tolist()]
    root: Matrix = (vectors * np.exp(1j * exponent * np.array(phases))) @ vectors.conj().T
    return root


def principal_phase(value: complex) -> float:
    """The phase of an eigenvalue, in (-pi, pi] up to BRANCH_TOLERANCE."""
    phase = cmath.phase(value)
    return phase + math.tau if phase < BRANCH_TOLERANCE - math.pi else phase


def phase_power(angle: float, exponents: Sequence[float]) -> float:
    """The angle of `gphase(angle)` under powers, first to last: the eigenvalue's of its matrix."""
    for exponent in exponents:
        if not exponent.is_integer():
            angle = principal_phase(cmath.exp(1j * angle))
        angle *= exponent
    return angle


def clifford_gate(matrix: Matrix, exact: bool) -> Basic | None:
    """The Clifford gate that a matrix of one or two qubits is, if any.

    Args:
        matrix: A unitary matrix.
        exact: The global phase counts, because something controls the gate.
    """
    size = len(matrix)
    if size not in _CLIFFORD:
        return None
    gates, rows = _CLIFFORD[size]
    overlaps = rows.conj() @ matrix.reshape(-1) / size
    likeliest = int(np.argmax(abs(overlaps)))
    overlap = overlaps[likeliest]
    if abs(overlap) < 1 - ROUNDING:
        return None
    own = rows[likeliest].reshape(size, size) * (1.0 if exact else overlap / abs(overlap))
    return gates[likeliest] if abs(matrix - own).max() < ROUNDING else None


def _clifford(qubits: int) -> tuple[tuple[Basic, ...], Matrix]:
    """The Clifford gates on so many qubits, and a row with the entries of each one's matrix."""
    gates = tuple(g for g in BASIC.values() if g.clifford and g.qubits == qubits)
    return gates, np.array([gate.matrix().reshape(-1) for gate in gates])


_CLIFFORD = {1 << qubits: _clifford(qubits) for qubits in (1, 2)}
