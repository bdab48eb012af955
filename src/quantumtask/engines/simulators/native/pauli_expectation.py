"""Expectation values of words of Pauli matrices and projectors in a state.

Bit k of an index is the qubit at position k. A projector halves the vector. Many words that flip
the same qubits share one pass over it; a kernel of Qiskit takes one pass for each other word.
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
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.simulators.native.kernels import ComplexArray, split

MAX_BATCHED_WORDS = 256
"""Words that are evaluated together."""

KERNEL_CALL_US, KERNEL_PAIR_US = 1.0, 2.4e-3
PASS_US, PASS_PAIR_US, SIGNED_PAIR_US = 60.0, 7e-3, 3e-4
"""Measured microseconds of a call of the kernel and of a pass of NumPy, and for each pair of
amplitudes: of the kernel, of the pass, and of a word in the pass."""

X_MASK = str.maketrans("IXYZ", "0110")
Z_MASK = str.maketrans("IXYZ", "0011")
"""Digits of the masks of a word."""

PAULI_LETTERS = frozenset("IXYZ")

BasisValue = Callable[[int], int]
"""Return the value of a qubit that has no position in the vector."""

EIGENVECTORS = {
    "0": (1, 0), "1": (0, 1), "+": (1, 1), "-": (1, -1), "r": (1, 1j), "l": (1, -1j),
}  # fmt: skip
"""The vector onto which each projector projects; two nonzero entries have the norm sqrt(2)."""


class FlipGroup(NamedTuple):
    """Words with the same projectors that flip the same qubits.

    Attributes:
        projectors: Position and letter of each projector, the highest position first.
        x: Mask of the flipped qubits, without the positions of the projected qubits.
    """

    projectors: tuple[tuple[int, str], ...]
    x: int


class SignedWord(NamedTuple):
    """Word of a group.

    Attributes:
        number: The index of the word.
        z: Mask of the qubits that change the sign, without the projected ones.
        power: The power of i of the word.
        factor: The factor from qubits without a position in the vector.
    """

    number: int
    z: int
    power: int
    factor: float


class PauliWords:
    """Pauli words, as in `Observables`, compiled for the positions of qubits in a vector."""

    def __init__(
        self,
        words: Sequence[str],
        positions: Mapping[int, int],
        basis_value: BasisValue = lambda _: 0,
        dephased: frozenset[int] = frozenset(),
    ) -> None:
        """Compile words.

        Args:
            words: The words; the last letter belongs to qubit 0.
            positions: The position of each qubit in the vector.
            basis_value: Function that returns the value of every other qubit.
            dephased: Qubits without phase, because they were measured.
        """
        self._count = len(words)
        self._groups: dict[FlipGroup, list[SignedWord]] = defaultdict(list)
        order = _order_of_letters(positions)
        for number, word in enumerate(words):
            phased = dephase(word, dephased) if dephased else word
            if len(order) == len(phased) and PAULI_LETTERS.issuperset(phased):
                self._add_paulis(number, "".join([phased[at] for at in order]))
            else:
                self._compile(number, phased, positions, basis_value)

    def _add_paulis(self, number: int, word: str) -> None:
        """Add a word of Pauli matrices, whose last letter belongs to position 0."""
        x, z = int(word.translate(X_MASK), 2), int(word.translate(Z_MASK), 2)
        group = self._groups[FlipGroup((), x)]
        group.append(SignedWord(number, z, word.count("Y"), 1.0))

    def _compile(
        self, number: int, word: str, positions: Mapping[int, int], basis_value: BasisValue
    ) -> None:
        factor, x, z, power = 1.0, 0, 0, 0
        projectors = []
        for qubit, letter in enumerate(reversed(word)):
            if letter == "I":
                continue
            if letter in DEPHASED_LETTERS or qubit not in positions:
                factor *= expectation_of_basis_state(letter, basis_value(qubit))
            elif letter in PROJECTORS:
                projectors.append((positions[qubit], letter))
            else:
                x |= (letter in "XY") << positions[qubit]
                z |= (letter in "YZ") << positions[qubit]
                power += letter == "Y"
        if factor:
            projectors.sort(reverse=True)
            for position, _ in projectors:
                x, z = _remove_bit(x, position), _remove_bit(z, position)
            group = self._groups[FlipGroup(tuple(projectors), x)]
            group.append(SignedWord(number, z, power, factor))

    def values(self, state: ComplexArray, progress: RunProgress) -> FloatArray:
        """Return the expectation value of each word.

        Args:
            state: A state vector, or the transpose of a density matrix.
            progress: The progress of the run.

        Raises:
            ResourceError: A value is not finite (`engine_refused`).
        """
        values = np.zeros(self._count)
        for group, words in progress.each(self._groups.items(), len(self._groups)):
            part = state
            for position, letter in group.projectors:
                part = _project(part, position, letter)
            if state.ndim == 1 and _suits_kernel(len(part) // 2, len(words)):
                self._use_kernel(part, group.x, words, values)
                continue
            overlap = _overlap(part, group.x)
            for first in range(0, len(words), MAX_BATCHED_WORDS):
                batch = words[first : first + MAX_BATCHED_WORDS]
                values[[word.number for word in batch]] = _signed_sums(overlap, batch)
        if not np.isfinite(values).all():
            raise non_finite_state()
        return values

    @staticmethod
    def _use_kernel(
        state: ComplexArray, x: int, words: Sequence[SignedWord], values: FloatArray
    ) -> None:
        """Write the values of words of one group."""
        from quantumtask.engines.qiskit import pauli_kernels  # an estimate imports no Qiskit

        for word in words:
            value = pauli_kernels.expectation_value(state, x, word.z, word.power)
            values[word.number] = word.factor * value


def _order_of_letters(positions: Mapping[int, int]) -> list[int]:
    """Return the index of each letter in a word, the highest position first.

    Empty unless qubits and positions are both numbered from 0 without gaps.
    """
    numbers = set(range(len(positions)))
    if positions.keys() != numbers or set(positions.values()) != numbers:
        return []
    qubits = sorted(positions, key=positions.__getitem__, reverse=True)
    return [len(qubits) - 1 - qubit for qubit in qubits]


def _suits_kernel(pairs: int, words: int) -> bool:
    """Return True if the kernel is faster than a pass of NumPy for words of one group."""
    kernel_us = words * (KERNEL_CALL_US + KERNEL_PAIR_US * pairs)
    return kernel_us < PASS_US + (PASS_PAIR_US + SIGNED_PAIR_US * words) * pairs


def _remove_bit(mask: int, position: int) -> int:
    """Return a mask without the bit at a position; higher bits move down."""
    low = (1 << position) - 1
    return mask & low | mask >> 1 & ~low


def _project(state: ComplexArray, position: int, letter: str) -> ComplexArray:
    """Project a qubit onto EIGENVECTORS[`letter`], and return the state of the other qubits."""
    zero, one = EIGENVECTORS[letter]
    rows = _contract(state, position, (zero, np.conj(one)))
    return rows if state.ndim == 1 else _contract(rows.T, position, (zero, one)).T


def _contract(state: ComplexArray, position: int, factors: tuple[complex, complex]) -> ComplexArray:
    """Sum the amplitudes for 0 and 1 of a qubit, times `factors`, along the last axis."""
    halves = state.reshape(*state.shape[:-1], -1, 2, 1 << position)
    zero, one = factors
    if zero and one:
        contracted = (halves[..., 0, :] + one * halves[..., 1, :]) * np.sqrt(0.5)
    else:
        contracted = halves[..., 0 if zero else 1, :]
    flat: ComplexArray = contracted.reshape(*state.shape[:-1], -1)
    return flat


def _overlap(state: ComplexArray, x: int) -> NDArray[Any]:
    """Return for each index i the conjugate of the amplitude at i ^ x, times that at i."""
    if state.ndim > 1:
        indices = np.arange(len(state))
        entries: NDArray[Any] = state[indices ^ x, indices]
        return entries
    if not x:
        squares = np.square(state.real)
        squares += np.square(state.imag)
        return squares
    positions = [k for k in range(x.bit_length()) if x >> k & 1]
    view, axes = split(state, positions)
    flipped = np.flip(view, tuple([axes[position] for position in positions]))
    product: NDArray[Any] = (flipped.conj() * view).reshape(-1)
    return product


def _signed_sums(overlap: NDArray[Any], words: Sequence[SignedWord]) -> FloatArray:
    """Return for each word the sum of the overlap with its signs, over rows and columns."""
    bits = len(overlap).bit_length() - 1
    low = bits // 2
    columns = np.stack([_signs(word.z & (1 << low) - 1, low) for word in words], axis=1)
    rows = np.stack([_signs(word.z >> low, bits - low) for word in words], axis=1)
    sums = np.einsum("rt,rt->t", rows, overlap.reshape(-1, 1 << low) @ columns)
    scaled = sums * np.array([1j**word.power * word.factor for word in words])
    real: FloatArray = scaled.real
    return real


@lru_cache(MAX_BATCHED_WORDS)
def _signs(z: int, bits: int) -> FloatArray:
    """Return for each index -1 to the power of the number of its bits that are in z."""
    parity = np.bitwise_count(np.arange(1 << bits) & z) & 1
    signs: FloatArray = 1.0 - 2.0 * parity
    return signs
