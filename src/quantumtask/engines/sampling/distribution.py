"""The exact distribution of some measured qubits, and shots drawn from it."""

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.limits import non_finite_state

PARTS = 2.0**46
"""Probabilities are whole numbers of so many parts: what engines round otherwise (near 1e-15) is
then the same, and what rounding left of nothing is nothing."""

MOST_COUNTED = 1 << 16
"""Values up to which a table of all of them is faster than sorting."""

Indices = NDArray[np.intp]


class Distribution:
    """Probabilities of all outcomes; bit k of an index is the outcome of measured qubit k.

    Takes the array over, because it can be as large as half a state. Raises ResourceError where
    they are not numbers.
    """

    def __init__(self, probabilities: NDArray[np.float64]) -> None:
        np.clip(probabilities, 0.0, None, out=probabilities)
        probabilities *= PARTS
        np.rint(probabilities, out=probabilities)
        self._possible: Indices | None = None  # all of them, or nearly
        if 2 * np.count_nonzero(probabilities) <= len(probabilities):
            self._possible = np.flatnonzero(probabilities)
            probabilities = probabilities[self._possible]
        total = np.cumsum(probabilities, out=probabilities)
        if not (len(total) and np.isfinite(total[-1]) and total[-1] > PARTS / 2):
            raise non_finite_state()
        total /= total[-1]
        self.bytes = total.nbytes + (0 if self._possible is None else self._possible.nbytes)
        # No zeros at the end: what rounding leaves of the shots goes to the last outcome.
        self._cumulative = total[: np.searchsorted(total, 1.0) + 1]

    def draw(self, shots: int, rng: np.random.Generator) -> Indices:
        """The index of the outcome of every shot."""
        return self._indices(self._places(shots, rng))

    def count(self, shots: int, rng: np.random.Generator) -> tuple[Indices, Indices]:
        """The indices of the outcomes that shots have, ascending, and how many have each."""
        if len(self._cumulative) <= shots:
            totals = rng.multinomial(shots, self._steps())
            (places,) = totals.nonzero()
            return self._indices(places), totals[places]
        places, totals = _grouped(self._places(shots, rng))
        return self._indices(places), totals

    def _places(self, shots: int, rng: np.random.Generator) -> Indices:
        places: Indices = np.searchsorted(self._cumulative, rng.random(shots), side="right")
        return places

    def _steps(self) -> NDArray[np.float64]:
        """The probabilities of what is possible."""
        steps = self._cumulative.copy()
        steps[1:] -= self._cumulative[:-1]
        return steps

    def _indices(self, places: Indices) -> Indices:
        return places if self._possible is None else self._possible[places]


def _grouped(drawn: Indices) -> tuple[Indices, Indices]:
    """The values, ascending, and how often each comes."""
    if drawn.max() >= MOST_COUNTED:
        return np.unique(drawn, return_counts=True)
    table = np.bincount(drawn)
    found = np.flatnonzero(table)
    return found, table[found]
