"""Results as Qiskit writes them: last bit first, registers apart, the last declared first."""

from collections.abc import Sequence
from itertools import accumulate

from quantumtask.openqasm.program import Register


class Formatter:
    """Writes outcomes, given as numbers over all bits of the result, for one list of registers."""

    def __init__(self, registers: Sequence[Register]) -> None:
        self.bits = sum(r.size for r in registers)
        ends = list(accumulate(r.size for r in reversed(registers)))
        self.cuts = [
            slice(end - r.size, end) for end, r in zip(ends, reversed(registers), strict=True)
        ]
        self.width = self.bits + max(0, len(registers) - 1)

    def text(self, outcome: int) -> str:
        flat = f"{outcome:0{self.bits}b}"
        if len(self.cuts) == 1:
            return flat
        return " ".join([flat[cut] for cut in self.cuts])
