"""Observables of Braket: as sums of Pauli words, and as bases of measurements."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from quantumtask.doors.braket.eigenbasis import MatrixRows, diagonalize
from quantumtask.shared.errors import InvalidRequest

MAX_MATRIX_QUBITS = 4
MAX_PAULI_WORDS = 4096
"""Most Pauli words of one observable."""

PauliTerm = tuple[str, float]
"""A Pauli word, whose first letter belongs to the first target, and its coefficient."""

_ROOT = math.sqrt(0.5)
_TOLERANCE = 1e-9
_NAMED: dict[str, MatrixRows] = {
    "i": [[1, 0], [0, 1]],
    "x": [[0, 1], [1, 0]],
    "y": [[0, -1j], [1j, 0]],
    "z": [[1, 0], [0, -1]],
    "h": [[_ROOT, _ROOT], [_ROOT, -_ROOT]],
}
_PAULIS = {"I": _NAMED["i"], "X": _NAMED["x"], "Y": _NAMED["y"], "Z": _NAMED["z"]}
_REAL = r"[-+]?\s*(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NUMBER = re.compile(rf"\s*(?:({_REAL})(?!\s*im|[\d.eE]))?\s*(?:({_REAL})\s*im)?\s*", re.ASCII)


@dataclass(frozen=True)
class ObservableFactor:
    """A factor of a tensor product.

    Attributes:
        name: The name of the observable, or its text for a matrix.
        matrix: Its matrix; the first target is the highest bit of an index.
    """

    name: str
    matrix: MatrixRows

    @property
    def size(self) -> int:
        """The number of qubits."""
        return len(self.matrix).bit_length() - 1

    @property
    def word_count(self) -> int:
        """The most Pauli words of the observable as a sum."""
        return {"h": 2}.get(self.name, 1) if self.name in _NAMED else 4**self.size

    def terms(self, *, squared: bool) -> list[PauliTerm]:
        """Return the observable, or its square, as a sum of Pauli words."""
        matrix = _multiply(self.matrix, self.matrix) if squared else self.matrix
        words = map("".join, product("IXYZ", repeat=self.size))
        terms = [(word, _coefficient(word, matrix)) for word in words]
        return [term for term in terms if abs(term[1]) > 1e-15]

    def eigenbasis(self) -> tuple[list[float], MatrixRows | None]:
        """Return the eigenvalues by outcome, and the gate before the measurement, if any.

        The outcome 0 of a named observable is its higher eigenvalue; the outcomes of a matrix are
        in ascending order. The first qubit is the highest bit of an outcome.
        """
        if self.name in ("i", "z"):
            return [self.matrix[k][k].real for k in range(2)], None
        values, gate = diagonalize(self.matrix)
        return (values[::-1], gate[::-1]) if self.name in _NAMED else (values, gate)


def named_factor(name: str) -> ObservableFactor:
    """Return the observable `x`, `y`, `z`, `h` or `i`; raise InvalidRequest for another name."""
    if name not in _NAMED:
        raise InvalidRequest(
            f"action.source: there is no observable {name[:40]!r}; there are x, y, z, h, i and "
            "hermitian, and products with @"
        )
    return ObservableFactor(name, [[complex(e) for e in row] for row in _NAMED[name]])


def matrix_factor(text: str) -> ObservableFactor:
    """Return the observable of a Hermitian matrix such as `[[1+0im, 2-1im], [2+1im, 0]]`."""
    rows = re.findall(r"\[([^\[\]]*)\]", text)
    shape = re.sub(r"\s+", "", re.sub(r"\[[^\[\]]*\]", "r", text))
    most = 2**MAX_MATRIX_QUBITS
    if len(rows) > most or any(row.count(",") >= most for row in rows):
        raise InvalidRequest(
            f"action.source: a hermitian matrix must have at most {MAX_MATRIX_QUBITS} qubits"
        )
    matrix = [[_parse_number(each) for each in row.split(",")] for row in rows]
    size = len(matrix)
    is_square = size > 1 and not size & (size - 1) and all(len(row) == size for row in matrix)
    if shape != f"[{','.join('r' * size)}]" or not is_square:
        raise InvalidRequest(
            "action.source: a hermitian matrix must be such as [[1+0im, 0+1im], [0-1im, 1+0im]], "
            "of 2, 4, 8 or 16 rows"
        )
    for k, j in product(range(size), repeat=2):
        if abs(matrix[k][j] - matrix[j][k].conjugate()) > _TOLERANCE:
            raise InvalidRequest(
                f"action.source: the matrix is not hermitian at row {k}, column {j}"
            )
    return ObservableFactor(re.sub(r"\s+", "", text), matrix)


def _parse_number(text: str) -> complex:
    match = _NUMBER.fullmatch(text) if len(text) < 100 else None
    parts = [float(re.sub(r"\s+", "", part or "0")) for part in match.groups()] if match else []
    signed = match is not None and not (match[1] and match[2] and match[2][0] not in "+-")
    if not signed or not text.strip() or not all(map(math.isfinite, parts)):
        raise InvalidRequest(f"action.source: {text.strip()[:40]!r} is not a number in a matrix")
    return complex(*parts)


def factor_targets(
    factors: Sequence[ObservableFactor], targets: Sequence[int]
) -> Iterator[tuple[ObservableFactor, tuple[int, ...]]]:
    """Yield each factor of a tensor product with its targets."""
    first = 0
    for factor in factors:
        yield factor, tuple(targets[first : first + factor.size])
        first += factor.size


def tensor_terms(factors: Sequence[ObservableFactor], *, squared: bool) -> list[PauliTerm]:
    """Return a tensor product, or its square, as a sum of Pauli words, or raise InvalidRequest."""
    parts = [factor.terms(squared=squared) for factor in factors]
    if math.prod(map(len, parts)) > MAX_PAULI_WORDS:
        raise InvalidRequest(
            f"action.source: an observable must be a sum of at most {MAX_PAULI_WORDS:,} Pauli words"
        )
    return [
        ("".join(word for word, _ in term), math.prod(number for _, number in term))
        for term in product(*parts)
    ]


def _multiply(a: MatrixRows, b: MatrixRows) -> MatrixRows:
    columns = list(zip(*b, strict=True))
    return [[sum(x * y for x, y in zip(row, col, strict=True)) for col in columns] for row in a]


def _coefficient(word: str, matrix: MatrixRows) -> float:
    """Return the trace of the product of a Pauli word and a matrix, by the size."""
    size, total = len(matrix), 0j
    for row in range(size):
        column, value = 0, 1 + 0j
        for place, letter in enumerate(word):
            shift = len(word) - 1 - place
            bit = row >> shift & 1
            other = bit ^ (letter in "XY")
            column |= other << shift
            value *= _PAULIS[letter][bit][other]
        total += value * matrix[column][row]
    return (total / size).real
