"""Running a program once, without deciding what is measured: what every shot of it does."""

from collections.abc import Sequence

from quantumtask.openqasm.gates import Operation
from quantumtask.openqasm.process import Outcome
from quantumtask.openqasm.program import Circuit, Measure, Reset, Step


class TooMany(Exception):
    """More operations than a circuit may come to."""


class Trace:
    """A World that writes down what happens in it."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.steps: list[Step] = []
        self.outcomes = 0
        self.ended: set[int] = set()
        self.final = True

    def apply(self, operations: Sequence[Operation]) -> None:
        self.steps.extend(operations)
        if len(self.steps) > self.most:
            raise TooMany
        if self.ended and self.final:
            self.final = all(self.ended.isdisjoint(o.qubits) for o in operations)

    def reset(self, qubits: Sequence[int]) -> None:
        self.steps.extend(map(Reset, qubits))
        self.final = False
        if len(self.steps) > self.most:
            raise TooMany

    def measure(self, qubit: int) -> Outcome:
        outcome = Outcome(self.outcomes)
        self.steps.append(Measure(qubit, self.outcomes))
        self.outcomes += 1
        self.final = self.final and qubit not in self.ended
        self.ended.add(qubit)
        if len(self.steps) > self.most:
            raise TooMany
        return outcome

    def circuit(self, bits: Sequence[int | Outcome]) -> Circuit:
        """What was written down; `bits` are those of the result."""
        return Circuit(
            tuple(self.steps),
            tuple([-1 - bit.number if isinstance(bit, Outcome) else int(bit) for bit in bits]),
            self.outcomes,
            all(step.clifford for step in self.steps if isinstance(step, Operation)),
            self.final,
        )
