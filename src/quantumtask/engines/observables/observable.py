"""Observables: sums of products of Pauli matrices and projectors, one letter for each qubit."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.shared.errors import ResourceError
from quantumtask.shared.output_kinds import MAX_OBSERVABLE_TERMS, OBSERVABLE_LETTERS

PAULIS = "XYZ"
PROJECTORS = {
    "0": ("Z", 0),
    "1": ("Z", 1),
    "+": ("X", 0),
    "-": ("X", 1),
    "r": ("Y", 0),
    "l": ("Y", 1),
}
"""The Pauli matrix whose eigenvector it is, and the bit that measuring that one gives."""

DEPHASED_LETTERS = {"H": 0.5, "N": 0.0}
"""Letters of our own: half of the identity, and nothing; what is left of others without phases."""

MAX_DIMENSIONS = 8

FloatArray = NDArray[np.float64]


WordSums = tuple[tuple[NDArray[np.intp], FloatArray], ...]
"""For each observable, the numbers of its words, and their coefficients."""


@dataclass(frozen=True, eq=False)
class Observables:
    """An array of observables.

    `words`: the products that occur in them, each once; the last letter of one is that of qubit 0.
    """

    shape: tuple[int, ...]
    words: tuple[str, ...]
    items: WordSums

    @cached_property
    def length(self) -> int:
        """How many qubits they have."""
        return len(self.words[0])

    def some(self, numbers: Sequence[int]) -> tuple[tuple[str, ...], WordSums]:
        """The words and the items of only these observables."""
        if len(numbers) == len(self.items):
            return self.words, self.items
        items = [self.items[number] for number in numbers]
        used = np.unique(np.concatenate([words for words, _ in items]))
        renamed = tuple((np.searchsorted(used, words), factors) for words, factors in items)
        return tuple(self.words[word] for word in used), renamed

    def check(self, qubits: int) -> None:
        """Raises ResourceError (`bad_observable`) where a program has not as many qubits."""
        wrong = next((word for word in self.words if len(word) != qubits), None)
        if wrong is not None:
            raise invalid_observable(
                f"the observable {quote_word(wrong)} has {len(wrong):,} letters, and the program "
                f"{qubits:,} qubits: there is one letter for each, the last for the first qubit"
            )


def parse_observables(given: Any) -> Observables:
    """Observables from JSON. Raises ResourceError (`bad_observable`)."""
    shape, found = _array(given, MAX_DIMENSIONS)
    numbers: dict[str, int] = {}
    items = []
    terms = 0
    for one in found:
        written = [[one, 1.0]] if isinstance(one, str) else one
        terms += len(written)
        if terms > MAX_OBSERVABLE_TERMS:
            raise invalid_observable(f"there are more than {MAX_OBSERVABLE_TERMS:,} terms")
        items.append(_item(written, numbers))
    return Observables(shape, tuple(numbers), tuple(items))


def _item(
    terms: Sequence[Sequence[Any]], numbers: dict[str, int]
) -> tuple[NDArray[np.intp], FloatArray]:
    places = []
    for word, coefficient in terms:
        if not word or not OBSERVABLE_LETTERS.issuperset(word):
            raise invalid_observable(
                f"{quote_word(word)} is no observable: its letters are IXYZ01+-rl"
            )
        if not math.isfinite(_float(coefficient)):
            raise invalid_observable(
                f"the coefficient of {quote_word(word)} is not a finite number"
            )
        places.append(numbers.setdefault(word, len(numbers)))
    return np.array(places, dtype=np.intp), np.array([_float(c) for _, c in terms])


def _float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _array(given: Any, deep: int) -> tuple[tuple[int, ...], list[Any]]:
    """The shape of an array of observables, and those in it, the last index running fastest."""
    if isinstance(given, str) or _is_terms(given):
        return (), [given]
    if not isinstance(given, list) or not given:
        raise invalid_observable(
            'an observable is a text such as "ZZ", or a list of terms such as [["ZZ", 1.0]]'
        )
    if not deep:
        raise invalid_observable("the observables are nested too deeply")
    parts = [_array(part, deep - 1) for part in given]
    shapes = {shape for shape, _ in parts}
    if len(shapes) > 1:
        one, other = sorted(shapes)[:2]
        raise invalid_observable(f"the observables are no array: {one} stands beside {other}")
    return (len(given), *shapes.pop()), [one for _, part in parts for one in part]


def _is_terms(given: Any) -> bool:
    return isinstance(given, list) and bool(given) and all(map(_is_term, given))


def _is_term(given: Any) -> bool:
    if not isinstance(given, list) or len(given) != 2 or not isinstance(given[0], str):
        return False
    return isinstance(given[1], int | float) and not isinstance(given[1], bool)


def dephase(word: str, blurred: frozenset[int]) -> str:
    """The word where the phases of some qubits are gone: see UNSHARP."""
    letters = list(word)
    for qubit in blurred:
        letter = letters[-1 - qubit]
        if letter in "XY":
            letters[-1 - qubit] = "N"
        elif letter in "+-rl":
            letters[-1 - qubit] = "H"
    return "".join(letters)


def expectation_of_basis_state(letter: str, value: int) -> float:
    """The expectation value of a letter for a qubit that is 0 or 1."""
    if letter in DEPHASED_LETTERS:
        return DEPHASED_LETTERS[letter]
    if letter == "I":
        return 1.0
    if letter == "Z":
        return 1.0 - 2.0 * value
    if letter in "01":
        return float(letter == str(value))
    return 0.5 if letter in PROJECTORS else 0.0


def quote_word(word: str) -> str:
    return repr(word if len(word) <= 40 else word[:39] + "…")


def invalid_observable(message: str) -> ResourceError:
    return ResourceError("bad_observable", message)
