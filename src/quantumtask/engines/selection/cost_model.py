"""Cost model: the time in microseconds that each method takes for a program.

The costs are those of the machine on which they were measured; `benchmarks/engines/estimates.py`
compares them with measured times. Another machine is faster or slower for all methods alike, so
the selection is the same on every machine; only `estimate_run` measures the speed of the machine.

A cost function takes the features of a program, the number of shots, and the factor by which the
threads shorten the work on the state (see `Scaling`).
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from quantumtask.engines.sampling.clbit_map import WORD_BITS
from quantumtask.engines.selection.circuit_features import CircuitFeatures, NoisyCircuitFeatures
from quantumtask.engines.transforms.gate_fusion import FUSION_MIN_QUBITS

F_contra = TypeVar("F_contra", CircuitFeatures, NoisyCircuitFeatures, contravariant=True)

MAX_SIZED_QUBITS = 200
"""Largest exponent in a cost or a size: no machine holds the state of so many qubits."""


CACHED_QUBITS = 16
"""Largest number of measured qubits for which sampling a shot stays within the CPU's cache."""


CostFunction = Callable[[F_contra, int, float], float]


class Scaling(NamedTuple):
    """Speed of a method by its number of threads (Amdahl's law), as measured with two threads.

    Attributes:
        parallel: Share of the work on the state that the threads divide among them; 0: the method
            runs in one thread.
        min_qubits: Smallest number of qubits for which several threads work on one state. If each
            shot has a state of its own, the threads divide the shots.
    """

    parallel: float = 0.0
    min_qubits: int = 0

    def speedup(self, features: CircuitFeatures | NoisyCircuitFeatures, threads: int) -> float:
        """Return the factor by which so many threads shorten the work on the state."""
        if features.terminal_measurements_only and features.qubits < self.min_qubits:
            return 1.0
        return self.largest_speedup(threads)

    def largest_speedup(self, threads: int) -> float:
        """Return the factor for a program with many qubits."""
        return 1 / (1 - self.parallel + self.parallel / threads)


ONE_THREAD = Scaling()
"""The scaling of a method that runs in one thread."""

LOCKSTEP_MAX_QUBITS = 12
"""Largest number of qubits of a program whose branches run in lockstep."""

FORK_COST = 18.0
"""Microseconds of a fork in a tree of branches."""

FORKED_AMPLITUDE_COST = 0.12
"""Microseconds for each amplitude at a fork, which measures, projects and copies the state."""

NOISY_OUTCOME_BITS = 0.6
"""Entropy, in bits, of an outcome that only noise makes random: an estimate for error rates of 1 %
on the way to a measurement."""


REMOVED_STEP_COST = 3.5
"""Microseconds for each step that constant propagation removes, before any method runs."""


def _amplitudes(qubits: int) -> float:
    return 2.0 ** min(qubits, MAX_SIZED_QUBITS)


def _sampling(features: CircuitFeatures, shots: int) -> float:
    """Return the cost of a probability distribution, and of sampling shots from it.

    `Distribution.count` draws one number for each value or one for each shot, whichever is less.
    """
    outcomes = _amplitudes(features.measured_qubits)
    measured = min(features.measured_qubits, 30)
    shot = 0.018 * (1 + measured) * (2 if measured > CACHED_QUBITS else 1)
    draws = min(0.12 * _amplitudes(features.outcome_bits), shot * shots)
    each = 0.36 + 0.009 * measured
    return draws + 0.01 * outcomes + each * _distinct_outcomes(features, shots)


def _distinct_outcomes(features: CircuitFeatures, shots: int) -> float:
    """Return an estimate of the number of distinct values in the result.

    It is the mean if the probabilities of 2**outcome_bits values are distributed exponentially, as
    those of random circuits are.
    """
    return shots / (1 + shots / _amplitudes(features.outcome_bits))


