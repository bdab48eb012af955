"""Programs that look at what they measured: shots run together until their outcomes differ.

The runs of such a program are a tree, with a fork wherever an outcome is decided both ways. It is
walked depth first, each branch with the number of its shots, and the smaller side of a fork before
the larger: so no more than log2(shots) branches ever wait.
"""

from collections import Counter
from collections.abc import Iterator
from functools import partial, reduce
from operator import or_
from typing import Any, NamedTuple, TypeVar

import numpy as np

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.sampling.shot_counts import ShotOrder
from quantumtask.engines.selection.methods import RunPlan
from quantumtask.engines.simulators import aer
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
from quantumtask.shared.settings import Settings

PENDING_MEMORY_DIVISOR = 4
"""One part in so many of the memory is for the states of branches that wait."""

MAX_SAMPLED_BITS = 1 << 24
"""Bits that are sampled at once."""

BYTES_PER_CELL = 40

W = TypeVar("W", bound=BranchState)


class OutcomePath(NamedTuple):
    """What an outcome was decided to be on the way to a branch, after what was decided before."""

    value: int
    before: "OutcomePath | None"


def run(job: SamplingRun, plan: RunPlan) -> ShotOrder | None:
    """The shots of any program; the number of each, if those are asked.

    Raises NotClifford where a stabilizer state cannot follow it, ResourceError for what is too
    large, and lets pass what the process raises (Diagnostic).
    """
    vector = partial(StateVector, state_resources(job.settings, job.threads))
    new_state = StabilizerTableau if plan.method == "stabilizer" else vector
    values = job.program.initial_execution.code.finish is not None
    return BranchTree(job, lambda: IdealBranchState(new_state(), values=values)).walk()


def state_resources(settings: Settings, threads: int) -> StateResources:
    """What the state of a branch may use."""
    evolve = partial(aer.evolve, threads=threads, settings=settings)
    return StateResources(_working_bytes(settings), evolve)


def _working_bytes(settings: Settings) -> int:
    available = available_bytes(settings)
    return available - available // PENDING_MEMORY_DIVISOR


class _Branch(NamedTuple):
    """Shots of equal history up to here. Where `process` is None, it is to be run again."""

    shots: int
    last: OutcomePath | None
    process: Execution | None
    world: BranchState | None
    bytes: int


