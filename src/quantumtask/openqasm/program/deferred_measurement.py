"""Deferred measurement: an `if` on a measured bit becomes gates that its qubit controls.

If nothing has changed a qubit since its measurement, a gate may be controlled by the qubit instead
of by the outcome, and the program remains one circuit. See Nielsen and Chuang, section 4.4,
"principle of deferred measurement".
"""

from collections.abc import Sequence
from operator import is_
from typing import NamedTuple

from quantumtask.openqasm.program.execution import Execution, MeasurementOutcome, UndecidedOutcome
from quantumtask.openqasm.program.operations import (
    BASIC_GATES,
    CONTROLLED_GATE_BASES,
    Operation,
)
from quantumtask.openqasm.program.tracer import Tracer
from quantumtask.openqasm.text.source import Diagnostic

MAX_CONDITION_BITS = 6
"""The largest number of bits in a condition: each of their values makes a path of its own."""

MAX_PATH_STEPS = 1_000
MAX_DEFERRED_PATHS = 4_096
MAX_CELLS = 1 << 22
"""Limits of the steps in a path, of the paths of a program, and of the memory cells copied for
them. Beyond a limit, shots are simulated outcome by outcome."""

CONTROLLED_GATES = {name: controlled for controlled, name in CONTROLLED_GATE_BASES.items()}
"""The named gate that has one control in front of a gate: engines run named gates fastest."""

Controls = tuple[tuple[int, int], ...]
"""Control qubits, each with the value that it must have."""


class NotDeferrable(Exception):
    """Signals a path that does more than apply gates."""


class _GateRecorder:
    """A QuantumTarget that records gates, and raises NotDeferrable for all other steps."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []

    def apply(self, operations: Sequence[Operation]) -> None:
        self.operations += operations
        if len(self.operations) > MAX_PATH_STEPS:
            raise NotDeferrable

    def apply_timing(self, _: Sequence[Operation]) -> None:
        raise NotDeferrable

    def reset(self, _: Sequence[int]) -> None:
        raise NotDeferrable

    def measure(self, _: int) -> MeasurementOutcome:
        raise NotDeferrable

    def drop_terminal_measurements(self) -> None:
        raise NotDeferrable


class _PathState(NamedTuple):
    """The end of a path so far.

    `unchanged` is the execution as it was before the path, with the same outcomes decided.
    """

    execution: Execution
    unchanged: Execution
    controls: Controls


class DeferredMeasurement:
    """Records the `if` statements of one traced execution as controlled gates."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._cells = self._paths = 0
        self._needed: set[MeasurementOutcome] = set()  # by the current `if`

    def try_defer(self, execution: Execution) -> bool:
        """Move an execution that needs an outcome to the end of its `if`.

        Returns:
            False if the `if` does more than apply gates; the execution is then unchanged.
        """
        branches = execution.code.branches.get(execution.address)
        if branches is None or not branches.is_if:
            return False
        join = branches.join.address
        gates: list[tuple[Operation, Controls]] = []
        self._needed.clear()
        try:
            ends = self._run_paths(_PathState(execution.copy(), execution, ()), join, gates)
        except (
            NotDeferrable,
            Diagnostic,
        ):  # the path of a runtime error may be one that no shot takes
            return False
        controls = {qubit for _, conditions in gates for qubit, _ in conditions}
        if any(not controls.isdisjoint(operation.qubits) for operation, _ in gates):
            return False
        operations = [(_controlled(*gate), len(gate[1])) for gate in gates]
        self._tracer.apply_deferred(operations, self._needed)
        execution.address = join
        execution.steps = max(end.steps for end in ends)
        execution.operations = max(end.operations for end in ends)
        execution.copied_elements = max(end.copied_elements for end in ends)
        return True

    def _run_paths(
        self, state: _PathState, join: int, gates: list[tuple[Operation, Controls]]
    ) -> list[Execution]:
        """Add the gates of all paths to the address `join`. Raises NotDeferrable or Diagnostic."""
        execution, unchanged, controls = state
        recorder = _GateRecorder()
        try:
            execution.run(recorder, execution.steps + MAX_PATH_STEPS, join)
        except UndecidedOutcome as undecided:
            qubit = self._tracer.unchanged_qubit(undecided.outcome)
            if qubit is None or len(controls) == MAX_CONDITION_BITS:
                raise NotDeferrable from None
            self._needed.add(undecided.outcome)
            gates += [(operation, controls) for operation in recorder.operations]
            forks = [self._decide(state, undecided.outcome, qubit, value) for value in (0, 1)]
            return [end for fork in forks for end in self._run_paths(fork, join, gates)]
        if execution.address != join or not _have_same_memory(execution, unchanged):
            raise NotDeferrable
        gates += [(operation, controls) for operation in recorder.operations]
        return [execution]

    def _decide(
        self, state: _PathState, outcome: MeasurementOutcome, qubit: int, value: int
    ) -> _PathState:
        self._cells += 3 * len(state.execution.memory)
        self._paths += 1
        if self._cells > MAX_CELLS or self._paths > MAX_DEFERRED_PATHS:
            raise NotDeferrable
        execution, unchanged = state.execution.copy(), state.unchanged.copy()
        execution.decide(outcome, value)
        unchanged.decide(outcome, value)
        return _PathState(execution, unchanged, (*state.controls, (qubit, value)))


def _have_same_memory(first: Execution, second: Execution) -> bool:
    """Return True if two executions have identical values in all memory and all calls."""
    cells = [(first.memory, second.memory)]
    if len(first.calls) != len(second.calls):
        return False
    for own, other in zip(first.calls, second.calls, strict=True):
        if own[:2] != other[:2]:
            return False
        cells.append((own[2], other[2]))
    return all(len(a) == len(b) and all(map(is_, a, b)) for a, b in cells)


def _controlled(operation: Operation, controls: Controls) -> Operation:
    gate, params, qubits, own = operation
    if [value for _, value in controls] == [1] and not own and gate.name in CONTROLLED_GATES:
        named = BASIC_GATES[CONTROLLED_GATES[gate.name]]
        return Operation(named, params, (controls[0][0], *qubits))
    return Operation(
        gate,
        params,
        (*[qubit for qubit, _ in controls], *qubits),
        (*[bool(value) for _, value in controls], *own),
    )
