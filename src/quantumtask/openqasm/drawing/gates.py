"""Symbols of gates: the label, the number of controls, and the color."""

from typing import NamedTuple

from quantumtask.openqasm.drawing.elements import Symbol
from quantumtask.openqasm.gates.library import Gate, GlobalPhaseGate, StandardGate
from quantumtask.openqasm.program.operations import CONTROLLED_GATE_BASES


class GateSymbol(NamedTuple):
    """A gate in a drawing; its first qubits are `controls` on 1.

    Attributes:
        label: The label of the box.
        controls: The number of the controls that belong to the gate.
        symbol: The symbol on the other qubits.
        family: See `Box`.
        self_inverse: The gate is its own inverse.
        has_ports: See `Box`.
    """

    label: str
    controls: int = 0
    symbol: Symbol = Symbol.BOX
    family: str = "gate"
    self_inverse: bool = False
    has_ports: bool = False


_PAULI, _PHASE, _ROTATION = "pauli", "phase", "rotation"
_BASES = {
    "id": GateSymbol("I", self_inverse=True),
    "x": GateSymbol("X", family=_PAULI, self_inverse=True),
    "y": GateSymbol("Y", family=_PAULI, self_inverse=True),
    "z": GateSymbol("Z", family=_PHASE, self_inverse=True),
    "h": GateSymbol("H", family="h", self_inverse=True),
    "s": GateSymbol("S", family=_PHASE),
    "sdg": GateSymbol("S†", family=_PHASE),
    "t": GateSymbol("T", family=_PHASE),
    "tdg": GateSymbol("T†", family=_PHASE),
    "sx": GateSymbol("√X", family=_ROTATION),
    "sxdg": GateSymbol("√X†", family=_ROTATION),
    "p": GateSymbol("P", family=_PHASE),
    "rx": GateSymbol("RX", family=_ROTATION),
    "ry": GateSymbol("RY", family=_ROTATION),
    "rz": GateSymbol("RZ", family=_PHASE),
    "u": GateSymbol("U", family=_ROTATION),
    "cu": GateSymbol("U", 1, family=_ROTATION),
    "swap": GateSymbol("SWAP", symbol=Symbol.SWAP, family=_PAULI, self_inverse=True),
    "rxx": GateSymbol("RXX", family=_ROTATION),
    "ryy": GateSymbol("RYY", family=_ROTATION),
    "rzz": GateSymbol("RZZ", family=_PHASE),
}
"""Basic gates without the controls that CONTROLLED_GATE_BASES counts."""

_OTHER_PARAMETERS = {
    "u2": GateSymbol("U2", family=_ROTATION),
    "cu3": GateSymbol("U3", 1, family=_ROTATION),
    "cs": GateSymbol("S", 1, family=_PHASE),
    "csdg": GateSymbol("S†", 1, family=_PHASE),
    "ZZ": GateSymbol("ZZ", family=_PHASE),
}
"""Standard gates whose parameters are not those of their basic gate."""


_DIGITS = "-0123456789"
_SUPERSCRIPTS = str.maketrans(_DIGITS, "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def find_symbol(gate: Gate) -> GateSymbol:
    """Return the symbol of a gate; one that a program defines has a box with its name."""
    if isinstance(gate, StandardGate):
        return _standard_symbol(gate)
    if isinstance(gate, GlobalPhaseGate):
        return GateSymbol("gphase", family=_PHASE)
    return GateSymbol(gate.name, family="custom", has_ports=gate.num_qubits > 1)


def _standard_symbol(gate: StandardGate) -> GateSymbol:
    if gate.to_basic_params is not None:
        return _OTHER_PARAMETERS.get(gate.name, GateSymbol(gate.name, family=_ROTATION))
    controls, base = gate.extra_controls, gate.basic.name
    while base in CONTROLLED_GATE_BASES:
        controls, base = controls + 1, CONTROLLED_GATE_BASES[base]
    symbol = _BASES[base]
    return with_controls(symbol._replace(controls=symbol.controls + controls))


def with_controls(symbol: GateSymbol) -> GateSymbol:
    """Return the symbol with the signs of controlled gates: a controlled X is a circled plus."""
    if symbol.controls and symbol.symbol is Symbol.BOX:
        if symbol.label == "X":
            return symbol._replace(symbol=Symbol.NOT)
        if symbol.label == "Z":
            return symbol._replace(symbol=Symbol.DOT)
    return symbol


def modify(symbol: GateSymbol, inverse: bool, exponent: str) -> GateSymbol:
    """Return the symbol of an inverse or a power.

    Args:
        symbol: The symbol of the gate.
        inverse: The modifier is `inv @`.
        exponent: The text of the exponent of `pow(k) @`.
    """
    if not inverse:
        raised = exponent.translate(_SUPERSCRIPTS)
        label = symbol.label + (f"^{exponent}" if set(exponent) - set(_DIGITS) else raised)
        return symbol._replace(label=label, symbol=Symbol.BOX, self_inverse=False)
    if symbol.self_inverse:
        return symbol
    daggered = symbol.label.endswith("†")
    return symbol._replace(label=symbol.label[:-1] if daggered else symbol.label + "†")
