"""Work of a gate on a state vector, in passes.

A pass is the time that a rotation of one qubit takes for the whole state vector, measured with
Lightning.
"""

from quantumtask.openqasm.program.operations import BasicGate

GATE_PASSES = {
    "id": 0.0, "z": 0.65, "s": 0.65, "sdg": 0.65, "t": 0.65, "tdg": 0.65, "p": 0.65, "u": 1.15,
    "cx": 0.55, "cz": 0.4, "swap": 0.65, "cp": 1.1, "cry": 1.1, "crx": 1.5, "crz": 1.5, "ch": 1.8,
    "csx": 1.8,
}  # fmt: skip
"""Cost of a gate by its name, in passes; a gate without an entry costs 1."""

MATRIX_PASSES = (1.0, 1.4, 15.0, 40.0, 60.0)
"""Cost of a gate given by its matrix, in passes, by the number of qubits of the matrix."""

GateKind = tuple[BasicGate | int, int]
"""A gate, or the number of qubits of its matrix; and the number of its controls."""


def needs_matrix(gate: BasicGate | int, controls: int) -> bool:
    """Return True if Lightning applies a gate by its matrix."""
    return controls > 0 or isinstance(gate, int) or gate.name in ("u", "cu")


def gate_passes(kind: BasicGate | int, controls: int) -> float:
    """Return the cost of a gate in passes.

    Args:
        kind: The gate, or the number of qubits of its matrix.
        controls: The number of controls that are not part of the gate.
    """
    if isinstance(kind, int):
        passes = MATRIX_PASSES[min(kind, len(MATRIX_PASSES) - 1)]
    else:
        passes = GATE_PASSES.get(kind.name, 1.0)
    return passes / (1 << min(controls, 30))
