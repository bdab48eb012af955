"""Noisy programs that depend on outcomes, run by histories or as one trajectory per shot.

A density matrix holds all errors at once, so shots of equal outcomes run together, and every value
is exact. If the density matrix is too large, or the histories are too many, each shot is a
trajectory: a pure state, in which errors are drawn at random.
"""

from functools import partial
from typing import Any

import numpy as np

from quantumtask.engines.limits import available_bytes
from quantumtask.engines.noisy_simulation.branch_state import NoisyBranchState, NoisyState
from quantumtask.engines.noisy_simulation.density_matrix import DensityMatrix
from quantumtask.engines.noisy_simulation.instructions import InstructionSource
from quantumtask.engines.noisy_simulation.trajectory import Trajectory
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotSample
from quantumtask.engines.selection.methods import DENSITY_MATRIX, STABILIZER
from quantumtask.engines.simulators.branch_expectation import enumerate_branches
from quantumtask.engines.simulators.native.statevector import StateVector
from quantumtask.engines.simulators.native.tableau import NotClifford, StabilizerTableau
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.engines.simulators.shot_branching import BranchTree, state_resources
from quantumtask.openqasm.program.execution import MeasurementOutcome
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

MAX_PROBABILITY_BITS = 24
"""Most bits of a result whose probabilities are computed."""


class NoisyProgramSimulator:
    """Runs any program with noise, by its process."""

    def __init__(self, source: InstructionSource, settings: Settings, threads: int) -> None:
        self._source = source
        self._settings = settings
        self._threads = threads

    @property
    def compile_report(self) -> dict[str, Any] | None:
        """The `compiled` field of the result: the program on its device; None without a device."""
        report: dict[str, Any] | None = getattr(self._source, "compile_report", None)
        return report

    @property
    def clifford_noise(self) -> bool:
        """True if all errors map stabilizer states to stabilizer states."""
        return self._source.model.clifford

    def sample(
        self, program: Program, method: str, shots: int, seed: int, memory: bool
    ) -> ShotSample:
        tally = ShotCounts(program, shots, memory, self._settings)
        job = SamplingRun(program, shots, seed, tally, self._settings, self._threads)
        rng = job.new_rng()
        if method == DENSITY_MATRIX:
            return ShotSample(
                tally, BranchTree(job, partial(self._mixed, program)).sample_branches()
            )
        pure = partial(self._pure, program, method, rng)
        try:
            return ShotSample(tally, BranchTree(job, pure).sample_each_shot())
        except NotClifford:
            raise _unsuitable("one of its gates is not Clifford, which only a shot shows") from None

    def probabilities(self, program: Program) -> FloatArray:
        """The exact probability of each value of the bits of the result.

        Raises ResourceError (`not_exact`, `out_of_memory`).
        """
        table = np.zeros(1 << program.bits)
        begin = self._mixed(program)
        for probability, process, world in enumerate_branches(
            program.initial_execution, begin, self._settings
        ):
            bits = process.bits()
            open_bits = list(
                dict.fromkeys(bit for bit in bits if isinstance(bit, MeasurementOutcome))
            )
            shown = world.distribution(open_bits) if open_bits else np.ones(1)
            column = {outcome: k for k, outcome in enumerate(open_bits)}
            indices, numbers = np.arange(len(shown)), np.zeros(len(shown), dtype=np.int64)
            for place, bit in enumerate(bits):
                value = indices >> column[bit] & 1 if isinstance(bit, MeasurementOutcome) else bit
                numbers |= np.asarray(value, dtype=np.int64) << place
            np.add.at(table, numbers, probability * shown)
        return table

    def _mixed(self, program: Program) -> NoisyBranchState:
        return self._world(program, DensityMatrix(available_bytes(self._settings)))

    def _pure(self, program: Program, method: str, rng: np.random.Generator) -> NoisyBranchState:
        means = state_resources(self._settings, self._threads)
        state = StabilizerTableau() if method == STABILIZER else StateVector(means)
        return self._world(program, Trajectory(state, rng))

    def _world(self, program: Program, state: NoisyState) -> NoisyBranchState:
        values = program.initial_execution.code.finish is not None
        return NoisyBranchState(state, self._source, values=values)


def _unsuitable(why: str) -> ResourceError:
    return ResourceError(
        FailureCode.ENGINE_UNSUITABLE,
        f"this program with noise cannot run so: {why}. Leave `engine` and `method` out",
    )
