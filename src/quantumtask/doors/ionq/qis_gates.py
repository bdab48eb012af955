"""Gates of IonQ's gate set `qis` as OpenQASM 3.

If one of our basic gates is equal to a gate, a call of the gate becomes a single operation, so that
noise follows the gate once. Angles are in radians.

Source: https://docs.ionq.com/api-reference/v0.4/writing-quantum-programs
"""

import math
from collections.abc import Callable, Sequence

from quantumtask.doors.ionq.gate_call import JsonGate

_HALF_PI = math.pi / 2

ONE_QUBIT = {
    "x": "x", "not": "x", "y": "y", "z": "z", "h": "h", "s": "s", "si": "sdg", "t": "t",
    "ti": "tdg", "v": "sx", "vi": "sxdg",
}  # fmt: skip
"""IonQ's names of gates on one qubit without a parameter, and the names in qelib1.inc."""

PHASE_ANGLES = {
    "z": math.pi, "s": _HALF_PI, "si": -_HALF_PI, "t": math.pi / 4, "ti": -math.pi / 4,
}  # fmt: skip
"""The gates that multiply 1 by a phase, with its angle."""

CONTROLLED = {
    "x": "cx", "not": "cx", "y": "cy", "z": "cz", "h": "ch", "v": "csx",
    "rx": "crx", "ry": "cry", "rz": "crz",
}  # fmt: skip
"""The names in qelib1.inc of gates with one control."""

ROTATIONS = ("rx", "ry", "rz")
PAIR_ROTATIONS = {"xx": "rxx", "yy": "ryy", "zz": "rzz"}
"""exp(-i rotation/2 XX), and so on."""


def statement(name: str, angles: Sequence[float], qubits: Sequence[int]) -> str:
    """Return a gate call in OpenQASM."""
    arguments = f"({', '.join(map(repr, angles))})" if angles else ""
    return f"{name}{arguments} {', '.join(f'q[{qubit}]' for qubit in qubits)};"


def _controlled(
    name: str, angles: Sequence[float], controls: Sequence[int], qubits: Sequence[int]
) -> str:
    """Return a call of a gate of qelib1.inc with controls."""
    if not controls:
        return statement(name, angles, qubits)
    modifier = "ctrl @" if len(controls) == 1 else f"ctrl({len(controls)}) @"
    return statement(f"{modifier} {name}", angles, [*controls, *qubits])


def _one_qubit(call: JsonGate) -> str:
    """Return a gate without a parameter; `z` may have a rotation, and is then a phase gate."""
    phase = call.number("rotation") if call.name == "z" and call.has("rotation") else None
    call.check_fields("control", "controls", *(("rotation",) if phase is not None else ()))
    targets = call.targets(1)
    controls = call.controls(targets)
    if phase is not None or (controls and call.name in PHASE_ANGLES and call.name != "z"):
        angle = PHASE_ANGLES[call.name] if phase is None else phase
        if len(controls) == 1:
            return statement("cp", [angle], [*controls, *targets])
        return _controlled("p", [angle], controls, targets)
    if len(controls) == 1 and call.name in CONTROLLED:
        return statement(CONTROLLED[call.name], [], [*controls, *targets])
    if len(controls) == 1 and call.name == "vi":  # exp(-i pi/4) rx(-pi/2)
        angles = [_HALF_PI, _HALF_PI, -_HALF_PI, -math.pi / 4]
        return statement("cu", angles, [*controls, *targets])
    if len(controls) == 2 and ONE_QUBIT[call.name] == "x":
        return statement("ccx", [], [*controls, *targets])
    return _controlled(ONE_QUBIT[call.name], [], controls, targets)


def _controlled_not(call: JsonGate) -> str:
    call.check_fields("control", "controls")
    targets = call.targets(1)
    controls = call.controls(targets)
    if not controls:
        raise call.error("control", "`cnot` needs a control")
    name = {1: "cx", 2: "ccx"}.get(len(controls))
    if name:
        return statement(name, [], [*controls, *targets])
    return _controlled("x", [], controls, targets)


def _rotation(call: JsonGate) -> str:
    call.check_fields("rotation", "control", "controls")
    targets, angle = call.targets(1), call.number("rotation")
    controls = call.controls(targets)
    if len(controls) == 1:
        return statement(CONTROLLED[call.name], [angle], [*controls, *targets])
    return _controlled(call.name, [angle], controls, targets)


def _pair_rotation(call: JsonGate) -> str:
    call.check_fields("rotation", "control", "controls")
    targets, angle = call.targets(2), call.number("rotation")
    return _controlled(PAIR_ROTATIONS[call.name], [angle], call.controls(targets), targets)


def _swap(call: JsonGate) -> str:
    call.check_fields("control", "controls")
    targets = call.targets(2)
    controls = call.controls(targets)
    if len(controls) == 1:
        return statement("cswap", [], [*controls, *targets])
    return _controlled("swap", [], controls, targets)


QIS_WRITERS: dict[str, Callable[[JsonGate], str]] = {
    **dict.fromkeys(ONE_QUBIT, _one_qubit),
    **dict.fromkeys(ROTATIONS, _rotation),
    **dict.fromkeys(PAIR_ROTATIONS, _pair_rotation),
    "cnot": _controlled_not,
    "swap": _swap,
}
"""For each gate but `pauliexp` the function that writes a call in OpenQASM."""
