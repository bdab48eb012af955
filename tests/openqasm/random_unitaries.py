"""Random unitaries, as matrices and as text of pragmas."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def matrix_text(matrix: Any, digits: int = 17, gap: str = "") -> str:
    """Return a matrix in the syntax of Braket."""

    def element(value: complex) -> str:
        sign = "-" if value.imag < 0 else "+"
        return f"{value.real:.{digits}g}{gap}{sign}{gap}{abs(value.imag):.{digits}g}im"

    return "[" + ", ".join(f"[{', '.join(map(element, row))}]" for row in matrix) + "]"


def random_unitary(qubits: int, seed: int) -> Any:
    """Return a unitary of the Haar measure: Mezzadri's method, as that of scipy.stats.

    That package takes a second to import.
    """
    shape, lots = (1 << qubits, 1 << qubits), np.random.RandomState(seed)
    unitary, triangle = np.linalg.qr(lots.normal(size=shape) + 1j * lots.normal(size=shape))
    diagonal = triangle.diagonal()
    return unitary * (diagonal / abs(diagonal))


def embed(matrix: Any, qubits: Sequence[int], total: int) -> Any:
    """Return the matrix of a circuit on `total` qubits; bit k of an index is qubit k.

    `matrix` acts on `qubits`, the first of which is the highest bit of its indices.
    """
    order = [*qubits, *(q for q in range(total) if q not in qubits)]
    wide = np.kron(matrix, np.eye(1 << total - len(qubits)))
    numbers = [
        sum((k >> (total - 1 - place) & 1) << qubit for place, qubit in enumerate(order))
        for k in range(1 << total)
    ]
    result = np.zeros_like(wide)
    result[np.ix_(numbers, numbers)] = wide
    return result