def lightning_cost(single: bool) -> CostFunction[CircuitFeatures]:
    """Return the cost of Lightning's state vector in single or in double precision."""
    each, cache_qubits, slowdown = (3.8e-4, 18, 0.17) if single else (6.0e-4, 17, 0.27)

    def cost(features: CircuitFeatures, shots: int, _: float) -> float:
        qubits = features.qubits
        passes = features.fused_passes if qubits >= FUSION_MIN_QUBITS else features.passes
        out_of_cache = 1 + slowdown * max(0, min(qubits, 23) - cache_qubits)
        gates = features.gates * (6.0 if qubits >= FUSION_MIN_QUBITS else 2.2)
        gates += 3.7 * features.matrix_gates
        work = passes * _amplitudes(qubits) * each * out_of_cache
        removed = REMOVED_STEP_COST * features.removed_steps
        return 240 + removed + gates + work + _sampling(features, shots)

    return cost


def qsim_cost(features: CircuitFeatures, shots: int, speedup: float) -> float:
    """Return the cost of qsim's state vector in single precision."""
    out_of_cache = 1 + 0.08 * max(0, min(features.qubits, 26) - 20)
    each = 3.0e-3 + (3.0e-3 + 6.8e-4 * features.fused_blocks) / speedup
    work = _amplitudes(features.qubits) * each * out_of_cache
    gates = 8.0 * features.gates + REMOVED_STEP_COST * features.removed_steps
    return 210 + gates + work + _sampling(features, shots)


def aer_statevector_cost(features: CircuitFeatures, shots: int, speedup: float) -> float:
    """Return the cost of Aer's state vector: one, or one per shot with mid-circuit measurements."""
    passes = features.passes * _amplitudes(features.qubits) / speedup
    if not features.terminal_measurements_only:
        return 1000 + shots * ((50 + 0.5 * features.gates) / speedup + 0.008 * passes)
    out_of_cache = 1 + 0.3 * max(0, min(features.qubits, 23) - CACHED_QUBITS)
    sampling = _sampling(features, shots) if features.measured_qubits <= 12 else 6 * shots
    return 1150 + 25 * features.gates + 2.4e-3 * passes * out_of_cache + sampling


def aer_stabilizer_cost(features: CircuitFeatures, shots: int, _: float) -> float:
    """Return the cost of Aer's stabilizer state."""
    if features.terminal_measurements_only:
        sampling = shots * (0.6 + 0.02 * features.measured_qubits**2)
        return 1300 + (45 + 0.3 * features.qubits) * features.gates + sampling
    return 1300 + shots * (35 + features.gates * (0.045 + 3.6e-3 * features.qubits))


def aer_mps_cost(features: CircuitFeatures, shots: int, _: float) -> float:
    """Return the cost of a matrix product state with the largest possible bond dimension."""
    bond = _amplitudes(features.entanglement)
    each = features.qubits * (0.45 + 1e-4 * bond**2)
    sampling = 0.05 * shots + each * _distinct_outcomes(features, shots)
    return 1200 + features.neighbour_gates * (60 + 8e-4 * bond**3) + sampling


def stim_cost(features: CircuitFeatures, shots: int, _: float) -> float:
    """Return the cost of Stim's compiled sampler."""
    measured = features.measured_qubits
    in_words = measured <= WORD_BITS  # results that are counted as numbers
    each = 0.06 + 0.003 * measured if in_words else 0.7 + 0.14 * measured
    sampling = shots * (0.035 + 0.004 * measured) + each * _distinct_outcomes(features, shots)
    removed = REMOVED_STEP_COST * features.removed_steps
    return 310 + 3.6 * features.gates + removed + sampling


def _segments(branch_points: int, bits_per_point: float, shots: int) -> float:
    """Return the number of stretches between the forks of a tree of branches.

    Args:
        branch_points: The number of forks on the way of one shot.
        bits_per_point: The entropy of the outcome at a fork.
        shots: The number of shots: there are not more branches.
    """
    growing = min(branch_points, MAX_SIZED_QUBITS)
    segments = [min(float(shots), 2.0 ** (bits_per_point * k)) for k in range(growing + 1)]
    total: float = sum(segments) + (branch_points - growing) * segments[-1]
    return total


