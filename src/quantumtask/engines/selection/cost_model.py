"""Cost model: the time in microseconds that each method takes for a program.

The costs are those of the machine on which they were measured; `benchmarks/engines/estimates.py`
compares them with measured times. Another machine is faster or slower for all methods alike, so
the selection is the same on every machine; only `estimate_run` measures the speed of the machine.

A cost function takes the features of a program, the number of shots, and the number of threads.
"""

from collections.abc import Callable
from typing import TypeVar

from quantumtask.engines.selection.circuit_features import CircuitFeatures, NoisyCircuitFeatures
from quantumtask.engines.transforms.gate_fusion import FUSION_MIN_QUBITS

F_contra = TypeVar("F_contra", CircuitFeatures, NoisyCircuitFeatures, contravariant=True)

MAX_SIZED_QUBITS = 200
"""Largest exponent in a cost or a size: no machine holds the state of so many qubits."""


CACHED_QUBITS = 16
"""Largest number of measured qubits for which sampling a shot stays within the CPU's cache."""


CostFunction = Callable[[F_contra, int, int], float]


def _amplitudes(qubits: int) -> float:
    return 2.0 ** min(qubits, MAX_SIZED_QUBITS)


def _sampling(features: CircuitFeatures, shots: int) -> float:
    """Return the cost of sampling shots from a probability distribution.

    `Distribution.count` draws one number for each value or one for each shot, whichever is less.
    """
    outcomes = _amplitudes(features.measured_qubits)
    measured = min(features.measured_qubits, 30)
    shot = 0.01 * (1 + measured) * (2 if measured > CACHED_QUBITS else 1)
    draws = min(0.07 * _amplitudes(features.outcome_bits), shot * shots)
    each = 0.4 + 0.01 * measured
    return draws + 0.006 * outcomes + each * _distinct_outcomes(features, shots)


def _distinct_outcomes(features: CircuitFeatures, shots: int) -> float:
    """Return an estimate of the number of distinct values in the result."""
    return min(float(shots), _amplitudes(features.outcome_bits))


def lightning_cost(single: bool) -> CostFunction[CircuitFeatures]:
    """Return the cost of Lightning's state vector in single or in double precision."""
    each, cache_qubits, slowdown = (2.0e-4, 19, 0.35) if single else (2.7e-4, 18, 0.3)

    def cost(features: CircuitFeatures, shots: int, _: int) -> float:
        qubits = features.qubits
        passes = features.fused_passes if qubits >= FUSION_MIN_QUBITS else features.passes
        out_of_cache = 1 + slowdown * max(0, min(qubits, 23) - cache_qubits)
        gates = features.gates * (4.0 if qubits >= FUSION_MIN_QUBITS else 1.1)
        work = passes * _amplitudes(qubits) * each * out_of_cache
        return 190 + gates + work + _sampling(features, shots)

    return cost


def aer_statevector_cost(features: CircuitFeatures, shots: int, threads: int) -> float:
    """Return the cost of Aer's state vector; with measurements on the way, each shot is a run."""
    passes = features.passes * _amplitudes(features.qubits)
    passes /= threads if features.qubits >= 14 else 1
    if not features.terminal_measurements_only:
        return 1000 + shots * (50 + 0.5 * features.gates + 0.01 * passes)
    sampling = _sampling(features, shots) if features.measured_qubits <= 12 else 3 * shots
    return 1100 + 20 * features.gates + 1.4e-3 * passes + sampling


def aer_stabilizer_cost(features: CircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of Aer's stabilizer state."""
    if features.terminal_measurements_only:
        sampling = shots * (0.6 + 0.012 * features.measured_qubits**2)
        return 1300 + (57 + 0.6 * features.qubits) * features.gates + sampling
    return 1300 + shots * (35 + features.gates * (0.045 + 3.6e-3 * features.qubits))


def aer_mps_cost(features: CircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of a matrix product state with the largest possible bond dimension."""
    bond = _amplitudes(features.entanglement)
    sampling = shots * (0.5 + features.qubits * 4e-4 * bond**2)
    return 2000 + features.gates * (100 + 5e-4 * bond**3) + sampling


def stim_cost(features: CircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of Stim's compiled sampler."""
    each = 2.8 + 0.008 * features.measured_qubits
    sampling = shots * (0.1 + 1.7e-3 * features.measured_qubits)
    sampling += each * _distinct_outcomes(features, shots)
    return 140 + 1.8 * features.gates + sampling


def _branches(features: CircuitFeatures, shots: int) -> int:
    return min(1 << min(features.branch_points, 60), shots)


def statevector_branching_cost(features: CircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of shot branching with state vectors."""
    start = 230 + 25 * features.gates if features.circuit else 200
    # A measured qubit leaves the state vector: on average, half of the measured qubits have left.
    amplitudes = _amplitudes(features.qubits) / 2.0 ** (
        min(features.branch_points, MAX_SIZED_QUBITS) // 2
    )
    branch = 3.6 * features.gates + 1.3e-3 * features.passes * amplitudes
    work = _branches(features, shots) * branch
    return start + work + 0.3 * shots + 4.4 * _distinct_outcomes(features, shots)


def stabilizer_branching_cost(features: CircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of shot branching with stabilizer tableaus."""
    start = 190 + 32 * features.gates if features.circuit else 150
    sampling = shots * (0.17 + 0.0125 * features.measured_qubits)
    sampling += (0.9 + 0.3 * features.measured_qubits) * _distinct_outcomes(features, shots)
    work = _branches(features, shots) * features.gates * (0.4 + 0.01 * features.qubits)
    return start + work + sampling


def aer_noisy_density_matrix_cost(features: NoisyCircuitFeatures, _: int, __: int) -> float:
    """Return the cost of one density matrix, from which all shots are sampled."""
    return 20_000 + 0.012 * features.gates * _amplitudes(features.qubits) ** 2


def aer_noisy_statevector_cost(features: NoisyCircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of one state vector for each shot."""
    return shots * features.gates * (10 + 0.009 * _amplitudes(features.qubits))


def aer_noisy_stabilizer_cost(features: NoisyCircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of one stabilizer state for each shot."""
    return shots * features.gates * (8 + 0.003 * features.qubits**2)


def aer_noisy_mps_cost(features: NoisyCircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of one matrix product state for each shot."""
    return shots * features.gates * (20 + 0.05 * 8.0 ** min(features.entanglement, 99))


def density_matrix_branching_cost(features: NoisyCircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of shot branching with density matrices."""
    branches = min(float(shots), 2.0 ** min(features.branch_points, 99))
    entries = 4.0 ** min(features.qubits, MAX_SIZED_QUBITS)
    return branches * (100 + features.gates * (35 + 0.08 * entries))


def statevector_trajectory_cost(features: NoisyCircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of one trajectory of a state vector for each shot."""
    return shots * (150 + features.gates * (120 + 0.03 * _amplitudes(features.qubits)))


def stabilizer_trajectory_cost(features: NoisyCircuitFeatures, shots: int, _: int) -> float:
    """Return the cost of one trajectory of a stabilizer tableau for each shot."""
    return shots * (150 + features.gates * (30 + 0.05 * features.qubits))
