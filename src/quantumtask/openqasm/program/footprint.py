"""Footprint of a branching statement: the qubits and outcomes that any of its ways uses.

An `if` is one step of a program, whichever way a shot takes. So a shot that skips the body must
still count the qubits that the body touches.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.process import Outcome, Process, Undecided
from quantumtask.openqasm.text.source import Diagnostic

MOST_STEPS = 20_000
"""Most instructions that are followed, in all ways together."""

DEEPEST = 40
"""Deepest nesting of branching statements that is followed."""


class TooMuch(Exception):
    """Signals ways that are too long to be followed."""


class Footprint:
    """Qubits that some way touches, and outcomes that some way needs.

    The class has the interface of a World, without a state.
    """

    def __init__(self) -> None:
        self.qubits: set[int] = set()
        self.outcomes: set[Outcome] = set()

    def apply(self, operations: Sequence[Operation]) -> None:
        for operation in operations:
            self.qubits.update(operation.qubits)

    def pause(self, _: Sequence[Operation]) -> None:
        """Counts nothing: end measurements stay such before barriers and delays."""

    def reset(self, qubits: Sequence[int]) -> None:
        self.qubits.update(qubits)

    def measure(self, qubit: int) -> Outcome:
        self.qubits.add(qubit)
        return Outcome(-1)

    def unmeasure(self) -> None:
        """Does nothing: a footprint has no measurements."""


def footprint(process: Process) -> Footprint:
    """The footprint of the branching statement that a process is at; the process is not changed.

    A loop counts with one more pass of its body. If a way leaves the program, the subroutine or the
    enclosing loop (`end`, `return`, `break`, `continue`), the rest of the program counts, too,
    because only other shots reach the rest. A way ends at a step that would be refused.

    Raises:
        TooMuch: The ways are too long, or nested too deep.
    """
    survey = _Survey(_Statement.at(process))
    survey.run(process)
    return survey.found


class _Statement(NamedTuple):
    """A branching statement at a depth of calls; its ways meet at the instruction `join`."""

    first: int
    join: int
    depth: int

    @classmethod
    def at(cls, process: Process) -> Self:
        ways = process.code.ways[process.next]
        return cls(process.next, ways.join.at, len(process.calls))

    def begins(self, process: Process) -> bool:
        return (process.next, len(process.calls)) == (self.first, self.depth)

    def ends(self, process: Process) -> bool:
        return (process.next, len(process.calls)) == (self.join, self.depth)

    def holds(self, process: Process) -> bool:
        """Return True unless the process has left the statement."""
        depth = len(process.calls)
        return depth > self.depth or (
            depth == self.depth and self.first <= process.next <= self.join
        )


class _Survey:
    """Walk over all ways, which meets each instruction once per enclosing way."""

    def __init__(self, whole: _Statement) -> None:
        self.found = Footprint()
        self._whole = whole
        self._left = MOST_STEPS
        self._around: list[int] = []
        self._leaves = False

    def run(self, process: Process) -> None:
        """Follows all ways, and the rest of the program if a way leaves the statement."""
        self._fork(process)
        if self._leaves:
            self._rest(_moved(process, self._whole.join))

    def _fork(self, process: Process) -> Process:
        """Follows all ways to their join, and returns a process that is there."""
        statement = _Statement.at(process)
        met = _moved(process, statement.join)
        if statement.first in self._around:  # a subroutine that calls itself
            return met
        if len(self._around) == DEEPEST:
            raise TooMuch
        self._around.append(statement.first)
        for value in (0, 1):
            self._step(_moved(process, statement.first), value)
        others = [label.at for label in process.code.ways[statement.first].others]
        for begin in dict.fromkeys([statement.first + 1, *others]):
            met = self._way(_moved(process, begin), statement) or met
        self._around.pop()
        return met

    def _way(self, process: Process, statement: _Statement) -> Process | None:
        """Runs one way; returns its process if the way reaches the join, else None."""
        while not statement.ends(process):
            if statement.begins(process):  # the next pass of a loop
                return None
            if not statement.holds(process):
                self._leaves = self._leaves or not self._whole.holds(process)
                return None
            following = self._next(process)
            if following is None:
                return None
            process = following
        return process

    def _rest(self, process: Process) -> None:
        """Runs to the end of the program, or until the statement comes again."""
        following: Process | None = process
        while following is not None and not self._whole.begins(following):
            following = self._next(following)

    def _next(self, process: Process) -> Process | None:
        """Runs an instruction or a whole statement; None at the end, or after a refusal."""
        if process.next >= len(process.code.instructions):
            return None
        if process.next in process.code.ways:
            return self._fork(process)
        return process if self._step(process, 0) else None

    def _step(self, process: Process, value: int) -> bool:
        """Runs an instruction, with `value` for undecided outcomes; False if refused."""
        self._left -= 1
        if self._left < 0:
            raise TooMuch
        at = process.next
        process.world = self.found
        while True:
            try:
                target = process.code.instructions[at](process)
            except Undecided as needed:
                self.found.outcomes.add(needed.outcome)
                process.decide(needed.outcome, value)
            except (Diagnostic, ArithmeticError, ValueError):
                return False
            else:
                process.next = at + 1 if target is None else target
                return True


def _moved(process: Process, at: int) -> Process:
    """A copy of a process that goes on at an instruction."""
    twin = process.copy()
    twin.next = at
    return twin
