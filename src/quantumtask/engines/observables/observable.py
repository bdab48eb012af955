"""Observables: sums of products of Pauli matrices and projectors, one letter for each qubit."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quantumtask.shared.errors import ResourceError
from quantumtask.shared.task import FailureCode
from quantumtask.shared.task_options import ObservableArray

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


def build_observables(array: ObservableArray) -> Observables:
    """Return the observables with their words numbered, each word once."""
    numbers: dict[str, int] = {}
    items = [
        (
            np.array([numbers.setdefault(word, len(numbers)) for word, _ in terms], dtype=np.intp),
            np.array([float(coefficient) for _, coefficient in terms]),
        )
        for terms in array.observables
    ]
    return Observables(array.shape, tuple(numbers), tuple(items))


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
    return ResourceError(FailureCode.BAD_OBSERVABLE, message)
