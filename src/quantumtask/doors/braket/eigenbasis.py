"""Eigenvalues and eigenvectors of small Hermitian matrices, by Jacobi's rotations."""

import math
from itertools import combinations

MatrixRows = list[list[complex]]

_SWEEPS = 40
"""Most sweeps; a matrix of 16 rows needs about 8."""
_PRECISION, _DIGITS = 1e-14, 13


def diagonalize(matrix: MatrixRows) -> tuple[list[float], MatrixRows]:
    """Return the eigenvalues in ascending order, and the gate from eigenvectors to basis states.

    Eigenvalues are rounded to the precision of the rotations, so that equal ones are equal numbers.

    Args:
        matrix: A Hermitian matrix.

    Returns:
        The eigenvalues, and a unitary matrix whose row k is the conjugate eigenvector k.
    """
    size = len(matrix)
    rest = [[complex(each) for each in row] for row in matrix]
    vectors = [[complex(row == column) for column in range(size)] for row in range(size)]
    scale = max(1e-300, max(abs(each) for row in rest for each in row))
    for _ in range(_SWEEPS):
        if max(abs(rest[p][q]) for p, q in combinations(range(size), 2)) < _PRECISION * scale:
            break
        for p, q in combinations(range(size), 2):
            _rotate(rest, vectors, p, q)
    values = [round(rest[k][k].real / scale, _DIGITS) * scale + 0.0 for k in range(size)]
    order = sorted(range(size), key=values.__getitem__)
    gate = [[row[k].conjugate() for row in vectors] for k in order]
    return [values[k] for k in order], gate


def _rotate(rest: MatrixRows, vectors: MatrixRows, p: int, q: int) -> None:
    """Make the entries p, q and q, p of a matrix zero by a rotation of two columns and rows."""
    entry = rest[p][q]
    length = abs(entry)
    if not length:
        return
    phase = entry / length
    angle = math.atan2(2 * length, rest[p][p].real - rest[q][q].real) / 2
    cosine, sine = math.cos(angle), math.sin(angle) * phase.conjugate()
    for rows in (rest, vectors):
        for row in rows:
            row[p], row[q] = (
                cosine * row[p] + sine * row[q],
                cosine * row[q] - sine.conjugate() * row[p],
            )
    first, second = rest[p], rest[q]
    turn = sine.conjugate()
    rest[p] = [cosine * a + turn * b for a, b in zip(first, second, strict=True)]
    rest[q] = [cosine * b - sine * a for a, b in zip(first, second, strict=True)]