def statevector_branching_cost(features: CircuitFeatures, shots: int, _: float) -> float:
    """Return the cost of shot branching with state vectors: in lockstep if they are small."""
    points = features.branch_points
    amplitudes = _amplitudes(features.qubits)
    sampling = 0.1 * shots + 2.0 * _distinct_outcomes(features, shots)
    if features.declared_qubits <= LOCKSTEP_MAX_QUBITS:
        branches = min(_amplitudes(points), float(shots))
        fork = 170 + 0.2 * branches
        steps = 36.0 * features.gates + fork * max(points, features.decisions)
        return 900 + steps + 1.0e-3 * features.passes * branches * amplitudes + sampling
    if features.terminal_measurements_only:
        work = (0.08 + 9e-3 * features.passes) * amplitudes
        return 1000 + 40 * features.gates + work + sampling
    start = 230 + 25 * features.gates if features.circuit else 200
    branch = 3.6 * features.gates + 1.3e-3 * features.passes * features.live_amplitudes
    segments = _segments(points, 1.0, shots)
    fork = FORK_COST + FORKED_AMPLITUDE_COST * features.live_amplitudes
    return start + segments * (branch / (points + 1) + fork) + sampling


def stabilizer_branching_cost(features: CircuitFeatures, shots: int, _: float) -> float:
    """Return the cost of shot branching with stabilizer tableaus."""
    points = features.branch_points
    sampling = shots * (0.17 + 0.0125 * features.measured_qubits)
    sampling += (0.9 + 0.3 * features.measured_qubits) * _distinct_outcomes(features, shots)
    gates = features.gates / (points + 1) * (1.5 + 0.05 * features.qubits)
    work = _segments(points, 1.0, shots) * (gates + FORK_COST)
    return 400 + 40 * features.gates + work + sampling


def aer_noisy_density_matrix_cost(features: NoisyCircuitFeatures, _: int, speedup: float) -> float:
    """Return the cost of one density matrix and of sampling all shots from it."""
    start = 26_000 if features.has_kraus else 13_000
    return start + 0.013 * features.gates * _amplitudes(features.qubits) ** 2 / speedup


def aer_noisy_statevector_cost(features: NoisyCircuitFeatures, shots: int, speedup: float) -> float:
    """Return the cost of simulating each shot with a state vector."""
    start, each = (26_000, 0.023) if features.has_kraus else (9000, 0.007)
    gate = 8 + each * _amplitudes(features.qubits)
    return start + shots * features.gates * gate / speedup


def aer_noisy_stabilizer_cost(features: NoisyCircuitFeatures, shots: int, speedup: float) -> float:
    """Return the cost of simulating each shot with a stabilizer state."""
    return shots * features.gates * (8 + 0.003 * features.qubits**2) / speedup


def aer_noisy_mps_cost(features: NoisyCircuitFeatures, shots: int, speedup: float) -> float:
    """Return the cost of simulating each shot with a matrix product state."""
    bits = min(features.entanglement, MAX_SIZED_QUBITS)
    gate = 15 + 0.2 * 4.0**bits + 6.5e-4 * 8.0**bits
    start, factor = (26_000, 4.5) if features.has_kraus else (10_000, 1.0)
    return start + shots * features.gates * gate * factor / speedup


def stim_noisy_cost(features: NoisyCircuitFeatures, shots: int, _: float) -> float:
    """Return the cost of Stim's sampler of Pauli frames, with one outcome for each qubit."""
    return 300 + 4.0 * features.gates + shots * (0.6 + 0.0006 * features.gates)


def density_matrix_branching_cost(features: NoisyCircuitFeatures, shots: int, _: float) -> float:
    """Return the cost of shot branching with density matrices."""
    points = features.branch_points
    certain = points - features.random_branch_points
    bits = features.random_branch_points + NOISY_OUTCOME_BITS * certain
    segments = _segments(points, bits / max(points, 1), shots)
    entries = 4.0 ** min(features.qubits, MAX_SIZED_QUBITS)
    gates = features.gates / (points + 1) * (45 + 0.17 * entries)
    return 5000 + 130 * features.gates + segments * (gates + 40) + 0.65 * shots


def statevector_trajectory_cost(features: NoisyCircuitFeatures, shots: int, _: float) -> float:
    """Return the cost of simulating each shot as a state-vector trajectory."""
    start, each = (200, 0.05) if features.has_kraus else (65, 0.03)
    gate = start + each * _amplitudes(features.qubits)
    return 5000 + shots * (200 + features.gates * gate)


def stabilizer_trajectory_cost(features: NoisyCircuitFeatures, shots: int, _: float) -> float:
    """Return the cost of simulating each shot as a trajectory of a stabilizer tableau."""
    return 5000 + shots * (200 + features.gates * (40 + 0.065 * features.qubits))
