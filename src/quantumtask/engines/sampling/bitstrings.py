"""Results as Qiskit writes them: last bit first, registers apart, the last declared first."""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import itemgetter

from quantumtask.openqasm.program.program import Register


class Formatter:
    """Writes outcomes, given as numbers over all bits of the result, for one list of registers."""

    def __init__(self, registers: Sequence[Register]) -> None:
        self._sizes = [register.size for register in reversed(registers)]
        self.bits = sum(self._sizes)
        self.width = self.bits + max(0, len(registers) - 1)

    def texts(self, outcomes: Iterable[int]) -> list[str]:
        """All of one length, so that they ascend as their outcomes do."""
        top = 1 << self.bits  # keeps the zeros in front; it becomes "0b1"
        flat = [bin(top | outcome)[3:] for outcome in outcomes]
        if len(self._sizes) < 2:
            return flat
        ends = accumulate(self._sizes)
        parts = itemgetter(
            *[slice(end - size, end) for size, end in zip(self._sizes, ends, strict=True)]
        )
        return [" ".join(parts(text)) for text in flat]
