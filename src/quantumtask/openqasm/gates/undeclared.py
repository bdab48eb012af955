"""Undeclared gates: gates that other tools write in OpenQASM without a declaration.

A name that a program or one of its includes declares has precedence.

Sources: Braket's `gate_operations.py` (amazon-braket-default-simulator), whose matrices have the
first qubit as the highest bit of an index; Qiskit's `qiskit.circuit.library`, lowest bit first;
tket's `hqslib1.inc` and `OpType`. Angles are in radians for all of them.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from quantumtask.openqasm.gates.library import (
    GPHASE,
    QELIB1,
    STDGATES,
    Argument,
    BodyCall,
    CompositeGate,
    Gate,
    OpaqueGate,
    standard_gate,
)

UNDECLARED_GATE_CODE = "undeclared_gate"
"""The code of the warning about an undeclared gate."""

_QUARTER, _HALF = math.pi / 4, math.pi / 2


class UndeclaredGate(NamedTuple):
    """An undeclared gate, and its origin as a possessive, such as "Braket's and Qiskit's"."""

    gate: Gate
    origin: str


def _parameter(number: int, factor: float = 1.0) -> Argument:
    """Return the argument that is a multiple of a parameter of the definition."""
    return lambda params: factor * params[number]


def _call(name: str, *qubits: int, angle: Argument | None = None) -> BodyCall:
    return BodyCall(QELIB1[name], () if angle is None else (angle,), qubits)


def _composite_gate(name: str, num_parameters: int, *body: BodyCall) -> CompositeGate:
    num_qubits = 1 + max(index for call in body for index in call.qubit_indices)
    return CompositeGate(name, num_parameters, num_qubits, len(body), body)


def _phase_of_state(name: str, *controls: bool) -> CompositeGate:
    """Return the gate that multiplies one basis state of two qubits by exp(i * angle)."""
    return _composite_gate(name, 1, BodyCall(GPHASE, (_parameter(0),), (0, 1), (), controls))


def _equatorial_rotation(theta: float, phi: float) -> tuple[float, ...]:
    """Return the parameters of the `u` that rotates by theta about cos(phi) x + sin(phi) y."""
    return (theta, phi - _HALF, _HALF - phi)


def _ms(num_parameters: int) -> CompositeGate:
    """Return Braket's `ms(a, b[, c])`: `rxx(c)` about the axes at a and b; by default c is pi/2."""
    angle = _parameter(2) if num_parameters == 3 else _HALF
    return _composite_gate(
        "ms",
        num_parameters,
        _call("p", 0, angle=_parameter(0, -1)),
        _call("p", 1, angle=_parameter(1, -1)),
        _call("rxx", 0, 1, angle=angle),
        _call("p", 0, angle=_parameter(0)),
        _call("p", 1, angle=_parameter(1)),
    )


def _xx_yy(name: str, sign: int, rotated: int) -> CompositeGate:
    """Return Qiskit's `xx_plus_yy(theta, beta)` or `xx_minus_yy`; beta rotates one qubit."""
    return _composite_gate(
        name,
        2,
        _call("rz", rotated, angle=_parameter(1, sign)),
        _call("rxx", 0, 1, angle=_parameter(0, 0.5)),
        _call("ryy", 0, 1, angle=_parameter(0, 0.5 * sign)),
        _call("rz", rotated, angle=_parameter(1, -sign)),
    )


_ISWAP = _composite_gate(
    "iswap", 0, _call("s", 0), _call("s", 1), _call("cz", 0, 1), _call("swap", 0, 1)
)
_ECR = _composite_gate(
    "ecr", 0, BodyCall(GPHASE, (-_QUARTER,), ()),
    _call("s", 0), _call("sx", 1), _call("cx", 0, 1), _call("x", 0),
)  # fmt: skip
_SHARED: tuple[Gate, ...] = (_ISWAP, _ECR)