class BranchTree:
    """The walk over all histories of one task."""

    def __init__(self, job: SamplingRun, new_world: BranchStateFactory) -> None:
        self._program = job.program
        self._shots = job.shots
        self._tally = job.counts
        self._new_world = new_world
        self._most_steps = job.settings.max_steps
        self._most_waiting = available_bytes(job.settings) // PENDING_MEMORY_DIVISOR
        self.rng = job.new_rng()
        self._waiting: list[_Branch] = []
        self._waiting_bytes = 0

    def walk(self) -> ShotOrder | None:
        """Counts all shots; gives the number of each one's ending, if those are asked."""
        self._branch(self._shots)
        return self._order()

    def walk_one_by_one(self) -> ShotOrder | None:
        """Runs each shot by itself, for noise that differs between shots of equal outcomes."""
        for _ in range(self._shots):
            self._branch(1)
        return self._order()

    def _order(self) -> ShotOrder | None:
        return self._tally.shuffle(self.rng) if self._tally.needs_order else None

    def _branch(self, shots: int) -> None:
        """Runs shots from the start, and then all branches that wait."""
        self._follow(self._program.initial_execution.copy(), self._new_world(), shots, None)
        while self._waiting:
            branch = self._waiting.pop()
            self._waiting_bytes -= branch.bytes
            process, world = branch.process, branch.world
            if process is None or world is None:
                process, world = self._again(branch.last)
            self._follow(process, world, branch.shots, branch.last)

    def _follow(
        self, process: Execution, world: BranchState, shots: int, last: OutcomePath | None
    ) -> None:
        """Runs to the end, on the smaller side of each fork; the other side then waits."""
        while True:
            try:
                process.run(world, self._most_steps)
            except UndecidedOutcome as wanted:
                outcome = world.first(wanted.outcome)
                value, others = self._draw(world.probability(outcome), shots)
                if others:
                    self._wait(process, world, outcome, OutcomePath(1 - value, last), others)
                world = decide_outcome(process, world, outcome, value)
                shots, last = shots - others, OutcomePath(value, last)
            else:
                self._end(process, world, shots)
                return

    def _draw(self, p: float, shots: int) -> tuple[int, int]:
        """The value of an outcome for fewer of the shots, if not for all; how many have the other.

        `p` is the probability of 1.
        """
        if p in (0.0, 1.0):
            return int(p), 0
        ones = int(self.rng.binomial(shots, p))
        if ones in (0, shots):
            return int(ones > 0), 0
        return (1, shots - ones) if ones <= shots - ones else (0, ones)

    def _wait(
        self,
        process: Execution,
        world: BranchState,
        outcome: MeasurementOutcome,
        last: OutcomePath,
        shots: int,
    ) -> None:
        """Keeps the other side of a fork: as it is if there is room, else by what was decided."""
        size = world.state.bytes + BYTES_PER_CELL * len(process.memory)
        if self._waiting_bytes + size > self._most_waiting:
            self._waiting.append(_Branch(shots, last, None, None, 0))
            return
        twin = process.copy()
        other = decide_outcome(twin, world, outcome, last.value)
        self._waiting_bytes += size
        self._waiting.append(_Branch(shots, last, twin, other, size))

    def _again(self, last: OutcomePath | None) -> tuple[Execution, BranchState]:
        """Runs from the start up to this decision."""
        process, world = self._program.initial_execution.copy(), self._new_world()
        for value in reversed(list(_values(last))):
            try:
                process.run(world, self._most_steps)
            except UndecidedOutcome as wanted:
                outcome = world.first(wanted.outcome)
                world.probability(outcome)  # required: with noise, this call changes the state
                world = decide_outcome(process, world, outcome, value)
        return process, world

    def _end(self, process: Execution, world: BranchState, shots: int) -> None:
        """Draws what nobody looked at, and counts the shots."""
        fixed, places = _read(process.bits())
        outputs = _outputs(process) if self._program.outputs else {}
        wanted = list(places)
        if outputs is None:
            wanted = list(dict.fromkeys([*wanted, *_undecided(process)]))
        if not wanted:
            self._tally.add(fixed, shots, outputs)
            return
        most = max(1, MAX_SAMPLED_BITS // len(wanted))
        for begun in range(0, shots, most):
            rows = world.sample(wanted, min(most, shots - begun), self.rng)
            alike = _alike(rows)
            for row, count in alike.items():
                values = [row >> k & 1 for k in range(len(wanted))]
                ones = [places.get(o, 0) for o, value in zip(wanted, values, strict=True) if value]
                shown = outputs if outputs is not None else _shown(process, wanted, values)
                self._tally.add(fixed | reduce(or_, ones, 0), count, shown)


def decide_outcome(process: Execution, world: W, outcome: MeasurementOutcome, value: int) -> W:
    """Both go on from where the outcome is that value."""
    process.decide(outcome, value)
    return world.decided(outcome, value)


def _values(last: OutcomePath | None) -> Iterator[int]:
    """What was decided, the last first."""
    while last is not None:
        yield last.value
        last = last.before


def _read(bits: list[int | MeasurementOutcome]) -> tuple[int, dict[MeasurementOutcome, int]]:
    """A number with the bits that are decided, and the places of each other outcome in it."""
    places: dict[MeasurementOutcome, int] = {}
    for place, bit in enumerate(bits):
        if isinstance(bit, MeasurementOutcome):
            places[bit] = places.get(bit, 0) | 1 << place
    decided = ["1" if bit == 1 else "0" for bit in reversed(bits)]
    return int("".join(decided) or "0", 2), places


def _undecided(process: Execution) -> Iterator[MeasurementOutcome]:
    return (cell for cell in process.memory if isinstance(cell, MeasurementOutcome))


def _outputs(process: Execution) -> dict[str, Any] | None:
    """The outputs; None where they depend on what is not decided."""
    try:
        return process.outputs()
    except UndecidedOutcome:
        return None


def _shown(
    process: Execution, outcomes: list[MeasurementOutcome], values: list[int]
) -> dict[str, Any]:
    """The outputs once the outcomes have these values."""
    found = dict(zip(outcomes, values, strict=True))
    twin = process.copy()
    twin.memory = [found.get(c, c) if isinstance(c, MeasurementOutcome) else c for c in twin.memory]
    return twin.outputs()


def _alike(rows: ShotBits) -> Counter[int]:
    """How often each row comes, as a number: bit k is column k."""
    packed = np.packbits(rows, axis=1, bitorder="little")
    width, data = packed.shape[1], packed.tobytes()
    texts = Counter(data[at : at + width] for at in range(0, len(data), width))
    return Counter({int.from_bytes(text, "little"): n for text, n in texts.items()})
