"""The exact distribution of a circuit's outcomes, and shots drawn from it."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Distribution:
    """Probabilities of all outcomes of some measured qubits.

    `probabilities` has 2**n entries; bit k of an index is the outcome of measured qubit k.
    `places` are (k, bit) pairs: where in the program's bits the outcome of qubit k goes.
    """

    def __init__(self, probabilities: NDArray[np.float64], places: list[tuple[int, int]]) -> None:
        total = np.cumsum(np.clip(probabilities, 0.0, None))
        self._cumulative = total / total[-1]
        self._places = places
        self._texts: dict[int, str] = {}

    def sample(self, shots: int, seed: int, memory: bool) -> dict[str, Any]:
        """Counts, and the outcome of every shot if asked for; outcomes as hexadecimal texts.

        The same seed gives the same shots, whether or not the memory is asked for.
        """
        uniform = np.random.default_rng(seed).random(shots)
        drawn = np.searchsorted(self._cumulative, uniform, side="right")
        totals = np.bincount(drawn)
        counts = {self._text(k): int(totals[k]) for k in np.flatnonzero(totals).tolist()}
        if not memory:
            return {"counts": counts}
        return {"counts": counts, "memory": [self._text(k) for k in drawn.tolist()]}

    def _text(self, index: int) -> str:
        text = self._texts.get(index)
        if text is None:
            value = sum(1 << bit for k, bit in self._places if index >> k & 1)
            text = self._texts[index] = hex(value)
        return text
