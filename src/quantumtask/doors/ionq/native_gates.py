"""IonQ's native gates as OpenQASM 3. Their phases and angles are in turns: 1 is a full circle.

Source: https://docs.ionq.com/guides/getting-started-with-native-gates
"""

import math
from collections.abc import Callable

from quantumtask.doors.ionq.gate_call import JsonGate
from quantumtask.doors.ionq.qis_gates import statement

TURN = 2 * math.pi
DEFAULT_ANGLE = 0.25
"""Angle of `ms` and `zz` without one, in turns: the gate that entangles fully."""

NATIVE_DEFINITIONS = """gate gpi(phi) a { U(pi, phi, pi - phi) a; }
gate gpi2(phi) a { U(pi / 2, phi - pi / 2, pi / 2 - phi) a; }
gate ms(phi0, phi1, theta) a, b {
  rz(-phi0) a; rz(-phi1) b;
  rxx(theta) a, b;
  rz(phi0) a; rz(phi1) b;
}
gate zz(theta) a, b { rzz(theta) a, b; }
"""
"""The gates with arguments in radians."""


def _equatorial(call: JsonGate) -> str:
    call.check_fields("phase")
    return statement(call.name, [TURN * call.number("phase")], call.targets(1))


def _molmer_sorensen(call: JsonGate) -> str:
    call.check_fields("phases", "angle")
    phases, angle = call.numbers("phases", 2), DEFAULT_ANGLE
    if call.has("angle"):
        angle = call.number("angle")
    return statement("ms", [TURN * each for each in (*phases, angle)], call.targets(2))


def _zz(call: JsonGate) -> str:
    """Return `zz`, whose angle cirq-ionq sends under the name `phase`."""
    call.check_fields("angle", "phase")
    if call.has("angle") and call.has("phase"):
        raise call.error("phase", "not together with `angle`")
    name = "phase" if call.has("phase") else "angle"
    angle = call.number(name) if call.has(name) else DEFAULT_ANGLE
    return statement("zz", [TURN * angle], call.targets(2))


NATIVE_WRITERS: dict[str, Callable[[JsonGate], str]] = {
    "gpi": _equatorial,
    "gpi2": _equatorial,
    "ms": _molmer_sorensen,
    "zz": _zz,
}
