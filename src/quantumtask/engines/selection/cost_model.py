"""Cost model: microseconds that each method takes for a program."""

from collections.abc import Callable

from quantumtask.engines.selection.circuit_features import CircuitFeatures
from quantumtask.engines.transforms.gate_fusion import FUSION_MIN_QUBITS

MAX_SIZED_QUBITS = 200
"""A state of more amplitudes than this fits nowhere: sizes are told as if it had these."""


CACHED_QUBITS = 16
"""Measured qubits up to which drawing a shot does not wait for memory."""


CostFunction = Callable[[CircuitFeatures, int, int], float]


def _amplitudes(features: CircuitFeatures) -> float:
    return 2.0 ** min(features.qubits, MAX_SIZED_QUBITS)


def _drawing(features: CircuitFeatures, shots: int) -> float:
    outcomes = 2.0 ** min(features.measured_qubits, MAX_SIZED_QUBITS)
    shown = min(features.measured_qubits, 30)
    shot = 0.01 * (1 + shown) * (2 if shown > CACHED_QUBITS else 1)
    # One lot for each value, or one for each shot: see `Distribution.count`.
    lots = min(0.07 * 2.0 ** min(features.outcome_bits, MAX_SIZED_QUBITS), shot * shots)
    each = 0.4 + 0.01 * shown
    return lots + 0.006 * outcomes + each * _different(features, shots)


def _different(features: CircuitFeatures, shots: int) -> float:
    """About how many values the shots have."""
    return min(float(shots), 2.0 ** min(features.outcome_bits, MAX_SIZED_QUBITS))


def _by_lightning(single: bool) -> CostFunction:
    each, from_there, slower = (2.0e-4, 19, 0.35) if single else (2.7e-4, 18, 0.3)

    def cost(features: CircuitFeatures, shots: int, _: int) -> float:
        qubits = features.qubits
        passes = features.fused_passes if qubits >= FUSION_MIN_QUBITS else features.passes
        out_of_cache = 1 + slower * max(0, min(qubits, 23) - from_there)
        gates = features.gates * (4.0 if qubits >= FUSION_MIN_QUBITS else 1.1)
        work = passes * _amplitudes(features) * each * out_of_cache
        return 190 + gates + work + _drawing(features, shots)

    return cost


def _by_aer_vector(features: CircuitFeatures, shots: int, threads: int) -> float:
    passes = features.passes * _amplitudes(features) / (threads if features.qubits >= 14 else 1)
    if not features.terminal_measurements_only:
        return 1000 + shots * (50 + 0.5 * features.gates + 0.01 * passes)
    drawing = _drawing(features, shots) if features.measured_qubits <= 12 else 3 * shots
    return 1100 + 20 * features.gates + 1.4e-3 * passes + drawing


def _by_aer_stabilizer(features: CircuitFeatures, shots: int, _: int) -> float:
    if features.terminal_measurements_only:
        drawing = shots * (0.6 + 0.012 * features.measured_qubits**2)
        return 1300 + (57 + 0.6 * features.qubits) * features.gates + drawing
    return 1300 + shots * (35 + features.gates * (0.045 + 3.6e-3 * features.qubits))


def _by_aer_chain(features: CircuitFeatures, shots: int, _: int) -> float:
    bond = 2.0 ** min(features.entanglement, MAX_SIZED_QUBITS)
    drawing = shots * (0.5 + features.qubits * 4e-4 * bond**2)
    return 2000 + features.gates * (100 + 5e-4 * bond**3) + drawing


def _by_stim(features: CircuitFeatures, shots: int, _: int) -> float:
    each = 2.8 + 0.008 * features.measured_qubits
    drawing = shots * (0.1 + 1.7e-3 * features.measured_qubits) + each * _different(features, shots)
    return 140 + 1.8 * features.gates + drawing


def _leaves(features: CircuitFeatures, shots: int) -> int:
    return min(1 << min(features.branch_points, 60), shots)


def _by_histories(features: CircuitFeatures, shots: int, _: int) -> float:
    leaves = _leaves(features, shots)
    begin = 230 + 25 * features.gates if features.circuit else 200
    # A qubit that is decided leaves the state: half of them, on the average.
    amplitudes = _amplitudes(features) / 2.0 ** (min(features.branch_points, MAX_SIZED_QUBITS) // 2)
    work = leaves * (3.6 * features.gates + 1.3e-3 * features.passes * amplitudes)
    return begin + work + 0.3 * shots + 4.4 * _different(features, shots)


def _by_stabilizer_histories(features: CircuitFeatures, shots: int, _: int) -> float:
    leaves = _leaves(features, shots)
    begin = 190 + 32 * features.gates if features.circuit else 150
    drawing = shots * (0.17 + 0.0125 * features.measured_qubits)
    drawing += (0.9 + 0.3 * features.measured_qubits) * _different(features, shots)
    return begin + leaves * features.gates * (0.4 + 0.01 * features.qubits) + drawing
