"""Undeclared gates: gates that other tools write in OpenQASM without a declaration.

A program's own names and those of its includes always come first: see `Scope.gate`.

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
    """An undeclared gate with its owner, such as "Braket's" or "Braket's and Qiskit's"."""

    gate: Gate
    owner: str


def _parameter(number: int, factor: float = 1.0) -> Argument:
    """A multiple of a parameter of the definition."""
    return lambda params: factor * params[number]


def _call(name: str, *slots: int, angle: Argument | None = None) -> BodyCall:
    return BodyCall(QELIB1[name], () if angle is None else (angle,), slots)


def _made_of(name: str, parameters: int, *body: BodyCall) -> CompositeGate:
    qubits = 1 + max(slot for call in body for slot in call.slots)
    return CompositeGate(name, parameters, qubits, len(body), body)


def _shifted(name: str, *controls: bool) -> CompositeGate:
    """The gate that applies exp(i * angle) to one basis state of two qubits."""
    return _made_of(name, 1, BodyCall(GPHASE, (_parameter(0),), (0, 1), (), controls))


def _turned(theta: float, phi: float) -> tuple[float, ...]:
    """Arguments of the `u` that rotates by theta about the axis at angle phi from x to y."""
    return (theta, phi - _HALF, _HALF - phi)


def _ms(parameters: int) -> CompositeGate:
    """Braket's `ms(a, b[, c])`: `rxx(c)` about the axes at a and b; c is pi/2 where left out."""
    angle = _parameter(2) if parameters == 3 else _HALF
    return _made_of(
        "ms",
        parameters,
        _call("p", 0, angle=_parameter(0, -1)),
        _call("p", 1, angle=_parameter(1, -1)),
        _call("rxx", 0, 1, angle=angle),
        _call("p", 0, angle=_parameter(0)),
        _call("p", 1, angle=_parameter(1)),
    )


def _xx_yy(name: str, sign: int, turned: int) -> CompositeGate:
    """Qiskit's `xx_plus_yy(theta, beta)` or `xx_minus_yy`; beta turns qubit `turned`."""
    return _made_of(
        name,
        2,
        _call("rz", turned, angle=_parameter(1, sign)),
        _call("rxx", 0, 1, angle=_parameter(0, 0.5)),
        _call("ryy", 0, 1, angle=_parameter(0, 0.5 * sign)),
        _call("rz", turned, angle=_parameter(1, -sign)),
    )


_ISWAP = _made_of("iswap", 0, _call("s", 0), _call("s", 1), _call("cz", 0, 1), _call("swap", 0, 1))
_ECR = _made_of(
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
    _shifted("cphaseshift00", False, False),
    _shifted("cphaseshift01", False, True),
    _shifted("cphaseshift10", True, False),
    standard_gate("xx", "rxx"),
    standard_gate("yy", "ryy"),
    standard_gate("zz", "rzz"),
    _made_of(
        "xy", 1,
        _call("rxx", 0, 1, angle=_parameter(0, -0.5)),
        _call("ryy", 0, 1, angle=_parameter(0, -0.5)),
    ),
    _made_of(
        "pswap", 1,
        _call("swap", 0, 1),
        _call("p", 0, angle=_parameter(0)),
        _call("p", 1, angle=_parameter(0)),
        _call("cp", 0, 1, angle=_parameter(0, -2)),
    ),
    standard_gate("prx", "u", parameters=2, arguments=_turned),
    standard_gate("gpi", "u", parameters=1, arguments=lambda phi: (math.pi, phi, math.pi - phi)),
    standard_gate("gpi2", "u", parameters=1, arguments=lambda phi: _turned(_HALF, phi)),
    _ms(2),
    _ms(3),
)  # fmt: skip

_QISKIT_ONLY: tuple[Gate, ...] = (
    standard_gate("r", "u", parameters=2, arguments=_turned),
    standard_gate("cs", "cp", parameters=0, arguments=lambda: (_HALF,)),
    standard_gate("csdg", "cp", parameters=0, arguments=lambda: (-_HALF,)),
    standard_gate("ccz", "z", extra=2),
    standard_gate("cccx", "x", extra=3),
    standard_gate("ccccx", "x", extra=4),
    _made_of("dcx", 0, _call("cx", 0, 1), _call("cx", 1, 0)),
    _made_of(
        "rzx", 1, _call("h", 1), _call("rzz", 0, 1, angle=_parameter(0)), _call("h", 1)
    ),
    _made_of("rcccx", 0, _call("rc3x", 0, 1, 2, 3)),
    _xx_yy("xx_plus_yy", 1, 0),
    _xx_yy("xx_minus_yy", -1, 1),
)  # fmt: skip

