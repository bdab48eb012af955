"""Rotations by multiples of right angles as Clifford gates.

Circuits for hardware have no other form: `rz(pi/2)` is their `s`. As Clifford gates, thousands of
qubits fit a stabilizer state.
"""

from dataclasses import replace
from math import pi

from quantumtask.openqasm.program.operations import BASIC_GATES, Operation
from quantumtask.openqasm.program.program import Program, Step

ANGLE_TOLERANCE = 1e-12
"""Distance from a multiple of a right angle, in right angles, that is rounding."""

_Z_GATES = ((), ("s",), ("z",), ("sdg",))
_X_GATES = ((), ("sx",), ("x",), ("sxdg",))
_Y_GATES = ((), ("z", "h"), ("y",), ("h", "z"))
_ROTATIONS = {"rz": _Z_GATES, "p": _Z_GATES, "rx": _X_GATES, "ry": _Y_GATES}
"""For each rotation, the gates for 0 to 3 right angles, up to a global phase."""


def with_clifford_gates(program: Program) -> Program:
    """Return a program whose circuit has Clifford gates only, if it can be written with them.

    Every other program is returned as it is.
    """
    circuit = program.circuit
    if circuit is None or circuit.clifford:
        return program
    steps: list[Step] = []
    for step in circuit.steps:
        if not isinstance(step, Operation) or step.is_clifford:
            steps.append(step)
            continue
        operations = _clifford_operations(step)
        if operations is None:
            return program
        steps += operations
    return replace(program, circuit=replace(circuit, steps=tuple(steps), clifford=True))


def _clifford_operations(operation: Operation) -> list[Operation] | None:
    """Return an operation as Clifford gates; None if there are none for it."""
    gate, params, qubits, controls = operation
    if controls:
        return None
    turns = [_right_angles(angle) for angle in params]
    if None in turns:
        return None
    if gate.name in _ROTATIONS:
        return _on_each(_ROTATIONS[gate.name][turns[0] or 0], qubits)
    if gate.name == "u":
        theta, phi, lam = (turn or 0 for turn in turns)
        return _on_each((*_Z_GATES[lam], *_Y_GATES[theta], *_Z_GATES[phi]), qubits)
    if gate.name == "rzz":
        turn = turns[0] or 0
        entangler = [Operation(BASIC_GATES["cz"], (), qubits)] if turn % 2 else []
        return _on_each(_Z_GATES[turn], qubits) + entangler
    if gate.name == "cp" and turns[0] in (0, 2):
        return [Operation(BASIC_GATES["cz"], (), qubits)] if turns[0] else []
    return None


def _right_angles(angle: float) -> int | None:
    """Return the number of right angles, 0 to 3; None for any other angle."""
    turns = angle / (pi / 2)
    nearest = round(turns)
    return nearest % 4 if abs(turns - nearest) <= ANGLE_TOLERANCE * max(1, abs(turns)) else None


def _on_each(names: tuple[str, ...], qubits: tuple[int, ...]) -> list[Operation]:
    """Return gates on each of the qubits, one after the other."""
    return [Operation(BASIC_GATES[name], (), (qubit,)) for qubit in qubits for name in names]
