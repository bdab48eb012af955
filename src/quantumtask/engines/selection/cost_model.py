"""Cost model: microseconds that each method takes for a program."""

from collections.abc import Callable

from quantumtask.engines.selection.circuit_features import Profile
from quantumtask.engines.transforms.gate_fusion import FUSED_FROM

MOST_QUBITS = 200
"""A state of more amplitudes than this fits nowhere: sizes are told as if it had these."""


IN_CACHE = 16
"""Measured qubits up to which drawing a shot does not wait for memory."""


Microseconds = Callable[[Profile, int, int], float]


def _amplitudes(profile: Profile) -> float:
    return 2.0 ** min(profile.qubits, MOST_QUBITS)


def _drawing(profile: Profile, shots: int) -> float:
    outcomes = 2.0 ** min(profile.shown, MOST_QUBITS)
    shown = min(profile.shown, 30)
    shot = 0.01 * (1 + shown) * (2 if shown > IN_CACHE else 1)
    # One lot for each value, or one for each shot: see `Distribution.count`.
    lots = min(0.07 * 2.0 ** min(profile.spread, MOST_QUBITS), shot * shots)
    each = 0.4 + 0.01 * shown
    return lots + 0.006 * outcomes + each * _different(profile, shots)


def _different(profile: Profile, shots: int) -> float:
    """About how many values the shots have."""
    return min(float(shots), 2.0 ** min(profile.spread, MOST_QUBITS))


def _by_lightning(single: bool) -> Microseconds:
    each, from_there, slower = (2.0e-4, 19, 0.35) if single else (2.7e-4, 18, 0.3)

    def cost(profile: Profile, shots: int, _: int) -> float:
        qubits = profile.qubits
        passes = profile.fused if qubits >= FUSED_FROM else profile.passes
        out_of_cache = 1 + slower * max(0, min(qubits, 23) - from_there)
        gates = profile.gates * (4.0 if qubits >= FUSED_FROM else 1.1)
        work = passes * _amplitudes(profile) * each * out_of_cache
        return 190 + gates + work + _drawing(profile, shots)

    return cost


def _by_aer_vector(profile: Profile, shots: int, threads: int) -> float:
    passes = profile.passes * _amplitudes(profile) / (threads if profile.qubits >= 14 else 1)
    if not profile.final:
        return 1000 + shots * (50 + 0.5 * profile.gates + 0.01 * passes)
    drawing = _drawing(profile, shots) if profile.shown <= 12 else 3 * shots
    return 1100 + 20 * profile.gates + 1.4e-3 * passes + drawing


def _by_aer_stabilizer(profile: Profile, shots: int, _: int) -> float:
    if profile.final:
        drawing = shots * (0.6 + 0.012 * profile.shown**2)
        return 1300 + (57 + 0.6 * profile.qubits) * profile.gates + drawing
    return 1300 + shots * (35 + profile.gates * (0.045 + 3.6e-3 * profile.qubits))


def _by_aer_chain(profile: Profile, shots: int, _: int) -> float:
    bond = 2.0 ** min(profile.entanglement, MOST_QUBITS)
    drawing = shots * (0.5 + profile.qubits * 4e-4 * bond**2)
    return 2000 + profile.gates * (100 + 5e-4 * bond**3) + drawing


def _by_stim(profile: Profile, shots: int, _: int) -> float:
    each = 2.8 + 0.008 * profile.shown
    drawing = shots * (0.1 + 1.7e-3 * profile.shown) + each * _different(profile, shots)
    return 140 + 1.8 * profile.gates + drawing


def _leaves(profile: Profile, shots: int) -> int:
    return min(1 << min(profile.forks, 60), shots)


def _by_histories(profile: Profile, shots: int, _: int) -> float:
    leaves = _leaves(profile, shots)
    begin = 230 + 25 * profile.gates if profile.circuit else 200
    # A qubit that is decided leaves the state: half of them, on the average.
    amplitudes = _amplitudes(profile) / 2.0 ** (min(profile.forks, MOST_QUBITS) // 2)
    work = leaves * (3.6 * profile.gates + 1.3e-3 * profile.passes * amplitudes)
    return begin + work + 0.3 * shots + 4.4 * _different(profile, shots)


def _by_stabilizer_histories(profile: Profile, shots: int, _: int) -> float:
    leaves = _leaves(profile, shots)
    begin = 190 + 32 * profile.gates if profile.circuit else 150
    drawing = shots * (0.17 + 0.0125 * profile.shown)
    drawing += (0.9 + 0.3 * profile.shown) * _different(profile, shots)
    return begin + leaves * profile.gates * (0.4 + 0.01 * profile.qubits) + drawing
