"""State of one branch of a program with noise.

Without noise, steps can be merged and deferred. With noise, each step has its own errors: a gate on
a measured qubit waits until the outcome is decided, and repeated measurements of a qubit have one
outcome each, because a readout error may differ each time.
"""

from collections.abc import Sequence
from typing import Any, Protocol, Self

import numpy as np

from quantumtask.engines.compilation.idle_schedule import IdleClock
from quantumtask.engines.noise.error_model import MEASURE, RESET, Channel
from quantumtask.engines.noisy_simulation.instructions import (
    InstructionSource,
    Layout,
    NoisyInstruction,
)
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.simulators.native.branch_state import CERTAINTY_TOLERANCE, ShotBits
from quantumtask.engines.transforms.branch_tracking import TerminalMeasurementTracker
from quantumtask.openqasm.program.execution import MeasurementOutcome, UndecidedOutcome
from quantumtask.openqasm.program.operations import DELAY, Operation

ReadoutWeights = tuple[float, float]
"""Probabilities of one measured value if the qubit is 0, and if the qubit is 1."""


class NoisyState(Protocol):
    """State of all physical qubits, first |0>; qubits without operations take no memory."""

    @property
    def bytes(self) -> int:
        """The memory of the state."""
        ...

    def apply(self, instruction: NoisyInstruction) -> None:
        """Apply a gate and then its error."""
        ...

    def apply_error(self, channel: Channel, qubits: tuple[int, ...]) -> None:
        """Apply an error."""
        ...

    def reset(self, qubit: int) -> None:
        """Put a qubit into |0>."""
        ...

    def probability(self, qubit: int) -> float:
        """Return the probability that a qubit is 1."""
        ...

    def measure(self, qubit: int, weights: ReadoutWeights) -> Self:
        """Return the state after a measurement with readout error; do not use this state again."""
        ...

    def copy(self) -> Self:
        """Return a state that changes independently."""
        ...

    def sample(self, qubits: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        """Return the values of qubits, measured together, one row for each shot."""
        ...


class NoisyBranchState(TerminalMeasurementTracker):
    """State of one branch; gates are queued until a measurement or a reset follows.

    For expectation values, a measured qubit may move and decay before its outcome is decided,
    because its measurement may be terminal and is then removed.
    """

    __slots__ = (
        "_clock", "_has_values", "_layout", "_operations", "_outcome_count", "_pending",
        "_physical_of", "_source", "_terminal_dropped", "state",
    )  # fmt: skip

    def __init__(
        self, state: NoisyState, source: InstructionSource, *, values: bool = False
    ) -> None:
        """Begin a branch.

        Args:
            state: The state |0> of all physical qubits.
            source: The source of the noisy instructions.
            values: True if expectation values are computed, and not shots.
        """
        super().__init__()
        self._has_values = values
        self.state: Any = state
        self._source = source
        self._layout = source.layout
        self._operations: list[Operation] = []
        # The undecided outcomes of each physical qubit, in the order of measurement.
        self._pending: dict[int, tuple[MeasurementOutcome, ...]] = {}
        self._physical_of: dict[MeasurementOutcome, int] = {}
        self._outcome_count = 0
        self._clock = IdleClock() if source.timed else None
        self._terminal_dropped = False

    def apply(self, operations: Sequence[Operation]) -> None:
        """Queue gates; raises UndecidedOutcome for a gate on a qubit with an undecided outcome."""
        if not self._terminal_dropped:
            self._source.check(operations)
        if self._pending:
            for operation in operations:
                self._check([self._physical(qubit) for qubit in operation.qubits])
        self._operations += operations

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Queue delays; the outcomes of a delayed qubit must be decided, because it decays."""
        delays = [operation for operation in operations if operation.gate.name == DELAY]
        if self._pending and not self._has_values:
            self._check([self._physical(operation.qubits[0]) for operation in delays])
        self._operations += operations

    def measure(self, qubit: int) -> MeasurementOutcome:
        """Run the queued gates and measure a qubit; raises UndecidedOutcome before a gate ran."""
        self._flush()
        physical = self._physical(qubit)
        self._begin_measurement(physical)
        outcome = MeasurementOutcome(self._outcome_count)
        self._outcome_count += 1
        self._pending[physical] = (*self._pending.get(physical, ()), outcome)
        self._physical_of[outcome] = physical
        self.terminal_measurements.add_measurement(qubit, outcome.number)
        return outcome

    def reset(self, qubits: Sequence[int]) -> None:
        """Put qubits into |0>; raises UndecidedOutcome for a qubit with an undecided outcome."""
        self._flush()
        physicals = [self._physical(qubit) for qubit in qubits]
        self._check(physicals)
        if self._clock is not None:
            self._clock.end_measurements()
        for physical in physicals:
            self._apply_idle_error(physical)
            self.state.reset(physical)
            if error := self._source.model.error(RESET, (physical,)):
                self.state.apply_error(error, (physical,))

    def drop_terminal_measurements(self) -> None:
        """Remove the terminal measurements (see `TerminalMeasurements`)."""
        self._terminal_dropped = True
        terminal = self.terminal_measurements.outcomes
        remaining = {
            physical: tuple([o for o in outcomes if o.number not in terminal])
            for physical, outcomes in self._pending.items()
        }
        self._pending = {physical: outcomes for physical, outcomes in remaining.items() if outcomes}

    def next_to_decide(self, outcome: MeasurementOutcome) -> MeasurementOutcome:
        """Return the first undecided outcome of the qubit that has `outcome`."""
        return self._pending[self._physical_of[outcome]][0]

    def probability(self, outcome: MeasurementOutcome) -> float:
        """Return the probability of the measured value 1: exactly 0 or 1 if it is certain.

        The outcome must be the next to decide. Applies the error of the measurement.
        """
        physical = self._physical_of[outcome]
        self._apply_measurement_error(physical)
        zero, one = self._source.model.confusion(physical)
        true = self.state.probability(physical)
        p = round((1 - true) * zero[1] + true * one[1], 12)
        return 0.0 if p <= CERTAINTY_TOLERANCE else 1.0 if p >= 1 - CERTAINTY_TOLERANCE else p

    def project(self, outcome: MeasurementOutcome, value: int) -> "NoisyBranchState":
        """Return the branch in which the outcome has that value; call `probability` before."""
        physical = self._physical_of[outcome]
        zero, one = self._source.model.confusion(physical)
        state = self.state.measure(physical, (zero[value], one[value]))
        branch = NoisyBranchState(state, self._source, values=self._has_values)
        branch._layout = self._layout
        branch._operations = list(self._operations)
        later = self._pending[physical][1:]
        branch._pending = {p: o for p, o in self._pending.items() if p != physical}
        if later:
            branch._pending[physical] = later
        branch._physical_of = {o: p for o, p in self._physical_of.items() if o is not outcome}
        branch._outcome_count = self._outcome_count
        branch._terminal_dropped = self._terminal_dropped
        branch._clock = self._clock and self._clock.copy()
        branch.branched = True
        branch.terminal_measurements = self.terminal_measurements.without(outcome.number)
        return branch

    def sample(
        self, outcomes: Sequence[MeasurementOutcome], shots: int, rng: np.random.Generator
    ) -> ShotBits:
        """Return the values of undecided outcomes, one row for each shot."""
        physicals = self._measured_qubits(outcomes)
        columns: dict[MeasurementOutcome, Any] = {}
        true_values = self.state.sample(physicals, shots, rng)
        for k, physical in enumerate(physicals):
            values = true_values[:, k]
            for number, outcome in enumerate(self._pending[physical]):
                if number:
                    values = _draw_values(self._transitions(physical), values, rng)
                confusion = np.array(self._source.model.confusion(physical))
                columns[outcome] = _draw_values(confusion, values, rng)
        return np.stack([columns[outcome] for outcome in outcomes], axis=1)

    def distribution(self, outcomes: Sequence[MeasurementOutcome]) -> FloatArray:
        """Return the probability of all values of outcomes; only for a DensityMatrix.

        Bit k of an index is the k-th outcome.
        """
        physicals = self._measured_qubits(outcomes)
        table = self.state.distribution(physicals).reshape(1, -1)
        axes: list[MeasurementOutcome] = []
        for physical in physicals:
            pending = self._pending[physical]
            readout = self._readout_probabilities(physical, len(pending))
            table = table.reshape(len(table), -1, 2) @ readout
            table = table.transpose(2, 0, 1).reshape(-1, table.shape[1])
            axes = [*axes, *pending]
        joint = table.reshape((2,) * len(axes))  # the last outcome is the first axis
        positions = [len(axes) - 1 - axes.index(outcome) for outcome in reversed(outcomes)]
        others = tuple([k for k in range(len(axes)) if k not in positions])
        summed = joint.sum(axis=others) if others else joint
        order = np.argsort(np.argsort(positions))
        distribution: FloatArray = np.ascontiguousarray(summed.transpose(order)).reshape(-1)
        return distribution

    def _measured_qubits(self, outcomes: Sequence[MeasurementOutcome]) -> list[int]:
        """Return the physical qubits of outcomes, after applying the errors of measurements."""
        physicals = list(dict.fromkeys(self._physical_of[outcome] for outcome in outcomes))
        for physical in physicals:
            self._apply_measurement_error(physical)
        return physicals

    def _readout_probabilities(self, physical: int, count: int) -> FloatArray:
        """Return the probability of the values of `count` successive measurements of a qubit.

        Row v is that of the value v of the qubit; bit k of a column is the k-th measurement.
        """
        confusion = np.array(self._source.model.confusion(physical))
        transitions = self._transitions(physical)
        table = confusion
        for _ in range(count - 1):  # from the last to the first
            later = transitions @ table
            table = np.einsum("ta,tb->tba", confusion, later).reshape(2, -1)
        return table

    def _physical(self, qubit: int) -> int:
        return qubit if self._layout is None else self._layout[qubit]

    def _check(self, physicals: Sequence[int]) -> None:
        for physical in physicals:
            if physical in self._pending:
                raise UndecidedOutcome(self._pending[physical][0])

    def _flush(self) -> None:
        """Run the queued gates; raises UndecidedOutcome before the state changes."""
        if not self._operations:
            return
        segment = self._source.build_segment(self._operations, self._layout)
        if self._pending and not self._has_values:
            for instruction in segment.instructions:
                self._check(instruction.qubits)
        if self._clock is not None:
            self._clock.end_measurements()
            self._clock.begin_segment(segment.leading, segment.duration)
            for qubit in dict.fromkeys(q for each in segment.instructions for q in each.qubits):
                self._apply_idle_error(qubit)
        for instruction in segment.instructions:
            self.state.apply(instruction)
        if self._clock is not None:
            self._clock.end_segment(segment.trailing)
        if self._pending:
            self._move_outcomes(segment.layout)
        self._operations, self._layout = [], segment.layout

    def _move_outcomes(self, layout: Layout) -> None:
        """Move the undecided outcomes to the new physical qubits."""
        if self._layout is None or layout is None:
            return
        target = {physical: layout[qubit] for qubit, physical in self._layout.items()}
        self._pending = {target[physical]: o for physical, o in self._pending.items()}
        self._physical_of = {o: target[physical] for o, physical in self._physical_of.items()}

    def _apply_idle_error(self, physical: int) -> None:
        """Apply the decay of a qubit during its idle time."""
        if self._clock is not None and (seconds := self._clock.reset(physical)):
            error = self._source.idle_error(physical, seconds)
            if error is not None:
                self.state.apply_error(error, (physical,))

    def _begin_measurement(self, physical: int) -> None:
        """Begin a measurement; raises UndecidedOutcome for a qubit idle since its last one."""
        clock = self._clock
        if clock is None:
            return
        if clock.idle_s.get(physical) and not self._has_values:
            self._check([physical])
        self._apply_idle_error(physical)
        clock.add_measurement(physical, self._source.measurement_seconds(physical))

    def _apply_measurement_error(self, physical: int) -> None:
        """Apply the error that precedes a measurement."""
        error = self._source.model.error(MEASURE, (physical,))
        if error:
            self.state.apply_error(error, (physical,))

    def _transitions(self, physical: int) -> FloatArray:
        """Return the transition matrix of a value, from one measurement to the next."""
        error = self._source.model.error(MEASURE, (physical,))
        if error is None:
            return np.eye(2)
        transitions: FloatArray = error.superoperator[::3, ::3].real.T
        return transitions


def _draw_values(transitions: FloatArray, values: Any, rng: np.random.Generator) -> Any:
    """Return a new value for each value; row v of `transitions` is for the value v."""
    if np.array_equal(transitions, np.eye(2)):
        return values
    return (rng.random(len(values)) < transitions[values, 1]).astype(np.uint8)