_BRAKET_ONLY: tuple[Gate, ...] = (
    standard_gate("i", "id"),
    standard_gate("si", "sdg"),
    standard_gate("ti", "tdg"),
    standard_gate("v", "sx"),
    standard_gate("vi", "sxdg"),
    standard_gate("cv", "csx"),
    standard_gate("cnot", "cx"),
    standard_gate("ccnot", "ccx"),
    standard_gate("phaseshift", "p"),
    standard_gate("cphaseshift", "cp"),
    _phase_of_state("cphaseshift00", False, False),
    _phase_of_state("cphaseshift01", False, True),
    _phase_of_state("cphaseshift10", True, False),
    standard_gate("xx", "rxx"),
    standard_gate("yy", "ryy"),
    standard_gate("zz", "rzz"),
    _composite_gate(
        "xy", 1,
        _call("rxx", 0, 1, angle=_parameter(0, -0.5)),
        _call("ryy", 0, 1, angle=_parameter(0, -0.5)),
    ),
    _composite_gate(
        "pswap", 1,
        _call("swap", 0, 1),
        _call("p", 0, angle=_parameter(0)),
        _call("p", 1, angle=_parameter(0)),
        _call("cp", 0, 1, angle=_parameter(0, -2)),
    ),
    standard_gate("prx", "u", num_parameters=2, to_basic_params=_equatorial_rotation),
    standard_gate(
        "gpi", "u", num_parameters=1, to_basic_params=lambda phi: (math.pi, phi, math.pi - phi)
    ),
    standard_gate(
        "gpi2", "u", num_parameters=1, to_basic_params=lambda phi: _equatorial_rotation(_HALF, phi)
    ),
    _ms(2),
    _ms(3),
)  # fmt: skip

_QISKIT_ONLY: tuple[Gate, ...] = (
    standard_gate("r", "u", num_parameters=2, to_basic_params=_equatorial_rotation),
    standard_gate("cs", "cp", num_parameters=0, to_basic_params=lambda: (_HALF,)),
    standard_gate("csdg", "cp", num_parameters=0, to_basic_params=lambda: (-_HALF,)),
    standard_gate("ccz", "z", extra_controls=2),
    standard_gate("cccx", "x", extra_controls=3),
    standard_gate("ccccx", "x", extra_controls=4),
    _composite_gate("dcx", 0, _call("cx", 0, 1), _call("cx", 1, 0)),
    _composite_gate(
        "rzx", 1, _call("h", 1), _call("rzz", 0, 1, angle=_parameter(0)), _call("h", 1)
    ),
    _composite_gate("rcccx", 0, _call("rc3x", 0, 1, 2, 3)),
    _xx_yy("xx_plus_yy", 1, 0),
    _xx_yy("xx_minus_yy", -1, 1),
)  # fmt: skip

_BRAKET_STANDARD = "h x y z s t rx ry rz cy cz swap cswap"
"""Gates of `stdgates.inc` that Braket writes without the include."""

_HQS = (
    standard_gate("Rz", "rz"),
    standard_gate("U1q", "u", num_parameters=2, to_basic_params=_equatorial_rotation),
    standard_gate("ZZ", "rzz", num_parameters=0, to_basic_params=lambda: (_HALF,)),
    standard_gate("RZZ", "rzz"),
    _composite_gate(
        "Rxxyyzz", 3,
        _call("rxx", 0, 1, angle=_parameter(0)),
        _call("ryy", 0, 1, angle=_parameter(1)),
        _call("rzz", 0, 1, angle=_parameter(2)),
    ),
)  # fmt: skip

_HQS_STANDARD = (
    "x y z CX cx h s sdg t tdg rx ry rz cz cy ch ccx crz cu1 cu3 csx cu u u3 u2 u1 id p sx sxdg "
    "swap cswap crx cry cp rxx rzz rccx rc3x c3x c3sqrtx c4x"
)

HQSLIB1: dict[str, Gate] = {
    **{name: QELIB1[name] for name in _HQS_STANDARD.split()},
    **{gate.name: gate for gate in (*_HQS, *_QISKIT_ONLY[1:3])},
    "Rxxyyzz_zphase": OpaqueGate("Rxxyyzz_zphase", 5, 2),
}
"""The gates of Quantinuum's `hqslib1.inc`, which tket writes, by name."""

