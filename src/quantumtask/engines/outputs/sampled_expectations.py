"""Expectation values from shots: words that one measurement of each qubit tells, together."""

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
"""Values of words in shots that are kept, because several observables may have a word."""


def estimate_means(
    device: Backend,
    program: Program,
    words: tuple[str, ...],
    items: WordSums,
    shots: int,
    seed: int,
) -> tuple[FloatArray, FloatArray]:
    """The mean of each item and its standard error, from `shots` shots of each group of words.

    The words of a group are measured together, so their covariance is in the standard error. Groups
    are drawn independently: their variances add up.
    """
    totals, errors = np.zeros(len(items)), np.zeros(len(items))
    found = group_commuting(words)
    for number, (group, parts) in enumerate(zip(found, _parts(found, words, items), strict=True)):
        letters = group.basis.letters
        seen = _GroupSamples(words, letters, len(group.members))
        if letters:
            drawn = device.sample(
                measure_in_bases(program, letters), shots, _seed(seed, number), False
            )
            seen.take(drawn.to_table(len(letters)))
        for item, numbers, factors in parts:
            mean, error = seen.mean(numbers, factors)
            totals[item] += mean
            errors[item] = np.hypot(errors[item], error)
    return totals, errors


GroupPart = tuple[int, list[int], list[float]]
"""The number of an item, and those of its words that are in a group, with their coefficients."""


def _parts(
    found: list[CommutingGroup], words: Sequence[str], items: WordSums
) -> list[list[GroupPart]]:
    """For each group what it tells of each item."""
    group_of = np.empty(len(words), dtype=np.intp)
    for number, group in enumerate(found):
        group_of[group.members] = number
    parts: list[list[GroupPart]] = [[] for _ in found]
    for item, (numbers, factors) in enumerate(items):
        groups_here = group_of[numbers]
        order = np.argsort(groups_here, kind="stable")
        ends = np.flatnonzero(np.diff(groups_here[order])) + 1
        for some in np.split(order, ends):
            part = (item, numbers[some].tolist(), factors[some].tolist())
            parts[groups_here[some[0]]].append(part)
    return parts


def _seed(seed: int, number: int) -> int:
    words = np.random.SeedSequence(seed, spawn_key=(1, number)).generate_state(1, np.uint64)
    return int(words[0]) >> 1


class _GroupSamples:
    """What the shots of one group say of its words."""

    def __init__(self, words: tuple[str, ...], letters: dict[int, str], members: int) -> None:
        self._words = words
        self._columns = {qubit: k for k, qubit in enumerate(letters)}
        self._members = members
        self._kept: dict[int, FloatArray] = {}
        self.take(OutcomeTable(np.zeros((1, 0), dtype=np.uint8), np.ones(1, dtype=np.int64)))

    def take(self, table: OutcomeTable) -> None:
        """`table`: the bits of each outcome, one for each qubit that is measured."""
        self._bits, self._shots = table
        self._keeps = len(self._shots) * self._members <= MAX_CACHED_VALUES

    def mean(self, numbers: list[int], factors: list[float]) -> tuple[float, float]:
        """The mean of a sum of words, and the standard error of that mean.

        Values are taken relative to the first one, so that equal values have an error of exactly 0.
        The square of the error is unbiased: it divides by the number of shots less 1 (Bessel).
        """
        values = np.zeros(len(self._shots))
        for number, factor in zip(numbers, factors, strict=True):
            values += factor * self._values(number)
        first = values[0]
        values -= first
        shots = int(self._shots.sum())
        mean = float(self._shots @ values) / shots
        most = float(np.abs(values).max())
        if not most:
            return float(first), 0.0
        squares = float(self._shots @ np.square((values - mean) / most))
        return float(first) + mean, most * math.sqrt(squares / (shots - 1) / shots)

    def _values(self, number: int) -> FloatArray:
        """The value of a word in each outcome."""
        values = self._kept.get(number)
        if values is None:
            values = self._read(self._words[number])
            if self._keeps:
                self._kept[number] = values
        return values

    def _read(self, word: str) -> FloatArray:
        letters = {q: letter for q, letter in enumerate(reversed(word)) if letter != "I"}
        paulis = [self._columns[q] for q, letter in letters.items() if letter not in PROJECTORS]
        values: FloatArray = 1.0 - 2.0 * (self._bits[:, paulis].sum(axis=1) & 1)
        for qubit, letter in letters.items():
            if letter in PROJECTORS:
                values *= self._bits[:, self._columns[qubit]] == PROJECTORS[letter][1]
        return values
