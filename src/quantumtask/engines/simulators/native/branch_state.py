"""State of one branch of a program: a quantum state and the undecided measurement outcomes."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import gate_action
from quantumtask.engines.transforms.branch_tracking import TerminalMeasurementTracker
from quantumtask.openqasm.program.execution import (
    MeasurementOutcome,
    QuantumTarget,
    UndecidedOutcome,
)
from quantumtask.openqasm.program.operations import Operation

ShotBits = NDArray[np.uint8]
"""Measured values: one row for each shot, one column for each qubit or outcome."""


class QuantumState(Protocol):
    """State of all qubits, first |0>; qubits without operations take no memory."""

    @property
    def bytes(self) -> int:
        """The memory of the state."""
        ...

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply gates."""
        ...

    def definite_value(self, qubit: int) -> int | None:
        """Return the value of a qubit that no gate has changed since it was |0> or projected.

        None does not mean that the value is random.
        """
        ...

    def set_value(self, qubit: int, value: int) -> None:
        """Set a qubit that has a definite value."""
        ...

    def probability(self, qubit: int) -> float:
        """Return the probability of measuring 1."""
        ...

    def project(self, qubit: int, value: int) -> Self:
        """Return the state after measuring `value`.

        If `value` is certain, the returned state may be this one, changed.
        """
        ...

    def sample(self, qubits: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        """Return the values of qubits, measured together, one row for each shot."""
        ...


class BranchState(QuantumTarget, Protocol):
    """State of one branch of a program, with noise or without."""

    @property
    def state(self) -> Any:
        """The quantum state; its `bytes` is the memory of the branch."""
        ...

    def next_to_decide(self, outcome: MeasurementOutcome) -> MeasurementOutcome:
        """Return the outcome that must be decided first so that `outcome` can be decided."""
        ...

    def probability(self, outcome: MeasurementOutcome) -> float:
        """Return the probability of 1: exactly 0 or 1 if the outcome is certain."""
        ...

    def project(self, outcome: MeasurementOutcome, value: int) -> Self:
        """Return the branch in which the outcome has that value; call `probability` before."""
        ...

    def sample(
        self, outcomes: Sequence[MeasurementOutcome], shots: int, rng: np.random.Generator
    ) -> ShotBits:
        """Return the values of undecided outcomes, one row for each shot."""
        ...


BranchStateFactory = Callable[[], BranchState]

CERTAINTY_TOLERANCE = 1e-12
"""Distance from 0 or 1 within which a probability is certain; it is rounding noise."""

HIDDEN_OUTCOME = -1
"""The number of the outcome of a reset, which no program reads."""


class IdealBranchState(TerminalMeasurementTracker):
    """State of one branch without noise; a measurement is deferred until its value is needed.

    A measurement can be deferred as long as no later step changes the outcome. For expectation
    values, terminal measurements are tracked and no outcome is decided early: otherwise the kind of
    the state would decide which outcomes the program needs.
    """

    __slots__ = ("_has_values", "_outcome_count", "_pending", "_qubit_of", "state")

    def __init__(self, state: QuantumState, *, values: bool = False) -> None:
        """Begin a branch.

        Args:
            state: The state |0> of all qubits.
            values: True if expectation values are computed, and not shots.
        """
        super().__init__()
        self.state = state
        self._has_values = values
        self._pending: dict[int, MeasurementOutcome] = {}
        self._qubit_of: dict[MeasurementOutcome, int] = {}
        self._outcome_count = 0

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply gates; raises UndecidedOutcome if a gate changes an undecided outcome."""
        if self._pending:
            self._check(operations)
        self.state.apply(operations)

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Do nothing: without noise, qubits do not decay."""

    def _check(self, operations: Sequence[Operation]) -> None:
        pending = self._pending
        for operation in operations:
            if not pending.keys().isdisjoint(operation.qubits):
                preserves = gate_action(operation).preserves_basis
                for qubit, preserved in zip(operation.qubits, preserves, strict=True):
                    if qubit in pending and not preserved:
                        raise UndecidedOutcome(pending[qubit])
        if self._has_values:
            self.terminal_measurements.add_operation(
                [qubit for operation in operations for qubit in operation.qubits]
            )

    def measure(self, qubit: int) -> MeasurementOutcome | int:
        """Measure a qubit; repeated measurements of a qubit have one outcome."""
        outcome = self._pending.get(qubit)
        if outcome is None:
            value = None if self._has_values else self.state.definite_value(qubit)
            if value is not None:
                return value
            outcome = self._defer(qubit, self._outcome_count)
            self._outcome_count += 1
        if self._has_values:
            self.terminal_measurements.add_measurement(qubit, outcome.number)
        return outcome

    def _defer(self, qubit: int, number: int) -> MeasurementOutcome:
        outcome = MeasurementOutcome(number)
        self._pending[qubit] = outcome
        self._qubit_of[outcome] = qubit
        return outcome

    @property
    def dephased_qubits(self) -> frozenset[int]:
        """The qubits with an undecided outcome of a measurement that is not terminal."""
        terminal = self.terminal_measurements.outcomes
        return frozenset(q for q, o in self._pending.items() if o.number not in terminal)

    def drop_terminal_measurements(self) -> None:
        """Remove the terminal measurements (see `TerminalMeasurements`)."""
        dephased = self.dephased_qubits
        self._pending = {q: o for q, o in self._pending.items() if q in dephased}

    def reset(self, qubits: Sequence[int]) -> None:
        """Put qubits into |0>; raises UndecidedOutcome if a value is not definite."""
        for qubit in qubits:
            outcome = self._pending.get(qubit)
            if outcome is None and self.state.definite_value(qubit) is None:
                outcome = self._defer(qubit, HIDDEN_OUTCOME)
            if outcome is not None:
                raise UndecidedOutcome(outcome)
        for qubit in qubits:
            self.state.set_value(qubit, 0)

    def next_to_decide(self, outcome: MeasurementOutcome) -> MeasurementOutcome:
        """Return the outcome: no other outcome must be decided first."""
        return outcome

    def probability(self, outcome: MeasurementOutcome) -> float:
        """Return the probability of 1: exactly 0 or 1 if the outcome is certain.

        The probability is rounded, so that the order of a machine's additions changes no shot.
        """
        p = round(self.state.probability(self._qubit_of[outcome]), 12)
        return 0.0 if p <= CERTAINTY_TOLERANCE else 1.0 if p >= 1 - CERTAINTY_TOLERANCE else p

    def project(self, outcome: MeasurementOutcome, value: int) -> "IdealBranchState":
        """Return the branch in which the outcome has that value; see `QuantumState.project`."""
        branch = IdealBranchState.__new__(IdealBranchState)
        qubit = self._qubit_of[outcome]
        branch.state = self.state.project(qubit, value)
        branch._has_values = self._has_values
        branch._pending = {q: o for q, o in self._pending.items() if q != qubit}
        branch._qubit_of = {o: q for o, q in self._qubit_of.items() if q != qubit}
        branch._outcome_count = self._outcome_count
        branch.terminal_measurements = self.terminal_measurements
        if self._has_values:
            branch.terminal_measurements = self.terminal_measurements.without(outcome.number)
        branch.branched = self.branched or outcome.number != HIDDEN_OUTCOME
        return branch

    def sample(
        self, outcomes: Sequence[MeasurementOutcome], shots: int, rng: np.random.Generator
    ) -> ShotBits:
        """Return the values of undecided outcomes, one row for each shot."""
        return self.state.sample([self._qubit_of[o] for o in outcomes], shots, rng)
