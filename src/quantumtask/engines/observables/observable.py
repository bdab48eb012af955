"""Observables: sums of Pauli words, which are products of Pauli matrices and projectors."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quantumtask.shared.errors import ResourceError
from quantumtask.shared.quantity import quantity
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
"""The Pauli matrix whose eigenvector a letter projects on, and the bit of its measurement."""

DEPHASED_LETTERS = {"H": 0.5, "N": 0.0}
"""Letters that exist only internally: half of the identity, and zero.

They replace letters of qubits without phase, see `dephase`.
"""

FloatArray = NDArray[np.float64]

WordSums = tuple[tuple[NDArray[np.intp], FloatArray], ...]
"""For each observable, the indices of its words, and their coefficients."""


@dataclass(frozen=True, eq=False)
class Observables:
    """An array of observables.

    Attributes:
        words: The distinct Pauli words of all observables; the last letter of a word belongs to
            qubit 0.
        sums: The observables, the last index of the array varying fastest.
    """

    shape: tuple[int, ...]
    words: tuple[str, ...]
    sums: WordSums

    def select(self, numbers: Sequence[int]) -> tuple[tuple[str, ...], WordSums]:
        """Return the words and the sums of only some observables, with their words renumbered."""
        if len(numbers) == len(self.sums):
            return self.words, self.sums
        sums = [self.sums[number] for number in numbers]
        used = np.unique(np.concatenate([words for words, _ in sums]))
        renumbered = tuple((np.searchsorted(used, words), factors) for words, factors in sums)
        return tuple(self.words[word] for word in used), renumbered

    def check(self, qubits: int) -> None:
        """Check the length of all words against the number of qubits of a program.

        Raises:
            ResourceError: `bad_observable`.
        """
        wrong = next((word for word in self.words if len(word) != qubits), None)
        if wrong is not None:
            raise invalid_observable(
                f"observables: the word {_quote_word(wrong)} has "
                f"{quantity(len(wrong), 'letter')}, and the program {quantity(qubits, 'qubit')}: "
                "give one letter for each, the last for the first qubit"
            )


def build_observables(array: ObservableArray) -> Observables:
    """Return the observables with their words numbered, each word once."""
    numbers: dict[str, int] = {}
    sums = [
        (
            np.array([numbers.setdefault(word, len(numbers)) for word, _ in terms], dtype=np.intp),
            np.array([float(coefficient) for _, coefficient in terms]),
        )
        for terms in array.observables
    ]
    return Observables(array.shape, tuple(numbers), tuple(sums))


def dephase(word: str, dephased: frozenset[int]) -> str:
    """Mark the letters of a word that are on dephased qubits and depend on the phase.

    Args:
        dephased: The dephased qubits, for which the means of X and Y are 0.

    Returns:
        The word with N for such X and Y, and with H for such projectors + - r l.
    """
    letters = list(word)
    for qubit in dephased:
        letter = letters[-1 - qubit]
        if letter in "XY":
            letters[-1 - qubit] = "N"
        elif letter in "+-rl":
            letters[-1 - qubit] = "H"
    return "".join(letters)


def expectation_of_basis_state(letter: str, value: int) -> float:
    """Return the expectation value of a letter for a qubit in the state 0 or 1."""
    if letter in DEPHASED_LETTERS:
        return DEPHASED_LETTERS[letter]
    if letter == "I":
        return 1.0
    if letter == "Z":
        return 1.0 - 2.0 * value
    if letter in "01":
        return float(letter == str(value))
    return 0.5 if letter in PROJECTORS else 0.0


def _quote_word(word: str) -> str:
    return repr(word if len(word) <= 40 else word[:39] + "…")


def invalid_observable(message: str) -> ResourceError:
    """Return the error of observables that do not fit the program."""
    return ResourceError(FailureCode.BAD_OBSERVABLE, message)
