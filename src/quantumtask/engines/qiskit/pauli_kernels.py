"""Expectation values of single Pauli words in a state vector, by the compiled kernels of Qiskit.

Bit k of an index of the vector is the qubit at position k. Kernels of 19 qubits and more use the
threads of Rayon: RAYON_NUM_THREADS, which a slot sets, limits them.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from qiskit._accelerate.pauli_expval import expval_pauli_no_x, expval_pauli_with_x

PHASES = (1, -1j, -1, 1j)
"""Powers of -i: the kernels take the product of X and Z matrices, and Y is i X Z."""


def expectation_value(vector: NDArray[Any], x: int, z: int, y_count: int) -> float:
    """Return the expectation value of a Pauli word.

    Args:
        vector: 2**n amplitudes, contiguous.
        x: Mask of the qubits with X or Y.
        z: Mask of the qubits with Y or Z.
        y_count: The number of letters Y.
    """
    vector = np.ascontiguousarray(vector)
    qubits = len(vector).bit_length() - 1
    if not x:
        return float(expval_pauli_no_x(vector, qubits, z))
    phase = complex(PHASES[y_count & 3])
    return float(expval_pauli_with_x(vector, qubits, z, x, phase, x.bit_length() - 1))
