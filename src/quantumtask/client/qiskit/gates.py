"""How OpenQASM calls Qiskit's gates, and what those are made of that it cannot call."""

from itertools import groupby
from typing import Any

from qiskit.circuit import AnnotatedOperation, ControlledGate, Gate, QuantumCircuit
from qiskit.circuit import library as gates
from qiskit.circuit.annotated_operation import (
    ControlModifier,
    InverseModifier,
    Modifier,
    PowerModifier,
)
from qiskit.circuit.library import UnitaryGate
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Operator
from qiskit.transpiler.passes import HighLevelSynthesis

MOST_CONTROLS = 32
"""Controls that one call may have in the service."""

MOST_IN_A_MATRIX = 8
"""Qubits of an operation that is made from its matrix, where nothing else tells what it is."""

CALLS = {
    gates.IGate: "id", gates.XGate: "x", gates.YGate: "y", gates.ZGate: "z", gates.HGate: "h",
    gates.SGate: "s", gates.SdgGate: "sdg", gates.TGate: "t", gates.TdgGate: "tdg",
    gates.SXGate: "sx", gates.SXdgGate: "sxdg", gates.PhaseGate: "p", gates.U1Gate: "p",
    gates.RXGate: "rx", gates.RYGate: "ry", gates.RZGate: "rz", gates.UGate: "u",
    gates.U3Gate: "u", gates.CXGate: "cx", gates.CYGate: "cy", gates.CZGate: "cz",
    gates.CHGate: "ch", gates.CSXGate: "csx", gates.CSGate: "ctrl @ s",
    gates.CSdgGate: "ctrl @ sdg", gates.CPhaseGate: "cp", gates.CU1Gate: "cp",
    gates.CRXGate: "crx", gates.CRYGate: "cry", gates.CRZGate: "crz", gates.CUGate: "cu",
    gates.CU3Gate: "cu3", gates.SwapGate: "swap", gates.CSwapGate: "cswap",
    gates.CCXGate: "ccx", gates.CCZGate: "ctrl @ cz", gates.RXXGate: "rxx",
    gates.RYYGate: "ryy", gates.RZZGate: "rzz", gates.C3XGate: "c3x", gates.C3SXGate: "c3sx",
    gates.C4XGate: "c4x",
}  # fmt: skip
"""The gates that mean exactly this there, phase included: they may be controlled."""


def call(operation: Any) -> tuple[str, tuple[Any, ...]] | None:
    """The call's name with its modifiers, and its arguments; None: it has to be expanded."""
    if isinstance(operation, AnnotatedOperation):
        return _annotated(operation)
    if isinstance(operation, ControlledGate):
        return _controlled(operation)
    name = CALLS.get(_class(operation))
    return None if name is None else (name, tuple(operation.params))


def contents(operation: Any) -> QuantumCircuit | None:
    """What the operation is made of; None where that is not known."""
    definition = getattr(operation, "definition", None)
    if definition is not None:
        return definition
    made = None if isinstance(operation, Gate) else _synthesised(operation)
    return _from_matrix(operation) if made is None else made


def _class(operation: Any) -> type:
    return getattr(operation, "base_class", type(operation))


def _controlled(gate: Any) -> tuple[str, tuple[Any, ...]] | None:
    """A controlled gate, unless it has qubits besides, which its definition makes use of."""
    controls = [bool(gate.ctrl_state >> k & 1) for k in range(gate.num_ctrl_qubits)]
    if all(controls) and (found := _closed(gate)) is not None:
        return found
    base = gate.base_gate
    inner = call(base)
    if inner is None or gate.num_qubits != len(controls) + base.num_qubits or _has_phase(gate):
        return None
    return _under(inner, controls)


def _closed(gate: Any) -> tuple[str, tuple[Any, ...]] | None:
    """The gate if it has a name with its controls, or with the last of them."""
    if (name := CALLS.get(_class(gate))) is not None:
        return name, tuple(gate.params)
    if _has_phase(gate):
        return _under(("cu", tuple(gate.params)), [True] * (gate.num_ctrl_qubits - 1))
    return None


def _has_phase(gate: Any) -> bool:
    """Whether it is a `cu` under controls, which Qiskit makes a `u` of four parameters."""
    return _class(gate.base_gate) is gates.UGate and len(gate.params) == 4


def _under(
    inner: tuple[str, tuple[Any, ...]], controls: list[bool]
) -> tuple[str, tuple[Any, ...]] | None:
    name, arguments = inner
    if len(controls) + name.count("@") > MOST_CONTROLS:
        return None
    modifiers = "".join(
        f"{'ctrl' if on else 'negctrl'}({len(list(group))}) @ " for on, group in groupby(controls)
    )
    return modifiers + name, arguments


def _annotated(operation: Any) -> tuple[str, tuple[Any, ...]] | None:
    """The modifiers of the list are applied first to last, OpenQASM's from the gate outwards."""
    found = call(operation.base_op)
    for modifier in operation.modifiers:
        found = None if found is None else _modified(found, modifier)
    return found


def _modified(
    found: tuple[str, tuple[Any, ...]], modifier: Modifier
) -> tuple[str, tuple[Any, ...]] | None:
    name, arguments = found
    if isinstance(modifier, InverseModifier):
        return "inv @ " + name, arguments
    if isinstance(modifier, PowerModifier) and modifier.power == int(modifier.power):
        return f"pow({int(modifier.power)}) @ {name}", arguments
    if isinstance(modifier, ControlModifier):
        state = modifier.ctrl_state
        count = modifier.num_ctrl_qubits
        return _under(found, [state is None or bool(state >> k & 1) for k in range(count)])
    return None


def _from_matrix(operation: Any) -> QuantumCircuit | None:
    """From its matrix, if it says that and is small enough: there are 4**n gates in it."""
    if operation.num_qubits > MOST_IN_A_MATRIX or not hasattr(operation, "to_matrix"):
        return None
    try:
        return UnitaryGate(Operator(operation)).definition
    except QiskitError:
        return None


def _synthesised(operation: Any) -> QuantumCircuit | None:
    """What Qiskit's own synthesis makes of an operation that is no instruction, a Clifford say."""
    circuit = QuantumCircuit(operation.num_qubits, operation.num_clbits)
    try:
        circuit.append(operation, circuit.qubits, circuit.clbits)
        made = HighLevelSynthesis()(circuit)
    except QiskitError:
        return None
    return None if any(i.operation.name == operation.name for i in made.data) else made
