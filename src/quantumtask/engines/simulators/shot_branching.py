"""Shot branching: shots of a program run together until their measurement outcomes differ.

The runs of a program form a tree with a fork at each outcome that is decided both ways. The tree is
walked depth first, and at a fork the side with fewer shots is walked first: so at most log2(shots)
branches are pending.
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial, reduce
from operator import or_
from typing import Any, NamedTuple, TypeVar

import numpy as np

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.selection.methods import STABILIZER, STATEVECTOR, RunPlan
from quantumtask.engines.simulators import aer, lockstep
from quantumtask.engines.simulators.native.branch_state import (
    BranchState,
    BranchStateFactory,
    IdealBranchState,
    ShotBits,
)
from quantumtask.engines.simulators.native.statevector import StateResources, StateVector
from quantumtask.engines.simulators.native.tableau import StabilizerTableau
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm.program.execution import Execution, MeasurementOutcome, UndecidedOutcome
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.settings import Settings

PENDING_MEMORY_DIVISOR = 4
"""Pending branches take at most the memory of the slot divided by this number."""

MAX_SAMPLED_BITS = 1 << 24
"""Bits that are sampled at once."""

BYTES_PER_CELL = 40

B = TypeVar("B", bound=BranchState)


class OutcomePath(NamedTuple):
    """The outcomes that lead to a branch, as a linked list from the last outcome to the first.

    Attributes:
        value: The value of the last outcome.
        before: The path of the outcomes before the last one.
    """

    value: int
    before: "OutcomePath | None"


def run(sampling: SamplingRun, plan: RunPlan) -> ShotOrder | None:
    """Sample any program; see `Engine.run`.

    Raises:
        NotClifford: The method is `stabilizer`, and a gate that the program runs is not Clifford.
        Diagnostic: The program stopped with an error.
    """
    has_values = needs_values(sampling.program)
    if plan.method == STATEVECTOR and not has_values and lockstep.suits(sampling):
        return lockstep.LockstepRun(sampling).sample()
    state_vector = partial(StateVector, state_resources(sampling.settings, sampling.threads))
    new_state = StabilizerTableau if plan.method == STABILIZER else state_vector
    tree = BranchTree(sampling, lambda: IdealBranchState(new_state(), values=has_values))
    return tree.sample_branches()


def needs_values(program: Program) -> bool:
    """Return True if expectation values are estimated from the shots of a program."""
    return program.initial_execution.code.finish is not None


def state_resources(settings: Settings, threads: int) -> StateResources:
    """Return the memory and the simulator for the state of one branch."""
    available = available_bytes(settings)
    evolve = partial(aer.evolve, threads=threads, settings=settings)
    return StateResources(available - available // PENDING_MEMORY_DIVISOR, evolve)


class _Branch(NamedTuple):
    """Shots with equal outcomes so far; without `execution`, the branch is replayed."""

    shots: int
    path: OutcomePath | None
    execution: Execution | None
    state: BranchState | None
    bytes: int


class BranchTree:
    """Walk over all branches of one program.

    Attributes:
        rng: The random generator of the walk.
    """

    def __init__(self, sampling: SamplingRun, new_state: BranchStateFactory) -> None:
        self._program = sampling.program
        self._shots = sampling.shots
        self._counts = sampling.counts
        self._progress = sampling.progress
        self._finished = 0  # shots
        self._new_state = new_state
        self._max_steps = sampling.settings.max_steps
        self._max_pending_bytes = available_bytes(sampling.settings) // PENDING_MEMORY_DIVISOR
        self.rng = sampling.new_rng()
        self._pending: list[_Branch] = []
        self._pending_bytes = 0

    def sample_branches(self) -> ShotOrder | None:
        """Run shots with equal outcomes together, and return the order if the counts need it."""
        self._run(self._shots)
        return self._order()

    def sample_each_shot(self) -> ShotOrder | None:
        """Run each shot by itself: with noise, shots with equal outcomes may differ in errors."""
        for _ in range(self._shots):
            self._run(1)
        return self._order()

    def _order(self) -> ShotOrder | None:
        return self._counts.shuffle(self.rng) if self._counts.needs_order else None

    def _run(self, shots: int) -> None:
        """Run shots from the start, and then all pending branches."""
        self._run_branch(self._program.initial_execution.copy(), self._new_state(), shots, None)
        while self._pending:
            branch = self._pending.pop()
            self._pending_bytes -= branch.bytes
            execution, state = branch.execution, branch.state
            if execution is None or state is None:
                execution, state = self._replay(branch.path)
            self._run_branch(execution, state, branch.shots, branch.path)

    def _run_branch(
        self, execution: Execution, state: BranchState, shots: int, path: OutcomePath | None
    ) -> None:
        """Run a branch to its end, at each fork on the side with fewer shots; suspend the other."""
        while True:
            try:
                execution.run(state, self._max_steps)
            except UndecidedOutcome as interrupt:
                outcome = state.next_to_decide(interrupt.outcome)
                value, others = self._split(state.probability(outcome), shots)
                if others:
                    self._suspend(execution, state, outcome, OutcomePath(1 - value, path), others)
                state = decide_outcome(execution, state, outcome, value)
                shots, path = shots - others, OutcomePath(value, path)
            else:
                self._finish(execution, state, shots)
                self._finished += shots
                self._progress.advance(self._finished, self._shots)
                return

    def _split(self, p: float, shots: int) -> tuple[int, int]:
        """Draw how many shots have each value of an outcome.

        Args:
            p: The probability of 1.
            shots: The number of shots.

        Returns:
            The value that fewer of the shots have, if both occur, and the number of other shots.
        """
        if p in (0.0, 1.0):
            return int(p), 0
        ones = int(self.rng.binomial(shots, p))
        if ones in (0, shots):
            return int(ones > 0), 0
        return (1, shots - ones) if ones <= shots - ones else (0, ones)

    def _suspend(
        self,
        execution: Execution,
        state: BranchState,
        outcome: MeasurementOutcome,
        path: OutcomePath,
        shots: int,
    ) -> None:
        """Store the other side of a fork: its state if the memory suffices, else its path."""
        size = state.state.bytes + BYTES_PER_CELL * len(execution.memory)
        if self._pending_bytes + size > self._max_pending_bytes:
            self._pending.append(_Branch(shots, path, None, None, 0))
            return
        fork = execution.copy()
        other = decide_outcome(fork, state, outcome, path.value)
        self._pending_bytes += size
        self._pending.append(_Branch(shots, path, fork, other, size))

    def _replay(self, path: OutcomePath | None) -> tuple[Execution, BranchState]:
        """Run from the start along a path."""
        execution, state = self._program.initial_execution.copy(), self._new_state()
        for value in reversed(list(_values(path))):
            try:
                execution.run(state, self._max_steps)
            except UndecidedOutcome as interrupt:
                outcome = state.next_to_decide(interrupt.outcome)
                state.probability(outcome)  # required: with noise, this call changes the state
                state = decide_outcome(execution, state, outcome, value)
        return execution, state

    def _finish(self, execution: Execution, state: BranchState, shots: int) -> None:
        """Sample the outcomes that are still undecided, and count the shots."""
        constant, masks = _read(execution.bits())
        outputs = _outputs(execution) if self._program.outputs else {}
        undecided = list(masks)
        if outputs is None:
            undecided = list(dict.fromkeys([*undecided, *_undecided_cells(execution)]))
        if not undecided:
            self._counts.add(constant, shots, outputs)
            return
        batch = max(1, MAX_SAMPLED_BITS // len(undecided))
        for first in range(0, shots, batch):
            rows = state.sample(undecided, min(batch, shots - first), self.rng)
            for row, count in _count_rows(rows).items():
                values = [row >> k & 1 for k in range(len(undecided))]
                ones = [
                    masks.get(outcome, 0)
                    for outcome, value in zip(undecided, values, strict=True)
                    if value
                ]
                row_outputs = outputs
                if row_outputs is None:
                    row_outputs = _outputs_with(execution, undecided, values)
                self._counts.add(constant | reduce(or_, ones, 0), count, row_outputs)


def decide_outcome(execution: Execution, state: B, outcome: MeasurementOutcome, value: int) -> B:
    """Decide an outcome in the memory of an execution, and return the projected state."""
    execution.decide(outcome, value)
    return state.project(outcome, value)


def _values(path: OutcomePath | None) -> Iterator[int]:
    """Yield the values of a path, the last first."""
    while path is not None:
        yield path.value
        path = path.before


def _read(bits: list[int | MeasurementOutcome]) -> tuple[int, dict[MeasurementOutcome, int]]:
    """Return the decided bits as an integer, and the bits that have each undecided outcome."""
    masks: dict[MeasurementOutcome, int] = {}
    for position, bit in enumerate(bits):
        if isinstance(bit, MeasurementOutcome):
            masks[bit] = masks.get(bit, 0) | 1 << position
    digits = ["1" if bit == 1 else "0" for bit in reversed(bits)]
    return int("".join(digits) or "0", 2), masks


def _undecided_cells(execution: Execution) -> Iterator[MeasurementOutcome]:
    return (cell for cell in execution.memory if isinstance(cell, MeasurementOutcome))


def _outputs(execution: Execution) -> dict[str, Any] | None:
    """Return the output variables; None if they depend on an undecided outcome."""
    try:
        return execution.outputs()
    except UndecidedOutcome:
        return None


def _outputs_with(
    execution: Execution, outcomes: list[MeasurementOutcome], values: list[int]
) -> dict[str, Any]:
    """Return the output variables for these values of the outcomes."""
    value_of = dict(zip(outcomes, values, strict=True))
    fork = execution.copy()
    fork.memory = [
        value_of.get(cell, cell) if isinstance(cell, MeasurementOutcome) else cell
        for cell in fork.memory
    ]
    return fork.outputs()


def _count_rows(rows: ShotBits) -> Counter[int]:
    """Return the number of each row, as an integer whose bit k is column k."""
    packed = np.packbits(rows, axis=1, bitorder="little")
    width, data = packed.shape[1], packed.tobytes()
    texts = Counter(data[start : start + width] for start in range(0, len(data), width))
    return Counter({int.from_bytes(text, "little"): n for text, n in texts.items()})
