"""Effects of a branching statement: the qubits and outcomes that any of its branches uses.

An `if` is one step of a program, whichever branch a shot takes. A shot that skips the body must
therefore still count the qubits that the body uses.
"""

from collections.abc import Sequence
from typing import NamedTuple, Self

from quantumtask.openqasm.program.execution import Execution, MeasurementOutcome, UndecidedOutcome
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.text.source import Diagnostic

MAX_EXPLORED_STEPS = 20_000
"""The largest number of instructions that are run, in all branches together."""

MAX_BRANCH_DEPTH = 40
"""The deepest nesting of branching statements that is explored."""


class BranchesTooLarge(Exception):
    """Signals branches that are too long or too deep to be explored."""


class BranchEffects:
    """The qubits that some branch uses, and the outcomes that some branch needs.

    The class is a QuantumTarget without a state, which records the qubits.
    """

    def __init__(self) -> None:
        self.qubits: set[int] = set()
        self.outcomes: set[MeasurementOutcome] = set()

    def apply(self, operations: Sequence[Operation]) -> None:
        """Add the qubits of gates to `qubits`."""
        for operation in operations:
            self.qubits.update(operation.qubits)

    def apply_timing(self, _: Sequence[Operation]) -> None:
        """Do nothing: a measurement before a barrier or a delay can still be terminal."""

    def reset(self, qubits: Sequence[int]) -> None:
        """Add the qubits of a reset to `qubits`."""
        self.qubits.update(qubits)

    def measure(self, qubit: int) -> MeasurementOutcome:
        """Add a measured qubit to `qubits`; the outcome is a placeholder."""
        self.qubits.add(qubit)
        return MeasurementOutcome(-1)

    def drop_terminal_measurements(self) -> None:
        """Do nothing: no measurement is stored."""


def branch_effects(execution: Execution) -> BranchEffects:
    """Return the effects of the branching statement that is the next instruction.

    A loop counts with one more pass of its body. If a branch leaves the program, the subroutine or
    the enclosing loop (`end`, `return`, `break`, `continue`), the rest of the program counts, too,
    because only other shots reach the rest. A branch ends at a runtime error. The execution is not
    changed.

    Raises:
        BranchesTooLarge: The branches are too long, or nested too deep.
    """
    explorer = _Explorer(_Statement.from_execution(execution))
    explorer.run(execution)
    return explorer.effects


class _Statement(NamedTuple):
    """A branching statement at a call depth; its branches meet at the address `join`."""

    first: int
    join: int
    depth: int

    @classmethod
    def from_execution(cls, execution: Execution) -> Self:
        branches = execution.code.branches[execution.address]
        return cls(execution.address, branches.join.address, len(execution.calls))

    def begins(self, execution: Execution) -> bool:
        return (execution.address, len(execution.calls)) == (self.first, self.depth)

    def ends(self, execution: Execution) -> bool:
        return (execution.address, len(execution.calls)) == (self.join, self.depth)

    def contains(self, execution: Execution) -> bool:
        """Return True unless the execution has left the statement."""
        depth = len(execution.calls)
        return depth > self.depth or (
            depth == self.depth and self.first <= execution.address <= self.join
        )


class _Explorer:
    """Walk over all branches, which meets each instruction once per enclosing branch."""

    def __init__(self, outermost: _Statement) -> None:
        self.effects = BranchEffects()
        self._outermost = outermost
        self._remaining_steps = MAX_EXPLORED_STEPS
        self._enclosing: list[int] = []
        self._leaves_statement = False

    def run(self, execution: Execution) -> None:
        """Explore all branches, and the rest of the program if a branch leaves the statement."""
        self._explore(execution)
        if self._leaves_statement:
            self._explore_rest(_copy_at(execution, self._outermost.join))

    def _explore(self, execution: Execution) -> Execution:
        """Explore all branches to their join, and return an execution at the join."""
        statement = _Statement.from_execution(execution)
        at_join = _copy_at(execution, statement.join)
        if statement.first in self._enclosing:  # a subroutine that calls itself
            return at_join
        if len(self._enclosing) == MAX_BRANCH_DEPTH:
            raise BranchesTooLarge
        self._enclosing.append(statement.first)
        for value in (0, 1):
            self._step(_copy_at(execution, statement.first), value)
        targets = [label.address for label in execution.code.branches[statement.first].targets]
        for start in dict.fromkeys([statement.first + 1, *targets]):
            at_join = self._run_branch(_copy_at(execution, start), statement) or at_join
        self._enclosing.pop()
        return at_join

    def _run_branch(self, execution: Execution, statement: _Statement) -> Execution | None:
        """Run a branch; return its execution if the branch reaches the join, else None."""
        while not statement.ends(execution):
            if statement.begins(execution):  # the next pass of a loop
                return None
            if not statement.contains(execution):
                outside = not self._outermost.contains(execution)
                self._leaves_statement = self._leaves_statement or outside
                return None
            following = self._advance(execution)
            if following is None:
                return None
            execution = following
        return execution

    def _explore_rest(self, execution: Execution) -> None:
        """Run to the end of the program, or until the statement is reached again."""
        following: Execution | None = execution
        while following is not None and not self._outermost.begins(following):
            following = self._advance(following)

    def _advance(self, execution: Execution) -> Execution | None:
        """Run an instruction or a branching statement; None at the end or a runtime error."""
        if execution.address >= len(execution.code.instructions):
            return None
        if execution.address in execution.code.branches:
            return self._explore(execution)
        return execution if self._step(execution, 0) else None

    def _step(self, execution: Execution, value: int) -> bool:
        """Run an instruction, with `value` for undecided outcomes; False for a runtime error."""
        self._remaining_steps -= 1
        if self._remaining_steps < 0:
            raise BranchesTooLarge
        address = execution.address
        while True:
            try:
                target = execution.code.instructions[address](execution, self.effects)
            except UndecidedOutcome as undecided:
                self.effects.outcomes.add(undecided.outcome)
                execution.decide(undecided.outcome, value)
            except (Diagnostic, ArithmeticError, ValueError):
                return False
            else:
                execution.address = address + 1 if target is None else target
                return True


def _copy_at(execution: Execution, address: int) -> Execution:
    """Return a copy of an execution that continues at an address."""
    fork = execution.copy()
    fork.address = address
    return fork
