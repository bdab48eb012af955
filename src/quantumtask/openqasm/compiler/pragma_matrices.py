"""Matrices in the text of a pragma: rows of complex literals, in square brackets."""

import re

import numpy as np

from quantumtask.openqasm.program.operations import Matrix
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten

TOLERANCE = 1e-5
"""Largest deviation of an element of U†U from the identity: pragmas have rounded digits."""

LONGEST_ELEMENT = 200
"""Most characters of one element."""

_ROUNDING = 1e-12
_ONE = r"\s*+\[(?:\s*+\[[^\[\]]*+\]\s*+,)*+\s*+\[[^\[\]]*+\]\s*+\]\s*+"
_ALL = re.compile(rf"{_ONE}(?:,{_ONE})*+")
_EACH = re.compile(_ONE)
_ROW = re.compile(r"\[([^\[\]]*+)\]")
REAL = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_ELEMENT = re.compile(
    rf"\s*([+-]?)\s*({REAL})\s*(?:(im)|([+-])\s*([+-]?)\s*({REAL})\s*im)?\s*", re.ASCII
)


def matrices(text: str, qubits: int, span: Span) -> list[Matrix]:
    """All matrices of a text, separated by commas; empty for any other text.

    Each matrix acts on `qubits` qubits, of which the first is the highest bit of an index. Raises
    Diagnostic (`syntax_error`, `size_mismatch`, `not_finite`).
    """
    if _ALL.fullmatch(text) is None:
        return []
    return [_matrix(each, qubits, span) for each in _EACH.findall(text)]


def _matrix(text: str, qubits: int, span: Span) -> Matrix:
    rows = [[_element(element, span) for element in row.split(",")] for row in _ROW.findall(text)]
    size = 1 << qubits
    if len(rows) != size or any(len(row) != size for row in rows):
        noun = "qubit needs" if qubits == 1 else "qubits need"
        message = f"{qubits} {noun} a matrix of {size} rows and {size} columns; this one differs"
        raise Diagnostic("size_mismatch", message, span)
    matrix = np.array(rows, dtype=np.complex128)
    if not np.isfinite(matrix).all():
        raise Diagnostic("not_finite", "an element of this matrix is too large", span)
    return matrix


def _element(text: str, span: Span) -> complex:
    """The value of an element such as `1`, `-0.5im` or `0.5 - 0.5im`. Raises Diagnostic."""
    found = _ELEMENT.fullmatch(text) if len(text) <= LONGEST_ELEMENT else None
    if found is None:
        message = f"`{shorten(text.strip())}` is no element of a matrix"
        raise Diagnostic("syntax_error", message, span)
    sign, number, imaginary, plus, again, other = found.groups()
    value = float(f"{sign}{number}")
    if other is None:
        return complex(0, value) if imaginary else complex(value)
    return complex(value, float(other) * (-1 if (plus == "-") != (again == "-") else 1))


def isometry(matrix: Matrix) -> Matrix | None:
    """The nearest matrix with orthonormal columns; None if `matrix` is too far from it.

    The result is the unitary factor of the polar decomposition; zeros of `matrix` stay zeros.
    """
    if np.abs(matrix).max() > 1 + TOLERANCE:
        return None
    deviation = float(np.abs(matrix.conj().T @ matrix - np.eye(matrix.shape[1])).max())
    if deviation > TOLERANCE:
        return None
    if deviation < _ROUNDING:
        return matrix
    left, _, right = np.linalg.svd(matrix, full_matrices=False)
    nearest: Matrix = left @ right
    nearest[(matrix == 0) & (np.abs(nearest) < _ROUNDING)] = 0
    return nearest
