"""Outcomes as Qiskit writes them: last bit first, registers apart, the last declared first."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

from quantumtask.openqasm.program import Register


class Formatter:
    """Writes outcomes, given as hexadecimal texts over all bits, for one list of registers."""

    def __init__(self, registers: Sequence[Register]) -> None:
        self.bits = sum(r.size for r in registers)
        ends = list(accumulate(r.size for r in reversed(registers)))
        self.cuts = [
            slice(end - r.size, end) for end, r in zip(ends, reversed(registers), strict=True)
        ]
        self.mask = (1 << self.bits) - 1
        self.width = self.bits + max(0, len(registers) - 1)

    def counts(self, outcomes: Mapping[str, int]) -> dict[str, int]:
        """Outcome -> shots, sorted by outcome; outcomes that differ in hidden bits are one."""
        if not self.bits:
            return {}
        merged: dict[str, int] = {}
        for text, shots in outcomes.items():
            key = self.text(text)
            merged[key] = merged.get(key, 0) + int(shots)
        return dict(sorted(merged.items()))

    def lines(self, outcomes: Iterable[str]) -> list[str]:
        """One text per shot, in the order of the shots."""
        return [self.text(outcome) for outcome in outcomes] if self.bits else []

    def text(self, outcome: str) -> str:
        flat = f"{int(outcome, 16) & self.mask:0{self.bits}b}"
        if len(self.cuts) == 1:
            return flat
        return " ".join([flat[cut] for cut in self.cuts])
