"""The world of a program with noise, with the interface of `World`.

An ideal world may merge or postpone steps; a noisy one may not, because each step has errors: a
measurement can misread its qubit, a second measurement of the same qubit has an error of its own,
and so has every gate. So a gate on a measured qubit waits until the outcome is decided, and
repeated measurements have an outcome each.
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
"""Probabilities of one reading if the qubit is 0, and if the qubit is 1."""


class NoisyState(Protocol):
    """The state of all places, |0> at first. Untouched places take no memory."""

    @property
    def bytes(self) -> int:
        """Memory of the state, in bytes."""
        ...

    def apply(self, instruction: NoisyInstruction) -> None:
        """Applies a gate and then its error."""
        ...

    def err(self, channel: Channel, places: tuple[int, ...]) -> None:
        """Applies an error."""
        ...

    def reset(self, place: int) -> None: ...

    def probability(self, place: int) -> float:
        """The probability that the qubit at a place is 1."""
        ...

    def read(self, place: int, weights: ReadoutWeights) -> Self:
        """The state after a reading with these weights. The old state must not be used again."""
        ...

    def copy(self) -> Self: ...

    def sample(self, places: Sequence[int], shots: int, rng: np.random.Generator) -> ShotBits:
        """The values of the qubits at some places, together, one row per shot."""
        ...


class NoisyBranchState(TerminalMeasurementTracker):
    """The world of a noisy process; gates are kept until a measurement or a reset follows them.

    `values`: expectation values are computed. Then a measured qubit may move and decay before its
    outcome is decided, because its measurement may be an end measurement, which is taken back.
    """

    __slots__ = (
        "_clock", "_count", "_layout", "_measured", "_observing", "_operations", "_pending",
        "_source", "_values", "state",
    )  # fmt: skip

    def __init__(
        self, state: NoisyState, source: InstructionSource, *, values: bool = False
    ) -> None:
        super().__init__()
        self._values = values
        self.state: Any = state
        self._source = source
        self._layout = source.layout
        self._operations: list[Operation] = []
        self._pending: dict[
            int, tuple[MeasurementOutcome, ...]
        ] = {}  # by place, the first one first
        self._measured: dict[MeasurementOutcome, int] = {}
        self._count = 0
        self._clock = IdleClock() if source.timed else None
        self._observing = False

    def apply(self, operations: Sequence[Operation]) -> None:
        if not self._observing:
            self._source.check(operations)
        if self._pending:
            for operation in operations:
                self._check([self._place(qubit) for qubit in operation.qubits])
        self._operations += operations

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Adds delays; the outcomes of a delayed qubit must be decided, because it decays."""
        delays = [operation for operation in operations if operation.gate.name == DELAY]
        if self._pending and not self._values:
            self._check([self._place(operation.qubits[0]) for operation in delays])
        self._operations += operations

    def measure(self, qubit: int) -> MeasurementOutcome:
        """Adds a measurement; Undecided is raised only if gates were kept, so at the first one."""
        self._flush()
        place = self._place(qubit)
        self._begin_reading(place)
        outcome = MeasurementOutcome(self._count)
        self._count += 1
        self._pending[place] = (*self._pending.get(place, ()), outcome)
        self._measured[outcome] = place
        self.terminal_measurements.add_measurement(qubit, outcome.number)
        return outcome

    def reset(self, qubits: Sequence[int]) -> None:
        self._flush()
        places = [self._place(qubit) for qubit in qubits]
        self._check(places)
        if self._clock is not None:
            self._clock.end_measurements()
        for place in places:
            self._settle(place)
            self.state.reset(place)
            if error := self._source.model.error(RESET, (place,)):
                self.state.err(error, (place,))

    def drop_terminal_measurements(self) -> None:
        """Takes back the measurements at the end (see `Ends`)."""
        self._observing = True
        taken_back = self.terminal_measurements.outcomes
        left = {
            place: tuple([o for o in outcomes if o.number not in taken_back])
            for place, outcomes in self._pending.items()
        }
        self._pending = {place: outcomes for place, outcomes in left.items() if outcomes}

    def next_to_decide(self, outcome: MeasurementOutcome) -> MeasurementOutcome:
        """The outcome that must be decided next so that this one can be; usually itself."""
        return self._pending[self._measured[outcome]][0]

    def probability(self, outcome: MeasurementOutcome) -> float:
        """The probability that the outcome is read as 1: exactly 0 or 1 for a certain outcome.

        The outcome must be decided next.
        """
        place = self._measured[outcome]
        self._before(place)
        zero, one = self._source.model.confusion(place)
        true = self.state.probability(place)
        p = round((1 - true) * zero[1] + true * one[1], 12)
        return 0.0 if p <= CERTAINTY_TOLERANCE else 1.0 if p >= 1 - CERTAINTY_TOLERANCE else p

    def project(self, outcome: MeasurementOutcome, value: int) -> "NoisyBranchState":
        """The world in which the outcome is that value, after its `probability` was asked."""
        place = self._measured[outcome]
        zero, one = self._source.model.confusion(place)
        state = self.state.read(place, (zero[value], one[value]))
        twin = NoisyBranchState(state, self._source, values=self._values)
        twin._layout = self._layout
        twin._operations = list(self._operations)
        left = self._pending[place][1:]
        twin._pending = {p: o for p, o in self._pending.items() if p != place}
        if left:
            twin._pending[place] = left
        twin._measured = {o: p for o, p in self._measured.items() if o is not outcome}
        twin._count = self._count
        twin._observing = self._observing
        twin._clock = self._clock and self._clock.copy()
        twin.branched = True
        twin.terminal_measurements = self.terminal_measurements.without(outcome.number)
        return twin

    def sample(
        self, outcomes: Sequence[MeasurementOutcome], shots: int, rng: np.random.Generator
    ) -> ShotBits:
        """Values of outcomes that are not decided, together, one row per shot."""
        places = list(dict.fromkeys(self._measured[outcome] for outcome in outcomes))
        for place in places:
            self._before(place)
        columns: dict[MeasurementOutcome, Any] = {}
        true = self.state.sample(places, shots, rng)
        for k, place in enumerate(places):
            values = true[:, k]
            for number, outcome in enumerate(self._pending[place]):
                if number:
                    values = _drawn(self._changes(place), values, rng)
                columns[outcome] = _drawn(
                    np.array(self._source.model.confusion(place)), values, rng
                )
        return np.stack([columns[outcome] for outcome in outcomes], axis=1)

    def distribution(self, outcomes: Sequence[MeasurementOutcome]) -> FloatArray:
        """The probability of all values of these outcomes: bit k of an index is the k-th of them.

        Only a density matrix has all probabilities.
        """
        places = list(dict.fromkeys(self._measured[outcome] for outcome in outcomes))
        for place in places:
            self._before(place)
        table = self.state.distribution(places).reshape(1, -1)
        axes: list[MeasurementOutcome] = []
        for place in places:
            pending = self._pending[place]
            table = table.reshape(len(table), -1, 2) @ self._readings(place, len(pending))
            table = table.transpose(2, 0, 1).reshape(-1, table.shape[1])
            axes = [*axes, *pending]
        whole = table.reshape((2,) * len(axes))  # the last outcome first
        kept = [len(axes) - 1 - axes.index(outcome) for outcome in reversed(outcomes)]
        others = tuple([k for k in range(len(axes)) if k not in kept])
        summed = whole.sum(axis=others) if others else whole
        order = np.argsort(np.argsort(kept))
        found: FloatArray = np.ascontiguousarray(summed.transpose(order)).reshape(-1)
        return found

    def _readings(self, place: int, count: int) -> FloatArray:
        """The probability of each result of `count` measurements in a row, for a qubit 0 or 1."""
        read, changes = np.array(self._source.model.confusion(place)), self._changes(place)
        table = read
        for _ in range(count - 1):  # from the last to the first
            later = changes @ table
            table = np.einsum("ta,tb->tba", read, later).reshape(2, -1)
        return table

    def _place(self, qubit: int) -> int:
        return qubit if self._layout is None else self._layout[qubit]

    def _check(self, places: Sequence[int]) -> None:
        for place in places:
            if place in self._pending:
                raise UndecidedOutcome(self._pending[place][0])

    def _flush(self) -> None:
        """Runs the kept gates. Undecided is raised before the state changes."""
        if not self._operations:
            return
        segment = self._source.placed(self._operations, self._layout)
        if self._pending and not self._values:
            for instruction in segment.instructions:
                self._check(instruction.places)
        if self._clock is not None:
            self._clock.end_measurements()
            self._clock.begin_segment(segment.begins, segment.duration)
            for place in dict.fromkeys(p for each in segment.instructions for p in each.places):
                self._settle(place)
        for instruction in segment.instructions:
            self.state.apply(instruction)
        if self._clock is not None:
            self._clock.end_segment(segment.ends)
        if self._pending:
            self._move(segment.layout)
        self._operations, self._layout = [], segment.layout

    def _move(self, layout: Layout) -> None:
        """Moves the undecided outcomes to the new places of their qubits."""
        if self._layout is None or layout is None:
            return
        moved = {place: layout[qubit] for qubit, place in self._layout.items()}
        self._pending = {moved[place]: outcomes for place, outcomes in self._pending.items()}
        self._measured = {outcome: moved[place] for outcome, place in self._measured.items()}

    def _settle(self, place: int) -> None:
        """Applies the decay of a place during its idle time."""
        if self._clock is not None and (seconds := self._clock.reset(place)):
            error = self._source.waiting(place, seconds)
            if error is not None:
                self.state.err(error, (place,))

    def _begin_reading(self, place: int) -> None:
        """Begins a measurement. Raises Undecided if the place was idle since its last one."""
        clock = self._clock
        if clock is None:
            return
        if clock.idle_s.get(place) and not self._values:
            self._check([place])
        self._settle(place)
        clock.add_measurement(place, self._source.reading(place))

    def _before(self, place: int) -> None:
        """Applies the error that precedes a measurement of a place."""
        error = self._source.model.error(MEASURE, (place,))
        if error:
            self.state.err(error, (place,))

    def _changes(self, place: int) -> FloatArray:
        """Transition probabilities of a measured qubit, from one measurement to the next."""
        error = self._source.model.error(MEASURE, (place,))
        if error is None:
            return np.eye(2)
        changes: FloatArray = error.superoperator[::3, ::3].real.T
        return changes


def _drawn(chances: FloatArray, values: Any, rng: np.random.Generator) -> Any:
    """Draws a new value for each of `values`; row v of `chances` is that of the value v."""
    if np.array_equal(chances, np.eye(2)):
        return values
    return (rng.random(len(values)) < chances[values, 1]).astype(np.uint8)