HQSLIB1_DEV: dict[str, Gate] = {
    **HQSLIB1,
    "sleep": OpaqueGate("sleep", 1, 1),
    **{
        f"{word}{n}": OpaqueGate(f"{word}{n}", 0, n)
        for word in ("order", "group")
        for n in range(2, 21)
    },
}
"""The gates of Quantinuum's `hqslib1_dev.inc`, by name."""

INCLUDES = {
    "stdgates.inc": STDGATES,
    "qelib1.inc": QELIB1,
    "hqslib1.inc": HQSLIB1,
    "hqslib1_dev.inc": HQSLIB1_DEV,
}
"""The gates of each file that a program can include, by name of the file."""

_UNDECLARED: dict[str, tuple[UndeclaredGate, ...]] = {}
"""The undeclared gates by name; gates of one name differ in their parameters or qubits."""


def _add(gates: Iterable[Gate], origin: str) -> None:
    for gate in gates:
        _UNDECLARED[gate.name] = (*_UNDECLARED.get(gate.name, ()), UndeclaredGate(gate, origin))


_add(_SHARED, "Braket's and Qiskit's")
_add((*_BRAKET_ONLY, *(STDGATES[name] for name in _BRAKET_STANDARD.split())), "Braket's")
_add(_QISKIT_ONLY, "Qiskit's")
_add((gate for name, gate in QELIB1.items() if name not in STDGATES), "Qiskit's")
_add(_HQS, "Quantinuum's")

_MULTI_CONTROLLED = {"mcx": "x", "mcp": "p", "mcphase": "p"}
"""For each of Qiskit's gates with any number of controls, the gate that it controls."""

_MAX_CONTROLS = 32


def controlled_form(names: Iterable[str]) -> str | None:
    """Return OpenQASM's form of the first gate with any number of controls; None without one."""
    name = next((each for each in sorted(names) if each in _MULTI_CONTROLLED), None)
    return (
        f"Write `ctrl(n) @ {_MULTI_CONTROLLED[name]}` for `{name}` with n controls"
        if name
        else None
    )


UNDECLARED_NAMES = frozenset([*_UNDECLARED, *_MULTI_CONTROLLED])
"""The names of all undeclared gates."""

UNAMBIGUOUS_NAMES = frozenset(name for name, gates in _UNDECLARED.items() if len(gates) == 1)
"""The names of UNDECLARED_NAMES that have a single gate."""


@lru_cache(200)
def find_undeclared_gate(name: str, num_parameters: int, num_qubits: int) -> UndeclaredGate | None:
    """Return the undeclared gate of a name; None for a name that is not in UNDECLARED_NAMES.

    Of several gates with the name, the gate with these numbers of parameters and qubits is
    returned. If no gate has these numbers, the first gate is returned, so that a message can name
    its numbers.
    """
    if name in _MULTI_CONTROLLED:
        controls = min(max(num_qubits - 1, 1), _MAX_CONTROLS)
        multi_controlled = standard_gate(name, _MULTI_CONTROLLED[name], extra_controls=controls)
        return UndeclaredGate(replace(multi_controlled, cost=4 * controls**2), "Qiskit's")
    candidates = _UNDECLARED.get(name, ())
    for candidate in candidates:
        gate = candidate.gate
        if (gate.num_parameters, gate.num_qubits) == (num_parameters, num_qubits):
            return candidate
    return next(iter(candidates), None)


def undeclared_warnings(origins: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return one warning for each tool whose undeclared gates a program calls.

    Args:
        origins: The tool of each undeclared gate, as in `UndeclaredGate`, by name of the gate.

    Returns:
        For each tool, the alphabetically first of its gates and the warning.
    """
    if not origins:  # the common case
        return []
    names: dict[str, list[str]] = {}
    for name in sorted(origins):
        names.setdefault(origins[name], []).append(name)
    return [(group[0], _warning(group, origin)) for origin, group in sorted(names.items())]


def _warning(names: Sequence[str], origin: str) -> str:
    *others, last = (f"`{name}`" for name in names)
    if not others:
        return f"{last} is not declared: it is taken for {origin} gate"
    return f"{', '.join(others)} and {last} are not declared: they are taken for {origin} gates"
