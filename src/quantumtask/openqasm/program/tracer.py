"""Running a program once, without deciding what is measured: what every shot of it does."""

from collections.abc import Iterable, Sequence

from quantumtask.openqasm.program.operations import SCHEDULING_OPERATIONS, Operation
from quantumtask.openqasm.program.process import Outcome
from quantumtask.openqasm.program.program import Circuit, Measure, Reset, Step


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
        self._measured: list[int] = []  # the qubit of each outcome
        self._held: dict[int, int] = {}  # qubits that nothing has touched since this outcome
        self.followed: set[int] = set()

    def apply(self, operations: Sequence[Operation]) -> None:
        self.steps.extend(operations)
        if len(self.steps) > self.most:
            raise TooMany
        if self.ended:
            self._touch([qubit for operation in operations for qubit in operation.qubits])

    def pause(self, operations: Sequence[Operation]) -> None:
        """Adds barriers and delays, which change no result of a measured qubit."""
        self.steps.extend(operations)
        if len(self.steps) > self.most:
            raise TooMany

    def _touch(self, qubits: Sequence[int]) -> None:
        if not self.ended.isdisjoint(qubits):
            self.final = False
            for qubit in qubits:
                self._held.pop(qubit, None)

    def qubit_of(self, outcome: Outcome) -> int | None:
        """The qubit that is as this outcome says; None: something has touched it since."""
        qubit = self._measured[outcome.number]
        return qubit if self._held.get(qubit) == outcome.number else None

    def follow(
        self, operations: Sequence[tuple[Operation, int]], outcomes: Iterable[Outcome]
    ) -> None:
        """Writes down operations that depend on outcomes.

        The number beside each operation counts its first qubits that are measured controls.
        """
        self.followed.update([outcome.number for outcome in outcomes])
        self.steps.extend([operation for operation, _ in operations])
        if len(self.steps) > self.most:
            raise TooMany
        for operation, controls in operations:
            self._touch(operation.qubits[controls:])

    def reset(self, qubits: Sequence[int]) -> None:
        """Nothing is written down for a qubit that is still |0>: programs often begin with this."""
        touched = self._touched_now()
        used = [qubit for qubit in qubits if qubit in touched]
        self.steps.extend(map(Reset, used))
        for qubit in used:
            self._held.pop(qubit, None)
        self.final = self.final and not used
        if len(self.steps) > self.most:
            raise TooMany

    def _touched_now(self) -> set[int]:
        for step in self.steps[self._looked_at :]:
            if not isinstance(step, Operation):
                self._touched.add(step.qubit)
            elif step.gate.name not in SCHEDULING_OPERATIONS:
                self._touched.update(step.qubits)
        self._looked_at = len(self.steps)
        return self._touched

    def measure(self, qubit: int) -> Outcome:
        outcome = Outcome(self.outcomes)
        self.steps.append(Measure(qubit, self.outcomes))
        self.outcomes += 1
        self.final = self.final and qubit not in self.ended
        self.ended.add(qubit)
        self._measured.append(qubit)
        self._held[qubit] = outcome.number
        if len(self.steps) > self.most:
            raise TooMany
        return outcome

    def unmeasure(self) -> None:
        """They are written down all the same: a shot without them does no less."""

    def circuit(self, bits: Sequence[int | Outcome]) -> Circuit:
        """What was written down; `bits` are those of the result.

        Of qubits that control what comes after their measurement, it may as well be made later: if
        nothing else happens to them, it is made at the end.
        """
        steps = self.steps
        if self.followed and self.final:
            steps = sorted(steps, key=lambda step: isinstance(step, Measure))
        return Circuit(
            tuple(steps),
            tuple([-1 - bit.number if isinstance(bit, Outcome) else int(bit) for bit in bits]),
            self.outcomes,
            all(step.clifford for step in self.steps if isinstance(step, Operation)),
            self.final,
            frozenset(self.followed),
        )
