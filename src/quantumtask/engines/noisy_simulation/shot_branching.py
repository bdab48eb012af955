"""Noisy programs that depend on outcomes, run by histories or as one trajectory per shot.

A density matrix holds all errors at once, so shots of equal outcomes run together, and every value
is exact. If the density matrix is too large, or the histories are too many, each shot is a
trajectory: a pure state, in which errors are drawn at random.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from quantumtask.engines.limits import available_bytes, out_of_memory
from quantumtask.engines.noisy_simulation.branch_state import NoisyBranchState, NoisyState
from quantumtask.engines.noisy_simulation.density_matrix import (
    BYTES_PER_ENTRY,
    WORKING_COPIES,
    DensityMatrix,
)
from quantumtask.engines.noisy_simulation.instructions import InstructionSource
from quantumtask.engines.noisy_simulation.trajectory import Trajectory
from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.sampling.shot_counts import ShotCounts, ShotSample
from quantumtask.engines.selection.circuit_features import CircuitFeatures, extract_features
from quantumtask.engines.selection.cost_model import MAX_SIZED_QUBITS
from quantumtask.engines.selection.noisy_methods import DENSITY_MATRIX, STABILIZER, STATEVECTOR
from quantumtask.engines.simulators.branch_expectation import enumerate_branches
from quantumtask.engines.simulators.native.statevector import BYTES_PER_AMPLITUDE, StateVector
from quantumtask.engines.simulators.native.tableau import NotClifford, StabilizerTableau
from quantumtask.engines.simulators.sampling_run import SamplingRun
from quantumtask.engines.simulators.shot_branching import BranchTree, state_resources
from quantumtask.openqasm.program.execution import MeasurementOutcome
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

MAX_PROBABILITY_BITS = 24
"""Most bits of a result whose probabilities are computed."""


class ProgramSize(NamedTuple):
    """Size of a program, from which a method is chosen: one shot, and the number of histories."""

    qubits: int
    gates: int
    forks: int
    clifford: bool


class BranchingMethod(NamedTuple):
    """A method, with its memory in bytes and its time in microseconds for so many shots."""

    name: str
    bytes: Callable[[ProgramSize], float]
    cost: Callable[[ProgramSize, int], float]
    how: str


def _by_mixture(size: ProgramSize, shots: int) -> float:
    histories = min(float(shots), 2.0 ** min(size.forks, 99))
    return histories * (100 + size.gates * (35 + 0.08 * 4.0 ** min(size.qubits, MAX_SIZED_QUBITS)))


def _by_vectors(size: ProgramSize, shots: int) -> float:
    return shots * (150 + size.gates * (120 + 0.03 * 2.0 ** min(size.qubits, MAX_SIZED_QUBITS)))


def _by_stabilizers(size: ProgramSize, shots: int) -> float:
    return shots * (150 + size.gates * (30 + 0.05 * size.qubits))


BRANCHING_METHODS = (
    BranchingMethod(
        DENSITY_MATRIX,
        lambda size: WORKING_COPIES * BYTES_PER_ENTRY * 4.0 ** min(size.qubits, MAX_SIZED_QUBITS),
        _by_mixture,
        "in a density matrix: shots of equal outcomes run together",
    ),
    BranchingMethod(
        STATEVECTOR,
        lambda size: 2 * BYTES_PER_AMPLITUDE * 2.0 ** min(size.qubits, MAX_SIZED_QUBITS),
        _by_vectors,
        "shot by shot in a state vector",
    ),
    BranchingMethod(
        STABILIZER, lambda _: 0.0, _by_stabilizers, "shot by shot in a stabilizer state"
    ),
)


class NoisyProgramSimulator:
    """Runs any program with noise, by its process."""

    def __init__(self, source: InstructionSource, settings: Settings, threads: int) -> None:
        self._source = source
        self._settings = settings
        self._threads = threads

    @property
    def described(self) -> dict[str, Any] | None:
        """The `compiled` field of the result: the program on its device. None without a device."""
        described: dict[str, Any] | None = getattr(self._source, "described", None)
        return described

    def way(self, program: Program, shots: int, asked: str | None) -> BranchingMethod:
        """The fastest way for so many shots, or the one that was asked for.

        Raises ResourceError (`engine_unsuitable`, `out_of_memory`).
        """
        size = _size(extract_features(program), self._source.model.clifford)
        ways = [way for way in BRANCHING_METHODS if asked in (None, way.name)]
        if not ways:
            raise _unsuitable(
                f"{asked!r} is none of {', '.join(way.name for way in BRANCHING_METHODS)}"
            )
        if not size.clifford:
            ways = [way for way in ways if way.name != STABILIZER]
        if not ways:
            raise _unsuitable("its gates or its noise are not Clifford")
        available = available_bytes(self._settings)
        fitting = [way for way in ways if way.bytes(size) <= available]
        if not fitting:
            least = min(way.bytes(size) for way in ways)
            raise out_of_memory(size.qubits, int(least), available)
        return min(fitting, key=lambda way: way.cost(size, shots))

    def sample(
        self, program: Program, way: BranchingMethod, shots: int, seed: int, memory: bool
    ) -> ShotSample:
        tally = ShotCounts(program, shots, memory, self._settings)
        job = SamplingRun(program, shots, seed, tally, self._settings, self._threads)
        rng = job.new_rng()
        if way.name == DENSITY_MATRIX:
            return ShotSample(
                tally, BranchTree(job, partial(self._mixed, program)).sample_branches()
            )
        pure = partial(self._pure, program, way.name, rng)
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


def _size(features: CircuitFeatures, clifford_noise: bool) -> ProgramSize:
    touched: set[int] = set()
    for step in features.steps:
        touched.update(step.qubits if isinstance(step, Operation) else (step.qubit,))
    forks = features.sampled_decisions if features.circuit is None else features.branch_points
    return ProgramSize(
        len(touched), len(features.steps), forks, features.clifford and clifford_noise
    )


def _unsuitable(why: str) -> ResourceError:
    return ResourceError(
        FailureCode.ENGINE_UNSUITABLE,
        f"this program with noise cannot run so: {why}. Leave `engine` and `method` out",
    )
