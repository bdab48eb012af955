"""The world of one history of shots: a quantum state, and the measurements not yet looked at."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import gate_action
from quantumtask.engines.transforms.branching import TerminalMeasurementTracker
from quantumtask.openqasm.program.execution import MeasurementOutcome, UndecidedOutcome
from quantumtask.openqasm.program.operations import Operation

ShotBits = NDArray[np.uint8]
"""Outcomes of shots: one row per shot, one column per qubit."""


class QuantumState(Protocol):
    """The state of all qubits, |0> at first. Qubits that nothing has touched cost nothing."""

    @property
    def bytes(self) -> int:
        """Memory that it takes."""
        ...

    def apply(self, operations: Sequence[Operation]) -> None: ...

    def known(self, qubit: int) -> int | None:
        """The outcome of measuring a qubit, where it was just projected or nothing touched it."""
        ...

    def set(self, qubit: int, value: int) -> None:
        """Puts a qubit that is `known` to a value."""
        ...

    def probability(self, qubit: int) -> float:
        """The probability of measuring 1."""
        ...

    def projected(self, qubit: int, value: int) -> Self:
        """The state after measuring that value; this one may no longer be used if it is certain."""
        ...

    def sample(self, qubits: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits: ...


class BranchState(Protocol):
    """The world of the histories of a program, with noise or without."""

    @property
    def state(self) -> Any:
        """The state, whose `bytes` is its memory."""
        ...

    def apply(self, operations: Sequence[Operation]) -> None: ...

    def apply_timing(self, operations: Sequence[Operation]) -> None: ...

    def reset(self, qubits: Sequence[int]) -> None: ...

    def measure(self, qubit: int) -> MeasurementOutcome | int: ...

    def drop_terminal_measurements(self) -> None: ...

    def first(self, outcome: MeasurementOutcome) -> MeasurementOutcome:
        """The outcome that must be decided next so that this one can be; usually itself."""
        ...

    def probability(self, outcome: MeasurementOutcome) -> float:
        """The probability that the outcome is 1, exactly 0 or 1 where it is certain."""
        ...

    def decided(self, outcome: MeasurementOutcome, value: int) -> Self:
        """The world in which the outcome is that value."""
        ...

    def sample(
        self, outcomes: Sequence[MeasurementOutcome], shots: int, rng: np.random.Generator
    ) -> ShotBits:
        """Values of outcomes that are not decided, together, one row per shot."""
        ...


BranchStateFactory = Callable[[], BranchState]

CERTAINTY_TOLERANCE = 1e-12
"""A probability as near to 0 or 1 as this is rounding noise."""


HIDDEN_OUTCOME = -1
"""The number of a reset's outcome, which no program sees."""


class IdealBranchState(TerminalMeasurementTracker):
    """The world of an ideal process. A measurement is deferred until the program needs its outcome.

    Deferring is right as long as no later step on the qubit changes the outcome. `values`:
    expectation values are computed, so `ends` is kept. Then no outcome is decided early: otherwise
    the kind of the state would decide which outcomes the program needs.
    """

    __slots__ = ("_measured", "_outcomes", "_pending", "_values", "state")

    def __init__(self, state: QuantumState, *, values: bool = False) -> None:
        super().__init__()
        self.state = state
        self._values = values
        self._pending: dict[int, MeasurementOutcome] = {}
        self._measured: dict[MeasurementOutcome, int] = {}
        self._outcomes = 0

    def apply(self, operations: Sequence[Operation]) -> None:
        if self._pending:
            self._check(operations)
        self.state.apply(operations)

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Does nothing: an ideal qubit does not decay."""

    def _check(self, operations: Sequence[Operation]) -> None:
        pending = self._pending
        for operation in operations:
            if not pending.keys().isdisjoint(operation.qubits):
                keeps = gate_action(operation).keeps
                for qubit, kept in zip(operation.qubits, keeps, strict=True):
                    if qubit in pending and not kept:
                        raise UndecidedOutcome(pending[qubit])
        if self._values:
            self.terminal_measurements.add_operation(
                [qubit for operation in operations for qubit in operation.qubits]
            )

    def measure(self, qubit: int) -> MeasurementOutcome | int:
        outcome = self._pending.get(qubit)
        if outcome is None:
            value = None if self._values else self.state.known(qubit)
            if value is not None:
                return value
            outcome = self._put_off(qubit, self._outcomes)
            self._outcomes += 1
        if self._values:
            self.terminal_measurements.add_measurement(qubit, outcome.number)
        return outcome

    def _put_off(self, qubit: int, number: int) -> MeasurementOutcome:
        outcome = MeasurementOutcome(number)
        self._pending[qubit] = outcome
        self._measured[outcome] = qubit
        return outcome

    @property
    def blurred(self) -> frozenset[int]:
        """The qubits that have no phase, because they were measured and nobody knows the value."""
        taken_back = self.terminal_measurements.outcomes
        return frozenset(q for q, o in self._pending.items() if o.number not in taken_back)

    def drop_terminal_measurements(self) -> None:
        """Takes back the measurements at the end (see `Ends`)."""
        blurred = self.blurred
        self._pending = {q: o for q, o in self._pending.items() if q in blurred}

    def reset(self, qubits: Sequence[int]) -> None:
        for qubit in qubits:
            outcome = self._pending.get(qubit)
            if outcome is None and self.state.known(qubit) is None:
                outcome = self._put_off(qubit, HIDDEN_OUTCOME)
            if outcome is not None:
                raise UndecidedOutcome(outcome)
        for qubit in qubits:
            self.state.set(qubit, 0)

    def first(self, outcome: MeasurementOutcome) -> MeasurementOutcome:
        """Returns the outcome: repeated measurements of a qubit are one outcome."""
        return outcome

    def probability(self, outcome: MeasurementOutcome) -> float:
        """The probability that the outcome is 1, exactly 0 or 1 where it is certain.

        Rounded, so that the order in which a machine adds does not decide about a draw.
        """
        p = round(self.state.probability(self._measured[outcome]), 12)
        return 0.0 if p <= CERTAINTY_TOLERANCE else 1.0 if p >= 1 - CERTAINTY_TOLERANCE else p

    def decided(self, outcome: MeasurementOutcome, value: int) -> "IdealBranchState":
        """The world in which the outcome is that value. Takes the place of this one if certain."""
        twin = IdealBranchState.__new__(IdealBranchState)
        qubit = self._measured[outcome]
        twin.state = self.state.projected(qubit, value)
        twin._values = self._values
        twin._pending = {q: o for q, o in self._pending.items() if q != qubit}
        twin._measured = {o: q for o, q in self._measured.items() if q != qubit}
        twin._outcomes = self._outcomes
        twin.terminal_measurements = (
            self.terminal_measurements.without(outcome.number)
            if self._values
            else self.terminal_measurements
        )
        twin.branched = self.branched or outcome.number != HIDDEN_OUTCOME
        return twin

    def sample(
        self, outcomes: Sequence[MeasurementOutcome], shots: int, rng: np.random.Generator
    ) -> ShotBits:
        """Values of outcomes that are not decided, together, one row per shot."""
        return self.state.sample([self._measured[o] for o in outcomes], shots, rng)
