"""The gates a program can call: the built-in ones, `stdgates.inc`, and those it defines."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from qiskit.circuit import Gate as QiskitGate
from qiskit.circuit.library import standard_gates as std

from quantumtask.openqasm.syntax import Node


@dataclass(frozen=True, eq=False)
class Gate:
    """What a call needs to know: how many parameters and qubits, and what one call costs."""

    name: str
    parameters: int
    qubits: int
    cost: int = 1


@dataclass(frozen=True, eq=False)
class Standard(Gate):
    """A gate that Qiskit knows: the specification's gate is exp(i * phase) times Qiskit's."""

    make: Callable[..., QiskitGate] = std.XGate
    phase: Callable[..., float] | None = None
    clifford: bool = False
    fixed: QiskitGate | None = None

    def build(self, params: tuple[float, ...]) -> QiskitGate:
        return self.fixed or self.make(*params)


@dataclass(frozen=True, eq=False)
class GlobalPhase(Gate):
    """`gphase`: acts on no qubit, and on its last control as `p` when it has controls."""


@dataclass(frozen=True, eq=False)
class BodyCall:
    """A call inside a definition: `slots` are places in the definition's list of qubits.

    An argument is a number, or an expression of the definition's parameters.
    """

    gate: Gate
    args: tuple[float | Node, ...]
    slots: tuple[int, ...]
    powers: tuple[float, ...]
    controls: tuple[bool, ...]


@dataclass(frozen=True, eq=False)
class Defined(Gate):
    """A gate that the program defines; `outside` looks up the constants its body uses."""

    names: tuple[str, ...] = ()
    body: tuple[BodyCall, ...] = ()
    outside: Callable[[str], Any] = lambda _: None


def _standard(
    name: str,
    make: Callable[..., QiskitGate],
    parameters: int,
    qubits: int,
    phase: Callable[..., float] | None = None,
) -> Standard:
    fixed = None if parameters else make()
    return Standard(name, parameters, qubits, 1, make, phase, name in _CLIFFORD, fixed)


def _u2(phi: float, lam: float) -> QiskitGate:
    return std.UGate(math.pi / 2, phi, lam)


_CLIFFORD = frozenset({"x", "y", "z", "h", "s", "sdg", "sx", "cx", "cy", "cz", "swap", "id", "CX"})

# U and u3 differ from Qiskit's only by a phase, which shows once they are controlled.
U = _standard("U", std.UGate, 3, 1, lambda theta, _phi, _lam: theta / 2)
GPHASE = GlobalPhase("gphase", 1, 0)
BUILT_IN = {"U": U, "gphase": GPHASE}

STDGATES = {
    gate.name: gate
    for gate in (
        _standard("p", std.PhaseGate, 1, 1),
        _standard("x", std.XGate, 0, 1),
        _standard("y", std.YGate, 0, 1),
        _standard("z", std.ZGate, 0, 1),
        _standard("h", std.HGate, 0, 1),
        _standard("s", std.SGate, 0, 1),
        _standard("sdg", std.SdgGate, 0, 1),
        _standard("t", std.TGate, 0, 1),
        _standard("tdg", std.TdgGate, 0, 1),
        _standard("sx", std.SXGate, 0, 1),
        _standard("rx", std.RXGate, 1, 1),
        _standard("ry", std.RYGate, 1, 1),
        _standard("rz", std.RZGate, 1, 1),
        _standard("cx", std.CXGate, 0, 2),
        _standard("cy", std.CYGate, 0, 2),
        _standard("cz", std.CZGate, 0, 2),
        _standard("cp", std.CPhaseGate, 1, 2),
        _standard("crx", std.CRXGate, 1, 2),
        _standard("cry", std.CRYGate, 1, 2),
        _standard("crz", std.CRZGate, 1, 2),
        _standard("ch", std.CHGate, 0, 2),
        _standard("swap", std.SwapGate, 0, 2),
        _standard("ccx", std.CCXGate, 0, 3),
        _standard("cswap", std.CSwapGate, 0, 3),
        _standard("cu", std.CUGate, 4, 2),
        _standard("CX", std.CXGate, 0, 2),
        _standard("phase", std.PhaseGate, 1, 1),
        _standard("cphase", std.CPhaseGate, 1, 2),
        _standard("id", std.IGate, 0, 1),
        _standard("u1", std.PhaseGate, 1, 1),
        _standard("u2", _u2, 2, 1, lambda phi, lam: -(phi + lam) / 2),
        _standard("u3", std.UGate, 3, 1, lambda _theta, phi, lam: -(phi + lam) / 2),
    )
}
"""The gates of `stdgates.inc`, by name."""
