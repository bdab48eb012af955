"""Exact distribution of measured qubits, and the sampling of shots."""

import math

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.limits import non_finite_state

PROBABILITY_STEPS = 2.0**46
"""Probabilities are rounded to multiples of 1 / PROBABILITY_STEPS.

The rounding errors of the engines (about 1e-15) then change neither the shots of a seed nor turn a
probability of 0 into a small positive one.
"""

MAX_BINCOUNT = 1 << 16
"""Outcomes up to which a table of all outcomes is faster than sorting."""

BLOCK = 1 << 15
"""Probabilities that are rounded together, so that they stay in the cache of the CPU."""

Indices = NDArray[np.intp]


class Distribution:
    """Distribution over measured qubits; bit k of an outcome index is the value of qubit k."""

    def __init__(self, probabilities: NDArray[np.float64]) -> None:
        """Round the probabilities in place, because the array can be half as large as a state.

        Raises:
            ResourceError: The probabilities are not finite, or sum to less than 1/2.
        """
        possible = sum(
            _round(probabilities[start : start + BLOCK])
            for start in range(0, len(probabilities), BLOCK)
        )
        self._possible: Indices | None = None  # None: most outcomes are possible
        if 2 * possible <= len(probabilities):
            (self._possible,) = probabilities.nonzero()
            probabilities = probabilities[self._possible]
        sums = probabilities.cumsum(out=probabilities)
        if not (len(sums) and PROBABILITY_STEPS / 2 < sums[-1] < math.inf):
            raise non_finite_state()
        self.bytes = sums.nbytes + (0 if self._possible is None else self._possible.nbytes)
        self._total = float(sums[-1])
        # Without zeros at the end: shots beyond the last sum belong to the last possible outcome.
        self._sums = sums[: sums.searchsorted(self._total) + 1]

    def draw(self, shots: int, rng: np.random.Generator) -> Indices:
        """Return the outcome index of each shot."""
        return self._to_outcomes(self._draw_positions(shots, rng))

    def count(self, shots: int, rng: np.random.Generator) -> tuple[Indices, Indices]:
        """Return the distinct outcome indices of the shots, ascending, and the shots of each."""
        if len(self._sums) <= shots:
            totals = rng.multinomial(shots, self._probabilities())
            (positions,) = totals.nonzero()
            return self._to_outcomes(positions), totals[positions]
        positions, totals = _count_values(self._draw_positions(shots, rng))
        return self._to_outcomes(positions), totals

    def _draw_positions(self, shots: int, rng: np.random.Generator) -> Indices:
        return self._sums.searchsorted(self._total * rng.random(shots), side="right")

    def _probabilities(self) -> NDArray[np.float64]:
        """Return the probabilities of the possible outcomes."""
        probabilities = self._sums.copy()
        probabilities[1:] -= self._sums[:-1]
        probabilities /= self._total
        return probabilities

    def _to_outcomes(self, positions: Indices) -> Indices:
        return positions if self._possible is None else self._possible[positions]


def _round(probabilities: NDArray[np.float64]) -> int:
    """Convert probabilities to multiples of 1 / PROBABILITY_STEPS; return how many are not 0."""
    if probabilities.min() < 0:
        np.clip(probabilities, 0.0, None, out=probabilities)
    probabilities *= PROBABILITY_STEPS
    np.rint(probabilities, out=probabilities)
    return int(np.count_nonzero(probabilities != 0))


def _count_values(values: Indices) -> tuple[Indices, Indices]:
    """Return the distinct values, ascending, and the number of each."""
    if values.max() >= MAX_BINCOUNT:
        return np.unique(values, return_counts=True)
    table = np.bincount(values)
    present = np.flatnonzero(table)
    return present, table[present]
