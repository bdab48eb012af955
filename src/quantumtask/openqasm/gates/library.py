"""The kinds of gates, and the gates of the language, of `stdgates.inc` and of `qelib1.inc`."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from quantumtask.openqasm.program.operations import BASIC_GATES, BasicGate


@dataclass(frozen=True, eq=False)
class Gate:
    """A gate that a program can call.

    Attributes:
        name: The name in the program.
        num_parameters: Number of parameters.
        num_qubits: Number of qubits.
        cost: Number of operations of one call.
    """

    name: str
    num_parameters: int
    num_qubits: int
    cost: int = 1


@dataclass(frozen=True, eq=False)
class StandardGate(Gate):
    """A gate that is a basic gate times exp(i * global_phase), under extra controls.

    Attributes:
        basic: The basic gate.
        global_phase: Returns the phase in radians, for the parameters of the gate; None for 0.
        to_basic_params: Returns the parameters of the basic gate, for those of the gate; None if
            both are equal.
        extra_controls: Number of controls of the basic gate; they are the first qubits.
    """

    basic: BasicGate = BASIC_GATES["id"]
    global_phase: Callable[..., float] | None = None
    to_basic_params: Callable[..., tuple[float, ...]] | None = None
    extra_controls: int = 0


@dataclass(frozen=True, eq=False)
class PrimitiveGate(Gate):
    """A gate that is never expanded: it stays one operation under its own name."""

    basic: BasicGate = BASIC_GATES["id"]


@dataclass(frozen=True, eq=False)
class GlobalPhaseGate(Gate):
    """The gate `gphase`: a global phase, or, with controls, the gate `p` on the last control."""


@dataclass(frozen=True, eq=False)
class OpaqueGate(Gate):
    """A gate that a program or an include declares without a definition."""


Argument = float | Callable[[Sequence[Any]], Any]
"""A number, or a function that computes it from the parameters of the enclosing definition."""


class BodyCall(NamedTuple):
    """A call in the definition of a gate.

    Attributes:
        gate: The gate of the call.
        args: The arguments of the call.
        qubit_indices: Indices of the operands among the qubits of the definition.
        powers: Exponents, applied first to last, before the controls; `inv` is -1.
        controls: True for `ctrl`, False for `negctrl`; the first operands are the controls.
        argument_cost: Cost of evaluating the arguments, in operations.
    """

    gate: Gate
    args: tuple[Argument, ...]
    qubit_indices: tuple[int, ...]
    powers: tuple[Argument, ...] = ()
    controls: tuple[bool, ...] = ()
    argument_cost: int = 0


@dataclass(frozen=True, eq=False)
class CompositeGate(Gate):
    """A gate with a definition; `body` is the sequence of calls of the definition."""

    body: tuple[BodyCall, ...] = ()


def standard_gate(name: str, basic: str = "", **fields: Any) -> StandardGate:
    """Return the StandardGate of a basic gate.

    Args:
        name: The name of the new gate.
        basic: The name of the basic gate; the default is `name`.
        fields: Fields of StandardGate, and `num_parameters` if not that of the basic gate.
    """
    base = BASIC_GATES[basic or name]
    num_qubits = base.num_qubits + fields.get("extra_controls", 0)
    num_parameters = fields.pop("num_parameters", base.num_parameters)
    return StandardGate(name, num_parameters, num_qubits, 1, base, **fields)


def _u2_params(phi: float, lam: float) -> tuple[float, ...]:
    return (math.pi / 2, phi, lam)


def _cu3_params(theta: float, phi: float, lam: float) -> tuple[float, ...]:
    return (theta, phi, lam, 0.0)


U = standard_gate("U", "u", global_phase=lambda theta, _phi, _lam: theta / 2)
GPHASE = GlobalPhaseGate("gphase", 1, 0)
BUILT_IN_GATES: dict[str, Gate] = {"U": U, "gphase": GPHASE}

# The gates `u2` and `u3` differ from Qiskit's by a phase, which matters under a control.
_U2 = standard_gate(
    "u2",
    "u",
    num_parameters=2,
    to_basic_params=_u2_params,
    global_phase=lambda phi, lam: -(phi + lam) / 2,
)
_U3 = standard_gate("u3", "u", global_phase=lambda _theta, phi, lam: -(phi + lam) / 2)
_BASIC_NAMES = "p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu id"

STDGATES: dict[str, Gate] = {
    gate.name: gate
    for gate in (
        *(standard_gate(name) for name in _BASIC_NAMES.split()),
        standard_gate("CX", "cx"),
        standard_gate("phase", "p"),
        standard_gate("cphase", "cp"),
        standard_gate("u1", "p"),
        _U2,
        _U3,
    )
}
"""The gates of `stdgates.inc`, by name."""


def _composite_gate(name: str, num_qubits: int, *calls: str) -> CompositeGate:
    """Return a gate without parameters, from calls such as "cx 0 1"."""
    body = []
    for call in calls:
        gate, *indices = call.split()
        body.append(BodyCall(QELIB1[gate], (), tuple(int(index) for index in indices)))
    return CompositeGate(name, 0, num_qubits, len(body), tuple(body))


QELIB1: dict[str, Gate] = {
    **STDGATES,
    "u": standard_gate("u", "u"),
    "u0": standard_gate("u0", "id", num_parameters=1, to_basic_params=lambda _: ()),
    "sxdg": standard_gate("sxdg"),
    "csx": standard_gate("csx"),
    "cu1": standard_gate("cu1", "cp"),
    "cu3": standard_gate("cu3", "cu", num_parameters=3, to_basic_params=_cu3_params),
    "rxx": standard_gate("rxx"),
    "ryy": standard_gate("ryy"),
    "rzz": standard_gate("rzz"),
    "c3x": standard_gate("c3x", "x", extra_controls=3),
    "c3sqrtx": standard_gate("c3sqrtx", "sx", extra_controls=3),
    "c3sx": standard_gate("c3sx", "sx", extra_controls=3),
    "c4x": standard_gate("c4x", "x", extra_controls=4),
}
"""The gates of OpenQASM 2's `qelib1.inc`, by name."""

QELIB1["rccx"] = _composite_gate(
    "rccx", 3, "h 2", "t 2", "cx 1 2", "tdg 2", "cx 0 2", "t 2", "cx 1 2", "tdg 2", "h 2"
)
QELIB1["rc3x"] = _composite_gate(
    "rc3x", 4, "h 3", "t 3", "cx 2 3", "tdg 3", "h 3", "cx 0 3", "t 3", "cx 1 3", "tdg 3",
    "cx 0 3", "t 3", "cx 1 3", "tdg 3", "h 3", "t 3", "cx 2 3", "tdg 3", "h 3",
)  # fmt: skip
