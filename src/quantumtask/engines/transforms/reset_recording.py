"""Circuit of a program with all of its resets, each of which may have an error."""

from collections.abc import Sequence

from quantumtask.openqasm.program.execution import UndecidedOutcome
from quantumtask.openqasm.program.program import Circuit, Program, Reset
from quantumtask.openqasm.program.tracer import OperationLimitExceeded, Tracer
from quantumtask.shared.settings import Settings


class _ResetTracer(Tracer):
    """Tracer that also records the resets of qubits that are still |0>."""

    def reset(self, qubits: Sequence[int]) -> None:
        self.steps.extend([Reset(qubit) for qubit in qubits])
        self.terminal_measurements_only = False
        self.apply_timing(())  # checks the number of steps


def record_all_resets(program: Program, settings: Settings) -> Circuit | None:
    """Return the steps of every shot; None if they depend on outcomes, or are too many."""
    execution, tracer = program.initial_execution.copy(), _ResetTracer(settings.max_operations)
    try:
        execution.run(tracer, settings.max_steps)
    except (UndecidedOutcome, OperationLimitExceeded):
        return None
    return tracer.circuit(execution.bits())
