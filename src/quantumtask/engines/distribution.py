"""The exact distribution of a circuit's outcomes, and shots drawn from it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.shared.errors import ResourceError


class Distribution:
    """Probabilities of all outcomes of some measured qubits.

    `probabilities` has 2**n entries; bit k of an index is the outcome of measured qubit k.
    `places` are (k, bit) pairs: where in the program's bits the outcome of qubit k goes.
    """

    def __init__(self, probabilities: NDArray[np.float64], places: list[tuple[int, int]]) -> None:
        total = np.cumsum(np.clip(probabilities, 0.0, None))
        if not (np.isfinite(total[-1]) and total[-1] > 0.5):
            raise ResourceError(
                "engine_refused", "the state is not a number: an angle is too large"
            )
        self._cumulative = total / total[-1]
        self._places = places

    def draw(self, shots: int, seed: int) -> NDArray[np.intp]:
        """The index of the outcome of every shot. The same seed gives the same shots."""
        uniform = np.random.default_rng(seed).random(shots)
        drawn: NDArray[np.intp] = np.searchsorted(self._cumulative, uniform, side="right")
        return drawn

    def outcomes(self, drawn: NDArray[np.intp], memory: bool) -> dict[str, Any]:
        """Counts, and each shot's outcome if asked for; outcomes as hexadecimal texts."""
        totals = np.bincount(drawn)
        texts = {index: self._text(index) for index in np.flatnonzero(totals).tolist()}
        counts = {text: int(totals[index]) for index, text in texts.items()}
        if not memory:
            return {"counts": counts}
        return {"counts": counts, "memory": [texts[index] for index in drawn.tolist()]}

    def _text(self, index: int) -> str:
        return hex(sum(1 << bit for k, bit in self._places if index >> k & 1))
