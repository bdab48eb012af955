"""Gates: the ones every program knows, those of its includes, and those it defines."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from quantumtask.openqasm.program.operations import BASIC_GATES, BasicGate


@dataclass(frozen=True, eq=False)
class Gate:
    """What a call needs to know: how many parameters and qubits, and what one call costs."""

    name: str
    parameters: int
    qubits: int
    cost: int = 1


@dataclass(frozen=True, eq=False)
class StandardGate(Gate):
    """A gate that is a Basic one, times exp(i * phase), under `extra` controls.

    `arguments` turns its parameters into those of the Basic gate; None: they are the same.
    """

    basic: BasicGate = BASIC_GATES["id"]
    phase: Callable[..., float] | None = None
    arguments: Callable[..., tuple[float, ...]] | None = None
    extra: int = 0


@dataclass(frozen=True, eq=False)
class PrimitiveGate(Gate):
    """A gate that stays one operation of its own name and is never expanded."""

    basic: BasicGate = BASIC_GATES["id"]


@dataclass(frozen=True, eq=False)
class GlobalPhaseGate(Gate):
    """`gphase`: acts on no qubit, and on its last control as `p` when it has controls."""


@dataclass(frozen=True, eq=False)
class OpaqueGate(Gate):
    """A gate of OpenQASM 2 that is declared without saying what it does."""


Argument = float | Callable[[Sequence[Any]], Any]
"""A number, or the way to it from the parameters of the definition that it stands in."""


class BodyCall(NamedTuple):
    """A call inside a definition: `slots` are places in the definition's list of qubits.

    `powers` are applied first to last, before the controls; `inv` is -1. `weight`: operations that
    working out its arguments takes as long as.
    """

    gate: Gate
    args: tuple[Argument, ...]
    slots: tuple[int, ...]
    powers: tuple[Argument, ...] = ()
    controls: tuple[bool, ...] = ()
    weight: int = 0


@dataclass(frozen=True, eq=False)
class CompositeGate(Gate):
    """A gate that is made of others; `cells`: how many values its body needs to be evaluated."""

    body: tuple[BodyCall, ...] = ()


def standard_gate(name: str, basic: str = "", **more: Any) -> StandardGate:
    """A gate that is the Basic one of the name `basic`; `more` as in Standard."""
    base = BASIC_GATES[basic or name]
    extra = more.get("extra", 0)
    parameters = more.pop("parameters", base.parameters)
    return StandardGate(name, parameters, base.qubits + extra, 1, base, **more)


def _u2(phi: float, lam: float) -> tuple[float, ...]:
    return (math.pi / 2, phi, lam)


def _cu3(theta: float, phi: float, lam: float) -> tuple[float, ...]:
    return (theta, phi, lam, 0.0)


U = standard_gate("U", "u", phase=lambda theta, _phi, _lam: theta / 2)
GPHASE = GlobalPhaseGate("gphase", 1, 0)
BUILT_IN_GATES: dict[str, Gate] = {"U": U, "gphase": GPHASE}

# The gates `u2` and `u3` differ from Qiskit's by a phase, which shows once they are controlled.
_U2 = standard_gate("u2", "u", parameters=2, arguments=_u2, phase=lambda phi, lam: -(phi + lam) / 2)
_U3 = standard_gate("u3", "u", phase=lambda _theta, phi, lam: -(phi + lam) / 2)
_SAME_NAME = "p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu id"

STDGATES: dict[str, Gate] = {
    gate.name: gate
    for gate in (
        *(standard_gate(name) for name in _SAME_NAME.split()),
        standard_gate("CX", "cx"),
        standard_gate("phase", "p"),
        standard_gate("cphase", "cp"),
        standard_gate("u1", "p"),
        _U2,
        _U3,
    )
}
"""The gates of `stdgates.inc`, by name."""


def _made_of(name: str, qubits: int, *calls: str) -> CompositeGate:
    """A definition from lines such as "cx 0 1" and "u1(-pi/4) 2"."""
    body = []
    for call in calls:
        head, *slots = call.split()
        gate, _, angle = head.partition(":")
        args = (float(angle) * math.pi,) if angle else ()
        body.append(BodyCall(QELIB1[gate], args, tuple(int(slot) for slot in slots)))
    return CompositeGate(name, 0, qubits, len(body), tuple(body))


QELIB1: dict[str, Gate] = {
    **STDGATES,
    "u": standard_gate("u", "u"),
    "u0": standard_gate("u0", "id", parameters=1, arguments=lambda _: ()),
    "sxdg": standard_gate("sxdg"),
    "csx": standard_gate("csx"),
    "cu1": standard_gate("cu1", "cp"),
    "cu3": standard_gate("cu3", "cu", parameters=3, arguments=_cu3),
    "rxx": standard_gate("rxx"),
    "ryy": standard_gate("ryy"),
    "rzz": standard_gate("rzz"),
    "c3x": standard_gate("c3x", "x", extra=3),
    "c3sqrtx": standard_gate("c3sqrtx", "sx", extra=3),
    "c3sx": standard_gate("c3sx", "sx", extra=3),
    "c4x": standard_gate("c4x", "x", extra=4),
}
"""The gates of OpenQASM 2's `qelib1.inc`, by name."""

QELIB1["rccx"] = _made_of(
    "rccx", 3, "h 2", "t 2", "cx 1 2", "tdg 2", "cx 0 2", "t 2", "cx 1 2", "tdg 2", "h 2"
)
QELIB1["rc3x"] = _made_of(
    "rc3x", 4, "h 3", "t 3", "cx 2 3", "tdg 3", "h 3", "cx 0 3", "t 3", "cx 1 3", "tdg 3",
    "cx 0 3", "t 3", "cx 1 3", "tdg 3", "h 3", "t 3", "cx 2 3", "tdg 3", "h 3",
)  # fmt: skip
