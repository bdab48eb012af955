"""Lockstep simulation: branches of a program that differ in their outcomes run together.

A branch is a column of the arrays of a group. All branches of a group execute the same instruction;
an instruction that reads an outcome splits the group, and groups that reach the end of an `if` or a
loop are joined again. So the time of a gate hardly depends on the number of branches.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.sampling.clbit_map import WORD_BITS, to_words
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.selection.cost_model import LOCKSTEP_MAX_QUBITS, MAX_SIZED_QUBITS
from quantumtask.engines.selection.memory_model import BYTES_PER_ENTRY
from quantumtask.engines.simulators.native.branch_group import BranchGroup, TooManyBranches
from quantumtask.engines.simulators.native.branch_state import IdealBranchState
from quantumtask.engines.simulators.native.state_vectors import StateVectors
from quantumtask.engines.simulators.native.statevector import StateResources, StateVector
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.openqasm.program.execution import Execution, MeasurementOutcome, UndecidedOutcome
from quantumtask.openqasm.text.source import Diagnostic

MAX_JOIN_DEPTH = 40
"""Largest nesting of branching statements whose groups are joined."""

MIN_BRANCHES = 256
"""Smallest number of branches that must fit the memory."""

STATE_COPIES = 4
"""Copies of all states that a group needs while it works."""


FIRST_CHECK = 10_000
"""Steps after which one branch of a group runs to its end by itself, which is faster.

So a program that does not end is refused about as fast as without lockstep.
"""


class LockstepRun:
    """Run of all shots of a program in groups of branches."""

    def __init__(self, sampling: SamplingRun) -> None:
        self._sampling = sampling
        self._rng = sampling.new_rng()
        self._bit_cells: set[int] = set()
        self._next_check = FIRST_CHECK

    def sample(self) -> ShotOrder | None:
        """Run all shots, in parts if their branches do not fit the memory; see `Engine.run`."""
        remaining = part = self._sampling.shots
        while remaining:
            shots = min(part, remaining)
            try:
                ends = self._run_to(self._new_group(shots), None, 0)
            except TooManyBranches:
                part = max_branches(self._sampling)
                continue
            for end in ends:
                self._finish(end)
            remaining -= shots
            self._sampling.progress.advance(self._sampling.shots - remaining, self._sampling.shots)
        counts = self._sampling.counts
        return counts.shuffle(self._rng) if counts.needs_order else None

    def _new_group(self, shots: int) -> BranchGroup:
        execution = self._sampling.program.initial_execution.copy()
        return BranchGroup(
            execution, StateVectors.zero(), np.array([shots]), self._rng,
            max_branches(self._sampling),
        )  # fmt: skip

    def _run_to(self, group: BranchGroup, stop: int | None, depth: int) -> list[BranchGroup]:
        """Run to the address `stop`, or to the end, and return the groups that are there."""
        waiting, arrived = [group], []
        max_steps = self._sampling.settings.max_steps
        while waiting:
            group = waiting.pop()
            execution, limit = group.execution, min(self._next_check, max_steps)
            try:
                execution.run(group, limit, stop)
            except Diagnostic:
                if not limit < execution.steps <= max_steps:
                    raise
                self._check_branch(group)
                waiting.append(group)
            except UndecidedOutcome as undecided:
                self._add_bit_cells(execution, undecided.outcome)
                parts = group.split(undecided.outcome)
                branches = execution.code.branches.get(execution.address)
                join = None if branches is None else branches.join.address
                if len(parts) == 1 or join in (None, stop) or depth == MAX_JOIN_DEPTH:
                    waiting += parts
                else:
                    ends = [end for part in parts for end in self._run_to(part, join, depth + 1)]
                    waiting += self._join_all(ends)
            else:
                arrived.append(group)
        return self._join_all(arrived)

    def _check_branch(self, group: BranchGroup) -> None:
        """Run a copy of one branch to its end; raises Diagnostic if the program fails there."""
        settings = self._sampling.settings
        vector = StateVector(StateResources(available_bytes(settings)))
        execution = group.copy_branch(vector)
        state, ended = IdealBranchState(vector), False
        while not ended:
            try:
                execution.run(state, settings.max_steps)
                ended = True
            except UndecidedOutcome as undecided:
                value = int(self._rng.random() < state.probability(undecided.outcome))
                execution.decide(undecided.outcome, value)
                state = state.project(undecided.outcome, value)
        self._next_check = max(2 * group.execution.steps, execution.steps)

    def _add_bit_cells(self, execution: Execution, outcome: MeasurementOutcome) -> None:
        self._bit_cells.update([k for k, cell in enumerate(execution.memory) if cell is outcome])

    def _join_all(self, groups: Sequence[BranchGroup]) -> list[BranchGroup]:
        joined: list[BranchGroup] = []
        for group in groups:
            for k, other in enumerate(joined):
                both = other.join(group, self._bit_cells)
                if both is not None:
                    joined[k] = both
                    break
            else:
                joined.append(group)
        return joined

    def _finish(self, group: BranchGroup) -> None:
        """Count the shots of a group that has reached the end."""
        program, counts = self._sampling.program, self._sampling.counts
        outputs = {}
        if program.outputs:
            try:
                outputs = group.execution.outputs()
            except UndecidedOutcome as undecided:
                for part in group.split(undecided.outcome):
                    self._finish(part)
                return
        values = group.sample_bits(group.execution.bits())
        packed = np.packbits(values, axis=1, bitorder="little")
        if 0 < values.shape[1] <= WORD_BITS:
            counts.add_arrays(*np.unique(to_words(packed), return_counts=True), outputs)
        else:
            rows = Counter(row.tobytes() for row in packed)
            totals = {int.from_bytes(row, "little"): shots for row, shots in rows.items()}
            counts.add_all(totals, outputs)


def max_branches(sampling: SamplingRun) -> int:
    """Return the number of branches that fit the memory."""
    each = STATE_COPIES * BYTES_PER_ENTRY << min(sampling.program.qubits, MAX_SIZED_QUBITS)
    return available_bytes(sampling.settings) // each


def suits(sampling: SamplingRun) -> bool:
    """Return True if branches in lockstep are faster than one branch after the other."""
    is_small = sampling.program.qubits <= LOCKSTEP_MAX_QUBITS
    return is_small and max_branches(sampling) >= min(sampling.shots, MIN_BRANCHES)
