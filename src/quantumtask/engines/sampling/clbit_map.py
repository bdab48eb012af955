"""From what an engine measured to the bits of a result."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quantumtask.openqasm.program.program import Circuit, Measure

WORD = 62
"""Bits of a result that fit a machine word."""


class Readout:
    """Where the outcomes of a circuit go.

    `bits`: outcome -> the bit that an engine is to measure it into. Those that the result shows
    come first, in the order of the result; all others share one bit after them.
    """

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._places: dict[int, int] = {}
        self._fixed = 0
        for place, bit in enumerate(circuit.bits):
            if bit < 0:
                self._places[-1 - bit] = self._places.get(-1 - bit, 0) | 1 << place
            else:
                self._fixed |= bit << place
        self._is_plain = len(self._places) == len(circuit.bits)

    @property
    def is_fixed(self) -> bool:
        """Whether the result shows nothing that is measured."""
        return not self._places

    @property
    def shown(self) -> int:
        """How many different outcomes the result shows."""
        return len(self._places)

    @property
    def bits(self) -> dict[int, int]:
        shown = {outcome: k for k, outcome in enumerate(self._places)}
        if self._circuit.terminal_measurements_only:
            return shown
        hidden = len(shown)
        return {k: shown.get(k, hidden) for k in range(self._circuit.measurement_count)}

    def result(self, measured: int) -> int:
        """The bits of the result, from a number with the bits that were measured."""
        if self._is_plain:
            return measured & self._mask
        return self._shown(measured, self._places.values())

    @cached_property
    def _mask(self) -> int:
        return (1 << len(self._places)) - 1

    @cached_property
    def qubits(self) -> dict[int, int]:
        """The qubits that the result shows, ascending, and the places of each in it.

        Only for a circuit that measures at its end.
        """
        found: dict[int, int] = {}
        for step in self._circuit.steps:
            if isinstance(step, Measure) and step.outcome in self._places:
                places = self._places[step.outcome]
                found[step.qubit] = found.get(step.qubit, 0) | places
        return dict(sorted(found.items()))

    def result_of(self, values: Sequence[int]) -> int:
        """The bits of the result, from one value for each of `qubits`."""
        outcome = self._fixed
        for value, places in zip(values, self.qubits.values(), strict=True):
            if value:
                outcome |= places
        return outcome

    def results_of(self, indices: NDArray[np.intp]) -> list[int]:
        """The bits of the result for each index, of which bit k is the value of `qubits`[k]."""
        places = list(self.qubits.values())
        if len(self._circuit.bits) > WORD:
            return [self._shown(index, places) for index in indices.tolist()]
        found: list[int] = self.placed(indices).tolist()
        return found

    def placed(self, indices: NDArray[np.intp]) -> NDArray[np.int64]:
        """The same as an array, for a result that fits a word."""
        if self._in_order:
            return indices
        outcomes = np.full(len(indices), self._fixed, dtype=np.int64)
        for k, shown in enumerate(self.qubits.values()):
            outcomes |= (indices >> k & 1) * shown
        return outcomes

    @cached_property
    def _in_order(self) -> bool:
        """Whether bit k of the result is the value of `qubits`[k]."""
        bits = range(len(self._circuit.bits))
        return list(self.qubits.values()) == [1 << k for k in bits]

    def _shown(self, measured: int, places: Iterable[int]) -> int:
        outcome = self._fixed
        for k, shown in enumerate(places):
            if measured >> k & 1:
                outcome |= shown
        return outcome
