"""Tracking of all branches of a program whose expectation values are computed.

A measurement is terminal, or is not, for all shots alike: an `if` whose body acts on a measured
qubit also counts for shots that skip the body. In a circuit, such an `if` is visible as gates that
an outcome controls. An execution only reaches the branch that its shots take, so the instruction of
each branching statement is wrapped here and reports all its branches.
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


def track_all_branches(execution: Execution) -> Execution:
    """Return a copy whose `if`, `while` and `switch` report the effects of all their branches.

    The reports begin with the first outcome that the program needs.
    """
    fork, code = execution.copy(), execution.code
    instructions = list(code.instructions)
    for address in code.branches:
        instructions[address] = _reporting_instruction(code, address)
    fork.code = code._replace(instructions=instructions)
    return fork


def _reporting_instruction(code: Code, address: int) -> Instruction:
    """Return an instruction of the code that reports all its branches before it takes one."""
    instruction = code.instructions[address]

    def run(execution: Execution, target: QuantumTarget) -> int | None:
        try:
            next_address = instruction(execution, target)
        except UndecidedOutcome:
            _report(execution, target, code, address)
            raise
        if isinstance(target, TerminalMeasurementTracker) and target.branched:
            _report(execution, target, code, address)
        return next_address

    return run


def _report(execution: Execution, target: QuantumTarget, code: Code, address: int) -> None:
    if not isinstance(target, TerminalMeasurementTracker):
        return
    if not target.terminal_measurements.outcomes:
        return
    fork = execution.copy()
    fork.code, fork.address = code, address
    try:
        effects = branch_effects(fork)
    except BranchesTooLarge:
        target.add_operation_on_all()
    else:
        target.add_branch_effects(effects.qubits, effects.outcomes)


class TerminalMeasurementTracker:
    """Base of the quantum targets that track the terminal measurements of their program.

    Attributes:
        branched: An outcome was decided that the program needs, so other shots may take another
            branch.
    """

    __slots__ = ("branched", "terminal_measurements")

    def __init__(self) -> None:
        self.branched = False
        self.terminal_measurements = TerminalMeasurements()

    def add_branch_effects(
        self, qubits: Iterable[int], outcomes: Iterable[MeasurementOutcome]
    ) -> None:
        """Add the effects of branches: operations on qubits, and needed outcomes."""
        self.terminal_measurements.add_operation(qubits)
        for outcome in outcomes:
            self.terminal_measurements.add_dependency(outcome.number)

    def add_operation_on_all(self) -> None:
        """Add an operation on every qubit."""
        self.terminal_measurements.add_operation_on_all()
