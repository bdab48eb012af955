"""Exact expectation values of a program that acts on what it measures: all its histories, each
with its probability."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.simulators.native.branch_state import BranchState, IdealBranchState
from quantumtask.engines.simulators.native.pauli_expectation import PauliWords
from quantumtask.engines.simulators.native.statevector import StateVector
from quantumtask.engines.simulators.shot_branching import decide_outcome, state_resources
from quantumtask.engines.transforms.branching import track_all_branches
from quantumtask.openqasm.program.execution import Execution, UndecidedOutcome
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings

MAX_BRANCHES = 10_000
"""Histories that are followed to their end."""

W = TypeVar("W", bound=BranchState)


def expectation_values(
    program: Program, words: Sequence[str], settings: Settings, threads: int
) -> FloatArray:
    """The expectation value of each word (see Observables) at the end of the program.

    Raises ResourceError where there are too many histories, or their states too large.
    """
    new_state = partial(StateVector, state_resources(settings, threads))
    totals = np.zeros(len(words))
    process, begin = (
        track_all_branches(program.initial_execution),
        IdealBranchState(new_state(), values=True),
    )
    for probability, _, world in enumerate_branches(process, begin, settings):
        totals += probability * _values(world, words)
    return totals


def enumerate_branches(
    process: Execution, world: W, settings: Settings
) -> Iterator[tuple[float, Execution, W]]:
    """All ends of a process that begins in a world, each with its probability.

    Raises ResourceError (`not_exact`) for too many ends, or for states that are too large.
    """
    waiting = [(1.0, process.copy(), world)]
    room = available_bytes(settings) // 4
    for _ in range(MAX_BRANCHES):
        probability, process, world = waiting.pop()
        probability, world = _follow(probability, process, world, waiting, settings.max_steps)
        yield probability, process, world
        if not waiting:
            return
        if sum(other.state.bytes for _, _, other in waiting) > room:
            raise _too_many("take more memory than this slot has for them")
    raise _too_many(f"are more than {MAX_BRANCHES:,}")


def _follow(
    probability: float,
    process: Execution,
    world: W,
    waiting: list[tuple[float, Execution, W]],
    most_steps: int,
) -> tuple[float, W]:
    """Goes to the end by the likelier side of each fork; the other side then waits."""
    while True:
        try:
            process.run(world, most_steps)
        except UndecidedOutcome as wanted:
            outcome = world.first(wanted.outcome)
            one = world.probability(outcome)
            value, likely = (1, one) if one >= 0.5 else (0, 1 - one)
            if likely < 1:
                twin = process.copy()
                other = decide_outcome(twin, world, outcome, 1 - value)
                waiting.append((probability * (1 - likely), twin, other))
            world = decide_outcome(process, world, outcome, value)
            probability *= likely
        else:
            return probability, world


def _values(world: IdealBranchState, words: Sequence[str]) -> FloatArray:
    state = world.state
    assert isinstance(state, StateVector)
    vector, places = state.amplitudes()
    known = partial(_known, state)
    return PauliWords(words, places, known, world.blurred).values(vector)


def _known(state: StateVector, qubit: int) -> int:
    return state.known(qubit) or 0


def _too_many(why: str) -> ResourceError:
    return ResourceError(
        "not_exact",
        f"the histories of what the program measures {why}: "
        "give a `precision`, to have values from shots",
    )
