"""Group of branches that execute the same instruction; see `lockstep`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import gate_action
from quantumtask.engines.simulators.native.branch_state import HIDDEN_OUTCOME
from quantumtask.engines.simulators.native.state_vectors import BitColumn, Indices, StateVectors
from quantumtask.engines.simulators.native.statevector import StateVector
from quantumtask.openqasm.program.execution import Execution, MeasurementOutcome
from quantumtask.openqasm.program.operations import Operation

SIMPLE_TYPES = frozenset([int, float, bool, str])
"""Types of memory cells that are compared by value."""


class TooManyBranches(Exception):
    """Signals more branches than fit the memory."""


class BranchGroup:
    """Branches at the same instruction: a QuantumTarget for all of them.

    A measured bit is a MeasurementOutcome in the memory of the execution, also after its value is
    known in each branch, until an instruction reads the value.

    Attributes:
        execution: The execution of all branches.
        shots: The number of shots of each branch.
    """

    def __init__(
        self,
        execution: Execution,
        states: StateVectors,
        shots: NDArray[np.int64],
        rng: np.random.Generator,
        max_branches: int,
    ) -> None:
        """Create a group, or raise TooManyBranches."""
        if len(shots) > max_branches:
            raise TooManyBranches
        self._max_branches = max_branches
        self.execution = execution
        self.shots = shots
        self._states = states
        self._rng = rng
        self._known: dict[MeasurementOutcome, BitColumn] = {}
        self._pending: dict[int, MeasurementOutcome] = {}

    def apply(self, operations: Sequence[Operation]) -> None:
        """Apply gates, after deciding the outcomes of qubits that a gate changes."""
        if self._pending:
            for operation in operations:
                self._decide_changed(operation)
                self._states.apply((operation,))
        else:
            self._states.apply(operations)

    def apply_timing(self, operations: Sequence[Operation]) -> None:
        """Do nothing: without noise, qubits do not decay."""

    def drop_terminal_measurements(self) -> None:
        """Do nothing: only expectation values need it."""

    def measure(self, qubit: int) -> MeasurementOutcome | int:
        """Measure a qubit; repeated measurements of a qubit have one outcome."""
        pending = self._pending.get(qubit)
        if pending is not None:
            return pending
        values = self._states.definite_values(qubit)
        if values is not None and not _differ(values):
            return int(values[0])
        outcome = MeasurementOutcome(HIDDEN_OUTCOME)
        if values is None:
            self._pending[qubit] = outcome
        else:
            self._known[outcome] = values
        return outcome

    def reset(self, qubits: Sequence[int]) -> None:
        """Put qubits into |0>."""
        for qubit in qubits:
            self._decide_qubit(qubit)
            self._states.set_values(qubit, np.zeros(len(self.shots), dtype=np.uint8))

    def values(self, outcome: MeasurementOutcome) -> BitColumn:
        """Return the value of an outcome in each branch, after deciding it if necessary."""
        if outcome not in self._known:
            self._decide_qubit(next(q for q, o in self._pending.items() if o is outcome))
        return self._known[outcome]

    def split(self, outcome: MeasurementOutcome) -> "list[BranchGroup]":
        """Return the branches by the value of an outcome, which replaces it in memory."""
        values = self.values(outcome)
        groups = []
        for value in (0, 1):
            (branches,) = np.nonzero(values == value)
            if len(branches):
                whole = len(branches) == len(values)
                group = self if whole else self._select(branches, self.execution.copy())
                group.execution.decide(outcome, value)
                groups.append(group)
        return groups

    def _select(self, branches: Indices, execution: Execution) -> "BranchGroup":
        states = self._states.select(branches)
        shots = self.shots[branches]
        group = BranchGroup(execution, states, shots, self._rng, self._max_branches)
        group._known = {outcome: values[branches] for outcome, values in self._known.items()}
        group._pending = dict(self._pending)
        return group

    def copy_branch(self, state: StateVector) -> Execution:
        """Return a copy of the execution of one shot, whose state is given to `state`."""
        one = self._select(np.array([0]), self.execution.copy())
        one.shots = np.array([1])
        one._decide_all()
        for outcome in _outcomes(one.execution):
            one.execution.decide(outcome, int(one._known[outcome][0]))
        one._states.copy_to(state, 0)
        return one.execution

    def _decide_changed(self, operation: Operation) -> None:
        """Decide the undecided outcomes of the qubits that a gate changes."""
        preserves = gate_action(operation).preserves_basis
        for qubit, preserved in zip(operation.qubits, preserves, strict=True):
            if qubit in self._pending and not preserved:
                self._decide_qubit(qubit)

    def _decide_qubit(self, qubit: int) -> None:
        """Give a qubit a definite value in each branch; branches with both values are doubled."""
        if self._states.definite_values(qubit) is not None:
            return
        ones = self._rng.binomial(self.shots, self._states.probabilities(qubit))
        zeros = self.shots - ones
        (with_zero,), (with_one,) = np.nonzero(zeros), np.nonzero(ones)
        branches = np.concatenate([with_zero, with_one])
        if len(branches) > self._max_branches:
            raise TooManyBranches
        values = np.repeat(np.array([0, 1], dtype=np.uint8), [len(with_zero), len(with_one)])
        self._states = self._states.project(qubit, branches, values)
        self.shots = np.concatenate([zeros[with_zero], ones[with_one]])
        self._known = {outcome: column[branches] for outcome, column in self._known.items()}
        outcome = self._pending.pop(qubit, None)
        if outcome is not None:
            self._known[outcome] = values

    def join(self, other: "BranchGroup", bit_cells: set[int]) -> "BranchGroup | None":
        """Return the branches of two groups as one group; None if their memory differs too much.

        Args:
            other: A group; both groups are discarded if they are joined.
            bit_cells: The memory cells in which an outcome may stand for a bit.
        """
        own, others = self.execution.memory, other.execution.memory
        if not _same_position(self.execution, other.execution):
            return None
        different = [
            k for k, (a, b) in enumerate(zip(own, others, strict=True)) if not _same_value(a, b)
        ]
        if not all(_are_bits(own[k], others[k], k in bit_cells) for k in different):
            return None
        if self._pending != other._pending or different:
            self._decide_all()
            other._decide_all()
        states = self._states.join(other._states)
        shots = np.concatenate([self.shots, other.shots])
        group = BranchGroup(self.execution, states, shots, self._rng, self._max_branches)
        group._pending = self._pending
        for k in different:
            outcome = MeasurementOutcome(HIDDEN_OUTCOME)
            columns = [self._column(own[k]), other._column(others[k])]
            group._known[outcome] = np.concatenate(columns)
            own[k] = outcome
        for outcome in _outcomes(self.execution) & self._known.keys():
            columns = [self._known[outcome], other._known[outcome]]
            group._known[outcome] = np.concatenate(columns)
        _join_counters(self.execution, other.execution)
        return group

    def _decide_all(self) -> None:
        for qubit in list(self._pending):
            self._decide_qubit(qubit)

    def _column(self, cell: MeasurementOutcome | int) -> BitColumn:
        if isinstance(cell, MeasurementOutcome):
            return self._known[cell]
        return np.full(len(self.shots), cell, dtype=np.uint8)

    def sample_bits(self, bits: Sequence[MeasurementOutcome | int]) -> NDArray[np.uint8]:
        """Return the values of bits, one row for each shot, branch after branch."""
        shown = set(bits)
        undecided = [qubit for qubit, outcome in self._pending.items() if outcome in shown]
        columns: dict[MeasurementOutcome | int, BitColumn] = {}
        if undecided:
            table = self._states.sample(undecided, self.shots, self._rng)
            columns = {self._pending[qubit]: table[:, k] for k, qubit in enumerate(undecided)}
        branch_of_shot = np.repeat(np.arange(len(self.shots)), self.shots)
        values = np.empty((len(branch_of_shot), len(bits)), dtype=np.uint8)
        for k, bit in enumerate(bits):
            column = columns.get(bit)
            values[:, k] = self._column(bit)[branch_of_shot] if column is None else column
        return values


def _differ(values: BitColumn) -> bool:
    return bool((values != values[0]).any())


def _outcomes(execution: Execution) -> set[MeasurementOutcome]:
    cells = [*execution.memory, *[cell for _, _, saved in execution.calls for cell in saved]]
    return {cell for cell in cells if cell.__class__ is MeasurementOutcome}


def _same_position(first: Execution, second: Execution) -> bool:
    """Return True if two executions continue with the same instruction and the same calls."""
    if first.address != second.address or len(first.calls) != len(second.calls):
        return False
    return all(
        own[:2] == other[:2] and all(map(_same_value, own[2], other[2]))
        for own, other in zip(first.calls, second.calls, strict=True)
    )


def _same_value(first: Any, second: Any) -> bool:
    if first is second:
        return True
    return type(first) is type(second) and type(first) in SIMPLE_TYPES and first == second


def _are_bits(first: Any, second: Any, is_bit_cell: bool) -> bool:
    """Return True if two different values of a cell are bits, known or not."""
    outcomes = [isinstance(value, MeasurementOutcome) for value in (first, second)]
    bits = [
        is_outcome or (type(value) is int and value in (0, 1))
        for is_outcome, value in zip(outcomes, (first, second), strict=True)
    ]
    return all(bits) and (is_bit_cell or any(outcomes))


def _join_counters(execution: Execution, other: Execution) -> None:
    """Give an execution the counters of whichever of two executions has counted more."""
    execution.steps = max(execution.steps, other.steps)
    execution.operations = max(execution.operations, other.operations)
    execution.copied_elements = max(execution.copied_elements, other.copied_elements)
