"""Recorder of the operations of a program, whose measurements stay undecided."""

from collections.abc import Iterable, Sequence

from quantumtask.openqasm.program.execution import MeasurementOutcome
from quantumtask.openqasm.program.operations import TIMING_OPERATIONS, Operation
from quantumtask.openqasm.program.program import Circuit, Measure, Reset, Step


class OperationLimitExceeded(Exception):
    """Signals a circuit with more operations than the limit."""


class Tracer:
    """A QuantumTarget that records each step.

    Attributes:
        measurement_count: The number of measurements so far.
        measured_qubits: The qubits of these measurements.
        terminal_measurements_only: As in Circuit.
        control_outcomes: As in Circuit.
    """

    def __init__(self, max_operations: int) -> None:
        self.steps: list[Step] = []
        self.measurement_count = 0
        self.measured_qubits: set[int] = set()
        self.terminal_measurements_only = True
        self.control_outcomes: set[int] = set()
        self._max_operations = max_operations
        self._active: set[int] = set()  # the active qubits of the first `_scanned` steps
        self._scanned = 0
        self._qubits: list[int] = []  # the qubit of each outcome
        self._unchanged: dict[int, int] = {}  # qubit -> outcome, if no step followed on the qubit

    def apply(self, operations: Sequence[Operation]) -> None:
        """Record gates. Raises OperationLimitExceeded."""
        self.steps.extend(operations)
        if len(self.steps) > self._max_operations:
            raise OperationLimitExceeded
        if self.measured_qubits:
            self._change([qubit for operation in operations for qubit in operation.qubits])

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Record barriers and delays: a measurement before them can still be terminal."""
        self.steps.extend(operations)
        if len(self.steps) > self._max_operations:
            raise OperationLimitExceeded

    def _change(self, qubits: Sequence[int]) -> None:
        if not self.measured_qubits.isdisjoint(qubits):
            self.terminal_measurements_only = False
            for qubit in qubits:
                self._unchanged.pop(qubit, None)

    def unchanged_qubit(self, outcome: MeasurementOutcome) -> int | None:
        """Return the measured qubit of an outcome; None if a later step changed the qubit."""
        qubit = self._qubits[outcome.number]
        return qubit if self._unchanged.get(qubit) == outcome.number else None

    def apply_deferred(
        self,
        operations: Sequence[tuple[Operation, int]],
        outcomes: Iterable[MeasurementOutcome],
    ) -> None:
        """Record operations that measured qubits control.

        Args:
            operations: Each operation, with the number of its first qubits that are such controls.
            outcomes: The outcomes that the operations depend on.
        """
        self.control_outcomes.update([outcome.number for outcome in outcomes])
        self.steps.extend([operation for operation, _ in operations])
        if len(self.steps) > self._max_operations:
            raise OperationLimitExceeded
        for operation, controls in operations:
            self._change(operation.qubits[controls:])

    def reset(self, qubits: Sequence[int]) -> None:
        """Record resets, except of qubits that are still |0>: programs often begin with resets."""
        active = self._active_qubits()
        changed = [qubit for qubit in qubits if qubit in active]
        self.steps.extend(map(Reset, changed))
        for qubit in changed:
            self._unchanged.pop(qubit, None)
        self.terminal_measurements_only = self.terminal_measurements_only and not changed
        if len(self.steps) > self._max_operations:
            raise OperationLimitExceeded

    def _active_qubits(self) -> set[int]:
        for step in self.steps[self._scanned :]:
            if not isinstance(step, Operation):
                self._active.add(step.qubit)
            elif step.gate.name not in TIMING_OPERATIONS:
                self._active.update(step.qubits)
        self._scanned = len(self.steps)
        return self._active

    def measure(self, qubit: int) -> MeasurementOutcome:
        """Record a measurement."""
        outcome = MeasurementOutcome(self.measurement_count)
        self.steps.append(Measure(qubit, self.measurement_count))
        self.measurement_count += 1
        if qubit in self.measured_qubits:
            self.terminal_measurements_only = False
        self.measured_qubits.add(qubit)
        self._qubits.append(qubit)
        self._unchanged[qubit] = outcome.number
        if len(self.steps) > self._max_operations:
            raise OperationLimitExceeded
        return outcome

    def drop_terminal_measurements(self) -> None:
        """Do nothing: the steps keep the terminal measurements, which change no other step."""

    def circuit(self, bits: Sequence[int | MeasurementOutcome]) -> Circuit:
        """Return the recorded circuit with these bits as its result.

        A measurement whose qubit only controls later gates commutes with them. If all measurements
        are such, they move to the end of the circuit.
        """
        steps = self.steps
        if self.control_outcomes and self.terminal_measurements_only:
            steps = sorted(steps, key=lambda step: isinstance(step, Measure))
        return Circuit(
            tuple(steps),
            tuple([-1 - b.number if isinstance(b, MeasurementOutcome) else int(b) for b in bits]),
            self.measurement_count,
            all(step.is_clifford for step in self.steps if isinstance(step, Operation)),
            self.terminal_measurements_only,
            frozenset(self.control_outcomes),
        )
