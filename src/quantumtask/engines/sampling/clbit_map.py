"""Map from the measurement outcomes of an engine to the bits of a result."""

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from quantumtask.openqasm.program.program import Circuit, Measure

WORD_BITS = 62
"""Bits of a result that fit a machine word."""


class ClbitMap:
    """Map from the measurement outcomes of a circuit to the bits of its result.

    A result is an integer: bit k is the k-th declared bit. The result contains an outcome if one
    of its bits has the value of that outcome; a bit that is not measured is constant.
    """

    def __init__(self, circuit: Circuit) -> None:
        self._circuit = circuit
        self._masks: dict[int, int] = {}  # by outcome: the bits of the result with its value
        self._constant = 0
        for position, bit in enumerate(circuit.bits):
            if bit < 0:
                self._masks[-1 - bit] = self._masks.get(-1 - bit, 0) | 1 << position
            else:
                self._constant |= bit << position
        self._is_plain = len(self._masks) == len(circuit.bits)

    @property
    def is_constant(self) -> bool:
        """True if the result contains no outcome."""
        return not self._masks

    @property
    def fits_word(self) -> bool:
        """True if a result fits `WORD_BITS`."""
        return len(self._circuit.bits) <= WORD_BITS

    @property
    def outcome_count(self) -> int:
        """The number of outcomes that the result contains."""
        return len(self._masks)

    @property
    def clbits(self) -> dict[int, int]:
        """The classical bit into which an engine measures each outcome.

        Outcomes that the result contains come first, in the order of the result. All other outcomes
        share the next bit; a circuit that only measures at its end has no entries for them.
        """
        shown = {outcome: k for k, outcome in enumerate(self._masks)}
        if self._circuit.terminal_measurements_only:
            return shown
        hidden = len(shown)
        return {k: shown.get(k, hidden) for k in range(self._circuit.measurement_count)}

    def from_bits(self, measured: int) -> int:
        """Return the result for an integer whose bit k is the classical bit k (see `clbits`)."""
        if self._is_plain:
            return measured & self._clbit_mask
        return self._result(measured, self._masks.values())

    def from_words(self, measured: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return `from_bits` for each number; the result must fit `WORD_BITS`."""
        if self._is_plain:
            return measured & self._clbit_mask
        results = np.full(len(measured), self._constant, dtype=np.int64)
        for k, mask in enumerate(self._masks.values()):
            results |= (measured >> k & 1) * mask
        return results

    @cached_property
    def _clbit_mask(self) -> int:
        return (1 << len(self._masks)) - 1

    @cached_property
    def qubits(self) -> tuple[int, ...]:
        """The qubits whose outcomes the result contains, ascending.

        Only for a circuit that measures at its end.
        """
        return tuple(self._qubit_masks)

    @cached_property
    def _qubit_masks(self) -> dict[int, int]:
        """For each of `qubits`, the bits of the result with its value."""
        masks: dict[int, int] = {}
        for step in self._circuit.steps:
            if isinstance(step, Measure) and step.outcome in self._masks:
                masks[step.qubit] = masks.get(step.qubit, 0) | self._masks[step.outcome]
        return dict(sorted(masks.items()))

    def from_values(self, values: Sequence[int]) -> int:
        """Return the result for one value of each of `qubits`."""
        result = self._constant
        for value, mask in zip(values, self._qubit_masks.values(), strict=True):
            if value:
                result |= mask
        return result

    def from_indices(self, indices: NDArray[np.intp]) -> list[int]:
        """Return the result for each index; bit k of an index is the value of `qubits`[k]."""
        if len(self._circuit.bits) > WORD_BITS:
            masks = list(self._qubit_masks.values())
            return [self._result(index, masks) for index in indices.tolist()]
        results: list[int] = self.to_array(indices).tolist()
        return results

    def to_array(self, indices: NDArray[np.intp]) -> NDArray[np.int64]:
        """Return `from_indices` as an array; the result must fit `WORD_BITS`."""
        if self._is_identity:
            return indices
        results = np.full(len(indices), self._constant, dtype=np.int64)
        for k, mask in enumerate(self._qubit_masks.values()):
            results |= (indices >> k & 1) * mask
        return results

    @cached_property
    def _is_identity(self) -> bool:
        """True if bit k of the result is the value of `qubits`[k]."""
        bits = range(len(self._circuit.bits))
        return list(self._qubit_masks.values()) == [1 << k for k in bits]

    def _result(self, measured: int, masks: Iterable[int]) -> int:
        result = self._constant
        for k, mask in enumerate(masks):
            if measured >> k & 1:
                result |= mask
        return result


def to_words(packed: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return each row of bytes as a number, for at most `WORD_BITS` bits.

    Args:
        packed: Rows of bytes; bit 0 of the first byte is bit 0 of the number.
    """
    words = np.zeros((len(packed), 8), dtype=np.uint8)
    words[:, : packed.shape[1]] = packed
    return words.view("<i8").ravel()
