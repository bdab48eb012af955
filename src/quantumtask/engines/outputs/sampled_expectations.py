"""Expectation values estimated from shots; commuting words are measured together."""

import math
from collections.abc import Sequence

import numpy as np

from quantumtask.engines.backends.base import Backend
from quantumtask.engines.observables.grouping import CommutingGroup, group_commuting
from quantumtask.engines.observables.observable import PROJECTORS, FloatArray, WordSums
from quantumtask.engines.sampling.shot_counts import OutcomeTable
from quantumtask.engines.transforms.basis_measurement import measure_in_bases
from quantumtask.openqasm.program.program import Program

MAX_CACHED_VALUES = 1 << 22
"""Largest number of values of words in outcomes that are cached for several observables."""

GroupPart = tuple[int, list[int], list[float]]
"""The index of an observable, and its words in one group with their coefficients."""


def estimate_means(
    backend: Backend,
    program: Program,
    words: tuple[str, ...],
    sums: WordSums,
    shots: int,
    seed: int,
) -> tuple[FloatArray, FloatArray]:
    """Estimate the mean and the standard error of each observable.

    The words of a group are measured together, so the standard error includes their covariance.
    Groups are sampled independently: their variances add up.

    Args:
        words: The Pauli words, as in `Observables`.
        sums: The observables.
        shots: Shots of each group.
    """
    means, errors = np.zeros(len(sums)), np.zeros(len(sums))
    groups = group_commuting(words)
    parts_of_groups = _split_by_group(groups, words, sums)
    pairs = zip(groups, parts_of_groups, strict=True)
    for number, (group, parts) in enumerate(backend.progress.each(pairs, len(groups))):
        samples = _GroupSamples(words, group)
        if letters := group.basis.letters:
            measured = measure_in_bases(program, letters)
            sample = backend.sample(measured, shots, _group_seed(seed, number), False)
            samples.set_table(sample.to_table(len(letters)))
        for index, numbers, coefficients in parts:
            mean, error = samples.mean(numbers, coefficients)
            means[index] += mean
            errors[index] = np.hypot(errors[index], error)
    return means, errors


def _split_by_group(
    groups: list[CommutingGroup], words: Sequence[str], sums: WordSums
) -> list[list[GroupPart]]:
    """Return the parts of the observables that each group measures."""
    group_numbers = np.empty(len(words), dtype=np.intp)
    for number, group in enumerate(groups):
        group_numbers[group.members] = number
    parts: list[list[GroupPart]] = [[] for _ in groups]
    for index, (numbers, coefficients) in enumerate(sums):
        own_groups = group_numbers[numbers]
        order = np.argsort(own_groups, kind="stable")
        ends = np.flatnonzero(np.diff(own_groups[order])) + 1
        for positions in np.split(order, ends):
            part = (index, numbers[positions].tolist(), coefficients[positions].tolist())
            parts[own_groups[positions[0]]].append(part)
    return parts


def _group_seed(seed: int, number: int) -> int:
    words = np.random.SeedSequence(seed, spawn_key=(1, number)).generate_state(1, np.uint64)
    return int(words[0]) >> 1


class _GroupSamples:
    """The outcomes of the shots of one group; before `set_table`, one shot without bits."""

    def __init__(self, words: tuple[str, ...], group: CommutingGroup) -> None:
        self._words = words
        self._columns = {qubit: k for k, qubit in enumerate(group.basis.letters)}
        self._members = len(group.members)
        self._cache: dict[int, FloatArray] = {}
        self.set_table(OutcomeTable(np.zeros((1, 0), np.uint8), np.ones(1, np.int64)))

    def set_table(self, table: OutcomeTable) -> None:
        """Set the outcomes: one column of bits for each measured qubit."""
        self._bits, self._shots = table
        self._caching = len(self._shots) * self._members <= MAX_CACHED_VALUES

    def mean(self, numbers: list[int], coefficients: list[float]) -> tuple[float, float]:
        """Return the mean of a sum of words, and the standard error of that mean.

        Values are taken relative to the first one, so that equal values have an error of exactly 0.
        The square of the error is unbiased: it divides by the number of shots less 1 (Bessel).
        """
        values = np.zeros(len(self._shots))
        for number, coefficient in zip(numbers, coefficients, strict=True):
            values += coefficient * self._values(number)
        first = values[0]
        values -= first
        shots = int(self._shots.sum())
        mean = float(self._shots @ values) / shots
        scale = float(np.abs(values).max())
        if not scale:
            return float(first), 0.0
        squares = float(self._shots @ np.square((values - mean) / scale))
        return float(first) + mean, scale * math.sqrt(squares / (shots - 1) / shots)

    def _values(self, number: int) -> FloatArray:
        """Return the value of a word in each outcome."""
        values = self._cache.get(number)
        if values is None:
            values = self._compute(self._words[number])
            if self._caching:
                self._cache[number] = values
        return values

    def _compute(self, word: str) -> FloatArray:
        letters = {q: letter for q, letter in enumerate(reversed(word)) if letter != "I"}
        paulis = [self._columns[q] for q, letter in letters.items() if letter not in PROJECTORS]
        values: FloatArray = 1.0 - 2.0 * (self._bits[:, paulis].sum(axis=1) & 1)
        for qubit, letter in letters.items():
            if letter in PROJECTORS:
                values *= self._bits[:, self._columns[qubit]] == PROJECTORS[letter][1]
        return values
