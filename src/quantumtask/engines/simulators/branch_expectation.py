"""Exact expectation values of a program with feed-forward: a weighted sum over its branches."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeVar

import numpy as np

from quantumtask.engines.limits import available_bytes, format_bytes
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.simulators.native.branch_state import BranchState, IdealBranchState
from quantumtask.engines.simulators.native.pauli_expectation import PauliWords
from quantumtask.engines.simulators.native.statevector import StateVector
from quantumtask.engines.simulators.shot_branching import decide_outcome, state_resources
from quantumtask.engines.transforms.branch_tracking import track_all_branches
from quantumtask.openqasm.program.execution import Execution, UndecidedOutcome
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

MAX_BRANCHES = 10_000
"""Branches that are run to their end."""

B = TypeVar("B", bound=BranchState)


def expectation_values(
    program: Program,
    words: Sequence[str],
    settings: Settings,
    threads: int,
    progress: RunProgress,
) -> FloatArray:
    """Return the expectation value of each word at the end of a program.

    Args:
        program: The program.
        words: The Pauli words, as in `Observables`.
        settings: Settings with the memory of the slot.
        threads: The number of threads.
        progress: The progress of the run.

    Raises:
        ResourceError: There are too many branches, or their states are too large (`not_exact`).
    """
    state = StateVector(state_resources(settings, threads))
    execution = track_all_branches(program.initial_execution)
    totals = np.zeros(len(words))
    first = IdealBranchState(state, values=True)
    branches = enumerate_branches(execution, first, settings, progress)
    for probability, _, branch_state in branches:
        totals += probability * _word_values(branch_state, words)
    return totals


def enumerate_branches(
    execution: Execution, state: B, settings: Settings, progress: RunProgress
) -> Iterator[tuple[float, Execution, B]]:
    """Yield the probability, the execution and the state at the end of each branch.

    The progress is the probability of the branches that have ended.

    Raises:
        ResourceError: There are too many branches, or their states are too large (`not_exact`).
    """
    pending = [(1.0, execution.copy(), state)]
    max_pending_bytes = available_bytes(settings) // 4
    ended = 0.0
    for _ in range(MAX_BRANCHES):
        probability, execution, state = pending.pop()
        probability, state = _run_branch(probability, execution, state, pending, settings.max_steps)
        yield probability, execution, state
        ended += probability
        progress.advance(ended, 1)
        if not pending:
            return
        if sum(other.state.bytes for _, _, other in pending) > max_pending_bytes:
            raise _not_exact(f"need more than {format_bytes(max_pending_bytes)} of memory")
    raise _not_exact(f"are more than {MAX_BRANCHES:,}")


def _run_branch(
    probability: float,
    execution: Execution,
    state: B,
    pending: list[tuple[float, Execution, B]],
    max_steps: int,
) -> tuple[float, B]:
    """Run a branch to its end: the likelier side of each fork; the other side becomes pending."""
    while True:
        try:
            execution.run(state, max_steps)
        except UndecidedOutcome as interrupt:
            outcome = state.next_to_decide(interrupt.outcome)
            p = state.probability(outcome)
            value, likelier = (1, p) if p >= 0.5 else (0, 1 - p)
            if likelier < 1:
                fork = execution.copy()
                other = decide_outcome(fork, state, outcome, 1 - value)
                pending.append((probability * (1 - likelier), fork, other))
            state = decide_outcome(execution, state, outcome, value)
            probability *= likelier
        else:
            return probability, state


def _word_values(branch_state: IdealBranchState, words: Sequence[str]) -> FloatArray:
    state = branch_state.state
    assert isinstance(state, StateVector)
    vector, positions = state.amplitudes()
    basis_value = partial(_basis_value, state)
    dephased = branch_state.dephased_qubits
    return PauliWords(words, positions, basis_value, dephased).values(vector, RunProgress())


def _basis_value(state: StateVector, qubit: int) -> int:
    return state.definite_value(qubit) or 0


def _not_exact(problem: str) -> ResourceError:
    return ResourceError(
        FailureCode.NOT_EXACT,
        f"the branches of the program, one for each combination of needed outcomes, {problem}: "
        "ask for counts, or set a `precision` to estimate expectation values from shots",
    )
