"""Branching statements of a program whose expectation values are computed.

A measurement is an end measurement, or not, for all shots alike: an `if` whose body touches a
measured qubit counts for the shots that skip the body, too. A circuit shows such an `if` as gates
controlled by the outcome. A process meets only the branch that a shot takes, so the instruction of
a branching statement is wrapped here and reports all its branches.
"""

from collections.abc import Iterable

from quantumtask.openqasm.program.branch_effects import BranchesTooLarge, branch_effects
from quantumtask.openqasm.program.execution import (
    Code,
    Execution,
    Instruction,
    MeasurementOutcome,
    QuantumTarget,
    UndecidedOutcome,
)
from quantumtask.openqasm.program.terminal_measurements import TerminalMeasurements


def track_all_branches(process: Execution) -> Execution:
    """A copy of a process that counts all ways of each `if`, `while` and `switch` (see `Ends`).

    The counting begins with the first outcome that the program needs.
    """
    twin, code = process.copy(), process.code
    instructions = list(code.instructions)
    for at in code.branches:
        instructions[at] = _counting(code, at)
    twin.code = code._replace(instructions=instructions)
    return twin


def _counting(code: Code, at: int) -> Instruction:
    """The instruction at a place of the code, which counts all its ways before it takes one."""
    instruction = code.instructions[at]

    def run(process: Execution, world: QuantumTarget) -> int | None:
        try:
            target = instruction(process, world)
        except UndecidedOutcome:
            _count(process, world, code, at)
            raise
        if isinstance(world, TerminalMeasurementTracker) and world.branched:
            _count(process, world, code, at)
        return target

    return run


def _count(process: Execution, world: QuantumTarget, code: Code, at: int) -> None:
    if (
        not isinstance(world, TerminalMeasurementTracker)
        or not world.terminal_measurements.outcomes
    ):
        return
    twin = process.copy()
    twin.code, twin.address = code, at
    try:
        ways = branch_effects(twin)
    except BranchesTooLarge:
        world.depend_on_all()
    else:
        world.depend(ways.qubits, ways.outcomes)


class TerminalMeasurementTracker:
    """A world that tracks the end measurements of its program so far.

    `branched`: an outcome that the program needs has been decided, so other shots may take another
    way.
    """

    __slots__ = ("branched", "terminal_measurements")

    def __init__(self) -> None:
        self.branched = False
        self.terminal_measurements = TerminalMeasurements()

    def depend(self, qubits: Iterable[int], outcomes: Iterable[MeasurementOutcome]) -> None:
        """Counts qubits as touched and outcomes as needed, because other shots do either."""
        self.terminal_measurements.add_operation(qubits)
        for outcome in outcomes:
            self.terminal_measurements.add_dependency(outcome.number)

    def depend_on_all(self) -> None:
        """Counts all qubits as touched."""
        self.terminal_measurements.add_operation_on_all()
