"""Matrices in the text of a pragma: rows of complex literals in square brackets."""

import re

import numpy as np

from quantumtask.openqasm.program.operations import Matrix
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten

MATRIX_TOLERANCE = 1e-5
"""The largest deviation of an element of U†U from the identity: pragmas have rounded digits."""

MAX_ELEMENT_LENGTH = 200
"""The largest number of characters in an element."""

_ROUNDING = 1e-12
_ONE = r"\s*+\[(?:\s*+\[[^\[\]]*+\]\s*+,)*+\s*+\[[^\[\]]*+\]\s*+\]\s*+"
_ALL = re.compile(rf"{_ONE}(?:,{_ONE})*+")
_EACH = re.compile(_ONE)
_ROW = re.compile(r"\[([^\[\]]*+)\]")
REAL_PATTERN = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_ELEMENT = re.compile(
    rf"\s*([+-]?)\s*({REAL_PATTERN})\s*(?:(im)|([+-])\s*([+-]?)\s*({REAL_PATTERN})\s*im)?\s*",
    re.ASCII,
)


def parse_matrices(text: str, qubits: int, span: Span) -> list[Matrix]:
    """Parse matrices that are separated by commas.

    Args:
        text: The matrices.
        qubits: The number of qubits of each matrix; the first qubit is the most significant bit of
            an index.
        span: The pragma.

    Returns:
        The matrices; none if the text has another form.

    Raises:
        Diagnostic: With the code `syntax_error`, `size_mismatch` or `not_finite`.
    """
    if _ALL.fullmatch(text) is None:
        return []
    return [_matrix(each, qubits, span) for each in _EACH.findall(text)]


def _matrix(text: str, qubits: int, span: Span) -> Matrix:
    rows = [[_element(element, span) for element in row.split(",")] for row in _ROW.findall(text)]
    size = 1 << qubits
    if len(rows) != size or any(len(row) != size for row in rows):
        noun = "qubit needs" if qubits == 1 else "qubits need"
        message = f"{qubits} {noun} a matrix of {size} rows and {size} columns"
        raise Diagnostic("size_mismatch", message, span)
    matrix = np.array(rows, dtype=np.complex128)
    if not np.isfinite(matrix).all():
        raise Diagnostic("not_finite", "an element of this matrix is too large", span)
    return matrix


def _element(text: str, span: Span) -> complex:
    """Parse an element such as `1`, `-0.5im` or `0.5 - 0.5im`. Raises Diagnostic."""
    match = _ELEMENT.fullmatch(text) if len(text) <= MAX_ELEMENT_LENGTH else None
    if match is None:
        message = f"`{shorten(text.strip())}` is not a complex number"
        raise Diagnostic("syntax_error", message, span)
    sign, number, is_imaginary, operator, second_sign, second = match.groups()
    value = float(f"{sign}{number}")
    if second is None:
        return complex(0, value) if is_imaginary else complex(value)
    is_negative = (operator == "-") != (second_sign == "-")
    return complex(value, float(second) * (-1 if is_negative else 1))


def nearest_isometry(matrix: Matrix) -> Matrix | None:
    """Return the nearest matrix with orthonormal columns; None beyond the tolerance.

    The result is the unitary factor of the polar decomposition; zeros of `matrix` stay zeros.
    """
    if np.abs(matrix).max() > 1 + MATRIX_TOLERANCE:
        return None
    deviation = float(np.abs(matrix.conj().T @ matrix - np.eye(matrix.shape[1])).max())
    if deviation > MATRIX_TOLERANCE:
        return None
    if deviation < _ROUNDING:
        return matrix
    u, _, v = np.linalg.svd(matrix, full_matrices=False)
    nearest: Matrix = u @ v
    nearest[(matrix == 0) & (np.abs(nearest) < _ROUNDING)] = 0
    return nearest
