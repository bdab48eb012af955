"""How OpenQASM calls Qiskit's gates, and what those are made of that it cannot call."""

import re
from collections.abc import Callable, Sequence
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

from quantumtask.client.qiskit.export.parameter_expressions import number

MOST_CONTROLS = 32
"""Controls that one call may have in the service."""

MOST_IN_A_MATRIX = 8
"""Qubits of an operation that is made from its matrix, where nothing else tells what it is."""

MOST_IN_A_ROOT = 6
"""Most qubits, with controls, of a call with a fractional power in the service."""

BRANCH_TOLERANCE = 1e-9
"""Distance from -1, in radians, up to which an eigenvalue counts as -1, as in the service."""

Call = tuple[str, tuple[Any, ...]]
"""The name of a gate with the modifiers before it, and its arguments."""

Define = Callable[[Any], Call]
"""Function that defines a gate for an operation without a name in OpenQASM, and calls it."""

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
    gates.C4XGate: "c4x", gates.ECRGate: "ecr",
}  # fmt: skip
"""The gates that mean exactly this there, phase included: they may be controlled."""

OF_DEVICES = {gates.U1Gate: "u1", gates.U2Gate: "u2", gates.U3Gate: "u3"}
"""Native gates of devices by these names; under a control, two of them differ by a phase."""

DEFINITIONS = {
    "ecr": " a, b { h b; cx a, b; rz(pi/4) b; cx a, b; h b; x a; "
    "h b; cx a, b; rz(-pi/4) b; cx a, b; h b; }"
}
"""Parameters and body of gates that no include has. A device that has a gate of the same name runs
its native gate."""

_CALLS = {**CALLS, gates.GlobalPhaseGate: "gphase"}
"""All gates of CALLS, and the global phase, which acts on no qubit."""


def call(operation: Any, define: Define) -> Call | None:
    """The call of an operation; None where the operation has to be expanded."""
    if isinstance(operation, AnnotatedOperation):
        return _annotated(operation, define)
    if isinstance(operation, ControlledGate):
        return _controlled(operation, define)
    name = _CALLS.get(_class(operation))
    return None if name is None else (name, tuple(operation.params))


def contents(operation: Any) -> QuantumCircuit:
    """The definition of an operation as a circuit. Raises ValueError if there is none."""
    try:
        made = _made_of(operation)
    except Exception as error:  # a definition of any package may fail without a parameter's value
        raise ValueError(f"its definition fails: {error}") from error
    if made is None:
        raise ValueError(_remedy(operation.name))
    return made


def _remedy(name: str) -> str:
    """The remedy for an instruction without a definition."""
    if name.startswith("save_"):
        return "the service gives what a task returns: use the `returns` of Client.submit"
    if name.startswith("set_"):
        return "a state is prepared by gates, or by `initialize`"
    if name in ("kraus", "superop", "quantum_channel", "roerror"):
        return "errors are those of a `noise_model`"
    return "it has neither a definition nor a matrix"


def _made_of(operation: Any) -> QuantumCircuit | None:
    definition = getattr(operation, "definition", None)
    if definition is not None:
        return definition
    made = None if isinstance(operation, Gate) else _synthesised(operation)
    return _from_matrix(operation) if made is None else made


def _class(operation: Any) -> type:
    return getattr(operation, "base_class", type(operation))


def _controlled(gate: Any, define: Define) -> Call | None:
    """A controlled gate, unless it has qubits besides, which its definition makes use of."""
    controls = [bool(gate.ctrl_state >> k & 1) for k in range(gate.num_ctrl_qubits)]
    if all(controls) and (found := _closed(gate)) is not None:
        return found
    base = gate.base_gate
    inner = call(base, define)
    if inner is None or gate.num_qubits != len(controls) + base.num_qubits or _has_phase(gate):
        return None
    return _under(inner, controls)


def _closed(gate: Any) -> Call | None:
    """The gate if it has a name with its controls, or with the last of them."""
    if (name := CALLS.get(_class(gate))) is not None:
        return name, tuple(gate.params)
    if _has_phase(gate):
        return _under(("cu", tuple(gate.params)), [True] * (gate.num_ctrl_qubits - 1))
    return None


def _has_phase(gate: Any) -> bool:
    """Whether it is a `cu` under controls, which Qiskit makes a `u` of four parameters."""
    return _class(gate.base_gate) is gates.UGate and len(gate.params) == 4


def _under(inner: Call, controls: list[bool]) -> Call | None:
    name, arguments = inner
    if len(controls) + _controls_in(name) > MOST_CONTROLS:
        return None
    modifiers = "".join(
        f"{'ctrl' if on else 'negctrl'}({len(list(group))}) @ " for on, group in groupby(controls)
    )
    return modifiers + name, arguments


def _controls_in(name: str) -> int:
    """The number of controls that the modifiers before a gate's name add."""
    return sum(int(count or 1) for count in re.findall(r"ctrl(?:\((\d+)\))? @", name))


def _annotated(operation: AnnotatedOperation, define: Define) -> Call | None:
    """The modifiers of the list are applied first to last, OpenQASM's from the gate outwards."""
    base, modifiers = operation.base_op, operation.modifiers
    if operation.num_qubits > MOST_IN_A_ROOT and any(map(_is_fraction, modifiers)):
        base, modifiers = _rooted(base, modifiers)
    found: Call | None = call(base, define) or define(base)
    for modifier in modifiers:
        found = None if found is None else _modified(found, modifier)
    return found


def _is_fraction(modifier: Modifier) -> bool:
    return isinstance(modifier, PowerModifier) and not _exponent(modifier).is_integer()


def _exponent(modifier: PowerModifier) -> float:
    """The power as a float. Raises ValueError for a parameter, which circuits do not bind here."""
    try:
        return float(number(modifier.power))
    except TypeError:
        raise ValueError(f"its power {modifier.power} is no number") from None


def _rooted(base: Any, modifiers: Sequence[Modifier]) -> tuple[Gate, list[Modifier]]:
    """Applies all powers to the base; controls, which commute with powers, are left over.

    Raises ValueError for a base that has no matrix, or one that is too large.
    """
    if base.num_qubits > MOST_IN_A_MATRIX:
        raise ValueError(f"a fraction of a gate on {base.num_qubits} qubits is not supported")
    try:
        root = Operator(base)
    except Exception as error:  # a matrix of any package may fail without a parameter's value
        raise ValueError(f"it has no matrix: {error}") from error
    for modifier in modifiers:
        if isinstance(modifier, InverseModifier):
            root = root.adjoint()
        elif isinstance(modifier, PowerModifier):
            root = root.power(_exponent(modifier), BRANCH_TOLERANCE, assume_unitary=True)
    return UnitaryGate(root), [each for each in modifiers if isinstance(each, ControlModifier)]


def _modified(found: Call, modifier: Modifier) -> Call | None:
    name, arguments = found
    if isinstance(modifier, InverseModifier):
        return "inv @ " + name, arguments
    if isinstance(modifier, PowerModifier):
        power = _exponent(modifier)
        written = str(int(power)) if power.is_integer() else number(power)
        return f"pow({written}) @ {name}", arguments
    if isinstance(modifier, ControlModifier):
        state = modifier.ctrl_state
        count = modifier.num_ctrl_qubits
        return _under(found, [state is None or bool(state >> k & 1) for k in range(count)])
    raise ValueError(f"the modifier {modifier} is not known")


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
