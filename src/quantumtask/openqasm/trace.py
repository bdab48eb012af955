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
        self._touched: set[int] = set()  # by the steps up to the one of this number
        self._looked_at = 0

    def apply(self, operations: Sequence[Operation]) -> None:
        self.steps.extend(operations)
        if len(self.steps) > self.most:
            raise TooMany
        if self.ended and self.final:
            self.final = all(self.ended.isdisjoint(o.qubits) for o in operations)

    def reset(self, qubits: Sequence[int]) -> None:
        """Nothing is written down for a qubit that is still |0>: programs often begin with this."""
        touched = self._touched_now()
        used = [qubit for qubit in qubits if qubit in touched]
        self.steps.extend(map(Reset, used))
        self.final = self.final and not used
        if len(self.steps) > self.most:
            raise TooMany

    def _touched_now(self) -> set[int]:
        for step in self.steps[self._looked_at :]:
            self._touched.update(step.qubits if isinstance(step, Operation) else (step.qubit,))
        self._looked_at = len(self.steps)
        return self._touched

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
