"""The exact distribution of some measured qubits, and shots drawn from it."""

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.limits import not_a_number


class Distribution:
    """Probabilities of all outcomes; bit k of an index is the outcome of measured qubit k.

    Takes the array over, because it can be as large as half a state. Raises ResourceError where
    they are not numbers.
    """

    def __init__(self, probabilities: NDArray[np.float64]) -> None:
        np.clip(probabilities, 0.0, None, out=probabilities)
        total = np.cumsum(probabilities, out=probabilities)
        if not (np.isfinite(total[-1]) and total[-1] > 0.5):
            raise not_a_number()
        total /= total[-1]
        self._cumulative = total

    @property
    def bytes(self) -> int:
        return self._cumulative.nbytes

    def draw(self, shots: int, rng: np.random.Generator) -> NDArray[np.intp]:
        """The index of the outcome of every shot."""
        drawn: NDArray[np.intp] = np.searchsorted(self._cumulative, rng.random(shots), side="right")
        return drawn
