"""Simulation of noisy programs whose gates depend on measured values.

A density matrix contains all errors at once: shots with equal outcomes run together, and every
value is exact. If the density matrix is too large, or if there are too many branches, each shot is
a trajectory: a pure state with errors drawn at random.
"""

from functools import partial
from typing import Any

import numpy as np

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.noisy_simulation.branch_state import NoisyBranchState, NoisyState
from quantumtask.engines.noisy_simulation.density_matrix import DensityMatrix
from quantumtask.engines.noisy_simulation.instructions import InstructionErrors, InstructionSource
from quantumtask.engines.noisy_simulation.trajectory import Trajectory
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotSample
from quantumtask.engines.selection.methods import DENSITY_MATRIX, STABILIZER
from quantumtask.engines.simulators.branch_expectation import enumerate_branches
from quantumtask.engines.simulators.native.statevector import StateVector
from quantumtask.engines.simulators.native.tableau import NotClifford, StabilizerTableau
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.engines.simulators.shot_branching import (
    BranchTree,
    needs_values,
    state_resources,
)
from quantumtask.openqasm.program.execution import MeasurementOutcome
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings

MAX_PROBABILITY_BITS = 24
"""Largest number of bits of a result whose probabilities are computed."""


class NoisyProgramSimulator:
    """Simulator of any program with noise."""

    def __init__(
        self, source: InstructionSource, settings: Settings, threads: int, progress: RunProgress
    ) -> None:
        self._source = source
        self._settings = settings
        self._threads = threads
        self._progress = progress

    @property
    def compile_report(self) -> dict[str, Any] | None:
        """The `compiled` field of the result: the program on its device; None without a device."""
        report: dict[str, Any] | None = getattr(self._source, "compile_report", None)
        return report

    @property
    def errors(self) -> InstructionErrors:
        """The errors of the instructions."""
        return self._source.model

    def sample(
        self, program: Program, method: str, shots: int, seed: int, memory: bool
    ) -> ShotSample:
        """Run the shots of a program; see `Backend.sample`.

        Args:
            program: The program.
            method: The name of a noisy method of this engine.
            shots: The number of shots.
            seed: 0 to 2**63 - 1.
            memory: The result has the shots in order.

        Raises:
            ResourceError: The method is `stabilizer`, and a gate that runs is not Clifford
                (`engine_unsuitable`), or the state does not fit (`out_of_memory`).
        """
        counts = ShotCounts(program, shots, memory, self._settings)
        sampling = SamplingRun(
            program, shots, seed, counts, self._settings, self._threads, progress=self._progress
        )
        rng = sampling.new_rng()
        if method == DENSITY_MATRIX:
            tree = BranchTree(sampling, partial(self._new_density_matrix, program))
            return ShotSample(counts, tree.sample_branches())
        tree = BranchTree(sampling, partial(self._new_trajectory, program, method, rng))
        try:
            return ShotSample(counts, tree.sample_each_shot())
        except NotClifford:
            raise ResourceError(
                "engine_unsuitable",
                f"method: {STABILIZER} cannot run this program: one of its gates is not Clifford, "
                "which is only known when it runs. Omit `engine` and `method`",
            ) from None

    def probabilities(self, program: Program) -> FloatArray:
        """Return the exact probability of each value of the bits of the result.

        Raises:
            ResourceError: There are too many branches, or their states are too large
                (`not_exact`, `out_of_memory`).
        """
        table = np.zeros(1 << program.bits)
        branches = enumerate_branches(
            program.initial_execution, self._new_density_matrix(program), self._settings,
            self._progress,
        )  # fmt: skip
        for probability, execution, state in branches:
            bits = execution.bits()
            undecided = list(
                dict.fromkeys(bit for bit in bits if isinstance(bit, MeasurementOutcome))
            )
            distribution = state.distribution(undecided) if undecided else np.ones(1)
            results = _results(bits, undecided, len(distribution))
            np.add.at(table, results, probability * distribution)
        return table

    def _new_density_matrix(self, program: Program) -> NoisyBranchState:
        return self._new_branch(program, DensityMatrix(available_bytes(self._settings)))

    def _new_trajectory(
        self, program: Program, method: str, rng: np.random.Generator
    ) -> NoisyBranchState:
        resources = state_resources(self._settings, self._threads)
        state = StabilizerTableau() if method == STABILIZER else StateVector(resources)
        return self._new_branch(program, Trajectory(state, rng))

    def _new_branch(self, program: Program, state: NoisyState) -> NoisyBranchState:
        return NoisyBranchState(state, self._source, values=needs_values(program))


def _results(
    bits: list[int | MeasurementOutcome], undecided: list[MeasurementOutcome], size: int
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Return the result for each index; bit k of an index is the value of the k-th outcome."""
    column = {outcome: k for k, outcome in enumerate(undecided)}
    indices, results = np.arange(size), np.zeros(size, dtype=np.int64)
    for position, bit in enumerate(bits):
        value = indices >> column[bit] & 1 if isinstance(bit, MeasurementOutcome) else bit
        results |= np.asarray(value, dtype=np.int64) << position
    return results