_BRAKET_STANDARD = "h x y z s t rx ry rz cy cz swap cswap"
"""Gates of `stdgates.inc` that Braket writes without the include."""

_HQS = (
    standard_gate("Rz", "rz"),
    standard_gate("U1q", "u", parameters=2, arguments=_turned),
    standard_gate("ZZ", "rzz", parameters=0, arguments=lambda: (_HALF,)),
    standard_gate("RZZ", "rzz"),
    _made_of(
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
"""The gates of `hqslib1_dev.inc`, without its opaque ones."""

INCLUDES = {
    "stdgates.inc": STDGATES,
    "qelib1.inc": QELIB1,
    "hqslib1.inc": HQSLIB1,
    "hqslib1_dev.inc": HQSLIB1_DEV,
}
"""The gates of each file that can be included."""

_UNDECLARED: dict[str, tuple[UndeclaredGate, ...]] = {}
"""The undeclared gates by name; gates of one name differ in their parameters or qubits."""


def _add(gates: Iterable[Gate], owner: str) -> None:
    for gate in gates:
        _UNDECLARED[gate.name] = (*_UNDECLARED.get(gate.name, ()), UndeclaredGate(gate, owner))


_add(_SHARED, "Braket's and Qiskit's")
_add((*_BRAKET_ONLY, *(STDGATES[name] for name in _BRAKET_STANDARD.split())), "Braket's")
_add(_QISKIT_ONLY, "Qiskit's")
_add((gate for name, gate in QELIB1.items() if name not in STDGATES), "Qiskit's")
_add(_HQS, "Quantinuum's")

_OF_ANY_SIZE = {"mcx": "x", "mcp": "p", "mcphase": "p"}
"""Qiskit's gates with any number of controls, by the gate that they control."""

_MOST_CONTROLS = 32

UNDECLARED_NAMES = frozenset([*_UNDECLARED, *_OF_ANY_SIZE])

UNAMBIGUOUS_NAMES = frozenset(name for name, gates in _UNDECLARED.items() if len(gates) == 1)
"""The names of NAMES that have one gate, for any number of parameters and qubits."""


@lru_cache(200)
def find_undeclared_gate(name: str, parameters: int, qubits: int) -> UndeclaredGate | None:
    """The gate that a tool means by an undeclared name; None for a name that is not in NAMES.

    Of several gates with the name, the one with these numbers of parameters and qubits is returned.
    If none has these numbers, the first gate is returned, so that a message can name its numbers.
    """
    if name in _OF_ANY_SIZE:
        controls = min(max(qubits - 1, 1), _MOST_CONTROLS)
        gate = standard_gate(name, _OF_ANY_SIZE[name], extra=controls)
        return UndeclaredGate(replace(gate, cost=4 * controls**2), "Qiskit's")
    found = _UNDECLARED.get(name, ())
    fitting = [
        one for one in found if (one.gate.parameters, one.gate.qubits) == (parameters, qubits)
    ]
    return next(iter((*fitting, *found)), None)


def undeclared_warnings(owners: Mapping[str, str]) -> list[tuple[str, str]]:
    """One name and the warning for each owner; `owners` has the owner of each undeclared gate."""
    if not owners:  # the common case
        return []
    names: dict[str, list[str]] = {}
    for name in sorted(owners):
        names.setdefault(owners[name], []).append(name)
    return [(own[0], _warning(own, owner)) for owner, own in sorted(names.items())]


def _warning(names: Sequence[str], owner: str) -> str:
    *others, last = (f"`{name}`" for name in names)
    if not others:
        return f"{last} is not declared: it is taken for {owner} gate"
    listed = f"{', '.join(others)} and {last}"
    return f"{listed} are not declared: they are taken for {owner} gates"
