"""Which engine is expected to run a program faster."""

from quantumtask.openqasm.gates import Operation
from quantumtask.openqasm.program import Circuit, Measure

MOST_QUBITS = 20
"""Qubits of a state vector up to which histories are considered: they need twice the memory."""

AER_SHOT_US = 50.0
AER_GATE_US = 0.05
AER_AMPLITUDE_US = 0.001
HISTORY_GATE_US = 10.0
"""Microseconds that each takes, about, where something follows a measurement (measured)."""


def by_histories(circuit: Circuit, shots: int, stabilizer: bool) -> bool:
    """Whether the engine for histories suits a program whose every shot does the same.

    Aer then runs every shot for itself. Histories share what they have in common, but gate for
    gate they are slower. A Clifford circuit that ends with its measurements is one history.
    """
    if circuit.final:
        return stabilizer
    if not stabilizer and len(circuit.touched) > MOST_QUBITS:
        return False
    leaves = min(1 << min(_forks(circuit), 64), shots)
    amplitudes = 0 if stabilizer else 1 << len(circuit.touched)
    gates = len(circuit.steps)
    shot = AER_SHOT_US + gates * (AER_GATE_US + AER_AMPLITUDE_US * amplitudes)
    history = gates * (HISTORY_GATE_US + AER_AMPLITUDE_US * amplitudes)
    return leaves * history < shots * shot


def _forks(circuit: Circuit) -> int:
    """At most how often an outcome, of a measurement or a reset, has to be decided."""
    later: set[int] = set()
    forks = 0
    for step in reversed(circuit.steps):
        if isinstance(step, Operation):
            later.update(step.qubits)
        else:
            forks += not isinstance(step, Measure) or step.qubit in later
            later.add(step.qubit)
    return forks
