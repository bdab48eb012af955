"""Expectation values of products of Pauli matrices and projectors in a state.

Bit k of an index is the qubit at place k. Nothing is expanded: a projector shortens
the vector by half, and all products that flip the same qubits share one pass over it.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.limits import non_finite_state
from quantumtask.engines.observables.observable import (
    DEPHASED_LETTERS,
    PROJECTORS,
    FloatArray,
    dephase,
    expectation_of_basis_state,
)
from quantumtask.engines.simulators.native.kernels import ComplexArray, split

MAX_BATCHED_WORDS = 256
"""Products that are worked out together."""

BasisValue = Callable[[int], int]
"""The value of a qubit that has no place."""

EIGENVECTORS = {
    "0": (1, 0), "1": (0, 1), "+": (1, 1), "-": (1, -1), "r": (1, 1j), "l": (1, -1j),
}  # fmt: skip
"""What each projector projects to; those that have two entries are of length sqrt(2)."""


class FlipGroup(NamedTuple):
    """Products alike in their projectors (place and letter, the highest place first) and in the
    qubits that they flip, numbered by what the projectors leave."""

    projectors: tuple[tuple[int, str], ...]
    x: int


class SignedWord(NamedTuple):
    """A product among those: its number, where it has signs, the power of i, a factor."""

    number: int
    z: int
    power: int
    factor: float


class PauliWords:
    """Some words (see Observables), read for the places that qubits have in a vector.

    `dephased`: qubits that were measured, whose phases are gone with that.
    """

    def __init__(
        self,
        words: Sequence[str],
        places: Mapping[int, int],
        known: BasisValue = lambda _: 0,
        dephased: frozenset[int] = frozenset(),
    ) -> None:
        self._count = len(words)
        self._groups: dict[FlipGroup, list[SignedWord]] = defaultdict(list)
        for number, word in enumerate(words):
            self._read(number, dephase(word, dephased), places, known)

    def _read(self, number: int, word: str, places: Mapping[int, int], known: BasisValue) -> None:
        factor, x, z, power = 1.0, 0, 0, 0
        projectors = []
        for qubit, letter in enumerate(reversed(word)):
            if letter == "I":
                continue
            if letter in DEPHASED_LETTERS or qubit not in places:
                factor *= expectation_of_basis_state(letter, known(qubit))
            elif letter in PROJECTORS:
                projectors.append((places[qubit], letter))
            else:
                x |= (letter in "XY") << places[qubit]
                z |= (letter in "YZ") << places[qubit]
                power += letter == "Y"
        if factor:
            projectors.sort(reverse=True)
            for place, _ in projectors:
                x, z = _without(x, place), _without(z, place)
            found = SignedWord(number, z, power, factor)
            self._groups[FlipGroup(tuple(projectors), x)].append(found)

    def values(self, state: ComplexArray) -> FloatArray:
        """The expectation value of each word in a state vector, or in the transpose of a density
        matrix. Raises ResourceError where there are no numbers.
        """
        found = np.zeros(self._count)
        for flips, signed in self._groups.items():
            part = state
            for place, letter in flips.projectors:
                part = _projected(part, place, letter)
            overlap = _overlap(part, flips.x)
            for begun in range(0, len(signed), MAX_BATCHED_WORDS):
                some = signed[begun : begun + MAX_BATCHED_WORDS]
                found[[one.number for one in some]] = _sums(overlap, some)
        if not np.isfinite(found).all():
            raise non_finite_state()
        return found


def _without(mask: int, place: int) -> int:
    """A mask of places once that one is gone."""
    low = (1 << place) - 1
    return mask & low | mask >> 1 & ~low


def _projected(state: ComplexArray, place: int, letter: str) -> ComplexArray:
    """What is left of a state where the qubit at a place is projected: it has none any more."""
    zero, one = EIGENVECTORS[letter]
    found = _contracted(state, place, (zero, np.conj(one)))
    return found if state.ndim == 1 else _contracted(found.T, place, (zero, one)).T


def _contracted(state: ComplexArray, place: int, by: tuple[complex, complex]) -> ComplexArray:
    """The last axis without the qubit at a place, which is multiplied by a vector instead."""
    halves = state.reshape(*state.shape[:-1], -1, 2, 1 << place)
    zero, one = by
    if zero and one:
        found = (halves[..., 0, :] + one * halves[..., 1, :]) * np.sqrt(0.5)
    else:
        found = halves[..., 0 if zero else 1, :]
    left: ComplexArray = found.reshape(*state.shape[:-1], -1)
    return left


def _overlap(state: ComplexArray, x: int) -> NDArray[Any]:
    """For each index i: the conjugate of the amplitude at i ^ x, times that at i."""
    if state.ndim > 1:
        indices = np.arange(len(state))
        mixed: NDArray[Any] = state[indices ^ x, indices]
        return mixed
    if not x:
        squares = np.square(state.real)
        squares += np.square(state.imag)
        return squares
    places = [k for k in range(x.bit_length()) if x >> k & 1]
    view, axes = split(state, places)
    flipped = np.flip(view, tuple([axes[place] for place in places]))
    product: NDArray[Any] = (flipped.conj() * view).reshape(-1)
    return product


def _sums(overlap: NDArray[Any], signed: Sequence[SignedWord]) -> FloatArray:
    """The sum of each product's signs times the overlap: rows and columns for themselves."""
    bits = len(overlap).bit_length() - 1
    low = bits // 2
    columns = np.stack([_signs(one.z & (1 << low) - 1, low) for one in signed], axis=1)
    rows = np.stack([_signs(one.z >> low, bits - low) for one in signed], axis=1)
    sums = np.einsum("rt,rt->t", rows, overlap.reshape(-1, 1 << low) @ columns)
    turned = sums * np.array([1j**one.power * one.factor for one in signed])
    real: FloatArray = turned.real
    return real


@lru_cache(MAX_BATCHED_WORDS)
def _signs(z: int, bits: int) -> FloatArray:
    """For each index, -1 to the number of its bits that are in z."""
    parity = np.bitwise_count(np.arange(1 << bits) & z) & 1
    signs: FloatArray = 1.0 - 2.0 * parity
    return signs
