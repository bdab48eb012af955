"""Calls of PennyLane's operators in OpenQASM."""

from itertools import groupby
from typing import Any, NamedTuple

from pennylane import ops
from pennylane.operation import Operator

MAX_CONTROLS = 32
"""Largest number of controls of one call in the service."""

CALLS: dict[type, str] = {
    ops.PauliX: "x", ops.PauliY: "y", ops.PauliZ: "z", ops.Hadamard: "h", ops.S: "s", ops.T: "t",
    ops.SX: "sx", ops.RX: "rx", ops.RY: "ry", ops.RZ: "rz", ops.PhaseShift: "p", ops.U1: "p",
    ops.U3: "u", ops.CNOT: "cx", ops.CY: "cy", ops.CZ: "cz", ops.CH: "ch", ops.SWAP: "swap",
    ops.CSWAP: "cswap", ops.Toffoli: "ccx", ops.CCZ: "ctrl @ cz", ops.CRX: "crx", ops.CRY: "cry",
    ops.CRZ: "crz", ops.ControlledPhaseShift: "cp", ops.IsingXX: "rxx", ops.IsingYY: "ryy",
    ops.IsingZZ: "rzz", ops.GlobalPhase: "gphase",
}  # fmt: skip
"""Operators with an equal gate in OpenQASM, phase included: they may be controlled."""

NAMES = frozenset(kind.__name__ for kind in CALLS) | {"Identity", "MultiControlledX"}
GATE_SET = NAMES | {f"C({name})" for name in NAMES} | {f"Adjoint({name})" for name in NAMES}
"""Names of the operators that need no decomposition, as PennyLane writes them."""

NO_OPERATION = (ops.Identity, ops.Barrier, ops.Snapshot)
"""Operators that the service need not run."""


class Call(NamedTuple):
    """Call of a gate.

    Attributes:
        name: Name of the gate with the modifiers before it.
        signs: For each argument, 1.0 or -1.0: the factor of PennyLane's parameter.
        wires: Wires of the gate; () for a global phase.
        values: Parameters in PennyLane's convention.
    """

    name: str
    signs: tuple[float, ...]
    wires: tuple[Any, ...]
    values: tuple[Any, ...]


def is_native(operator: Operator) -> bool:
    """Return True for an operator that is sent as a call, or that need not be sent."""
    return isinstance(operator, NO_OPERATION) or call(operator) is not None


def call(operator: Operator) -> Call | None:
    """Return the call of an operator; None if the operator must be decomposed."""
    if isinstance(operator, ops.GlobalPhase):  # acts on no wire
        return Call("gphase", (-1.0,), (), tuple(operator.data))
    if (name := CALLS.get(type(operator))) is not None:
        return Call(name, (1.0,) * operator.num_params, tuple(operator.wires), tuple(operator.data))
    if isinstance(operator, ops.Adjoint):
        return _adjoint_call(operator)
    if isinstance(operator, ops.Controlled):
        return _controlled_call(operator)
    return None


def _adjoint_call(operator: Any) -> Call | None:
    inner = call(operator.base)
    if inner is None:
        return None
    if not inner.wires:
        return inner._replace(signs=tuple(-sign for sign in inner.signs))
    return inner._replace(name="inv @ " + inner.name)


def _controlled_call(operator: Any) -> Call | None:
    inner = call(operator.base)
    if inner is None or len(operator.wires) > MAX_CONTROLS:
        return None
    modifiers = "".join(
        f"{'ctrl' if value else 'negctrl'}({len(list(group))}) @ "
        for value, group in groupby(map(bool, operator.control_values))
    )
    wires = (*operator.control_wires, *inner.wires)
    return inner._replace(name=modifiers + inner.name, wires=wires)
