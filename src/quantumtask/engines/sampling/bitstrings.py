"""Bit strings in Qiskit's format: last bit first, one space between registers, last one first."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import itemgetter

from quantumtask.openqasm.program.program import Register


class BitstringFormatter:
    """Formatter of results of one list of registers.

    Attributes:
        bits: The number of bits of a result.
        width: The length of a bit string.
    """

    def __init__(self, registers: Sequence[Register]) -> None:
        self._sizes = [register.size for register in reversed(registers)]
        self.bits = sum(self._sizes)
        self.width = self.bits + max(0, len(registers) - 1)

    def format(self, outcomes: Iterable[int]) -> list[str]:
        """Return the bit string of each outcome.

        All bit strings have one length, so ascending outcomes give ascending texts.
        """
        top = 1 << self.bits  # keeps leading zeros; becomes the "0b1" that is cut off
        flat = [bin(top | outcome)[3:] for outcome in outcomes]
        if len(self._sizes) < 2:
            return flat
        ends = accumulate(self._sizes)
        parts = itemgetter(
            *[slice(end - size, end) for size, end in zip(self._sizes, ends, strict=True)]
        )
        return [" ".join(parts(text)) for text in flat]
