"""Calls of Qiskit gates in OpenQASM, and decompositions of gates that have no call."""

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
from qiskit.circuit.library import UnitaryGate, get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Operator
from qiskit.transpiler.passes import HighLevelSynthesis

from quantumtask.export.parameter_expressions import number
from quantumtask.shared.output_kinds import PROBABILITIES, STATEVECTOR, UNITARY

MAX_CONTROLS = 32
"""Largest number of controls of one call in the service."""

MAX_MATRIX_QUBITS = 8
"""Largest number of qubits of an operation that is decomposed from its matrix."""

MAX_ROOT_QUBITS = 6
"""Largest number of qubits, controls included, of a call with a fractional power."""

BRANCH_TOLERANCE = 1e-9
"""Distance from -1, in radians, up to which an eigenvalue counts as -1, as in the service."""

Call = tuple[str, tuple[Any, ...]]
"""Name of a gate with the modifiers before it, and the arguments."""

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
"""Gates with an equal gate in OpenQASM, phase included: they may be controlled."""

DEVICE_GATES = {gates.U1Gate: "u1", gates.U2Gate: "u2", gates.U3Gate: "u3"}
"""Native gates of devices by these names; under a control, two of them differ by a phase."""

STANDARD_CALLS = {
    name: CALLS[gate.base_class]
    for name, gate in get_standard_gate_name_mapping().items()
    if gate.base_class in CALLS
}
"""Gates of CALLS by the name of Qiskit: of a standard gate, the name is enough."""

GATE_DEFINITIONS = {
    "ecr": " a, b { h b; cx a, b; rz(pi/4) b; cx a, b; h b; x a; "
    "h b; cx a, b; rz(-pi/4) b; cx a, b; h b; }"
}
"""Parameters and body of gates that no include has. A device that has a gate of the same name runs
its native gate.
"""

_CALLS = {**CALLS, gates.GlobalPhaseGate: "gphase"}
"""All gates of CALLS, and the global phase, which acts on no qubit."""


def call(operation: Any, define: Define) -> Call | None:
    """Return the call of an operation; None if the operation must be decomposed."""
    if isinstance(operation, AnnotatedOperation):
        return _annotated_call(operation, define)
    if isinstance(operation, ControlledGate):
        return _controlled_call(operation, define)
    name = _CALLS.get(_class(operation))
    return None if name is None else (name, tuple(operation.params))


def contents(operation: Any) -> QuantumCircuit:
    """Return the definition of an operation as a circuit. Raise ValueError without a definition."""
    try:
        definition = _definition(operation)
    except Exception as error:  # a definition of any package may fail without a parameter's value
        raise ValueError(f"its definition fails: {error}") from error
    if definition is None:
        raise ValueError(_remedy(operation.name))
    return definition


def _remedy(name: str) -> str:
    """Return the remedy for an instruction without a definition."""
    if name.startswith("save_"):
        kind = name.removeprefix("save_")
        kind = kind if kind in (PROBABILITIES, UNITARY) else STATEVECTOR
        return f"what a task returns is an option: Client().submit(circuit, returns={kind!r})"
    if name.startswith("set_"):
        return "a state is prepared by gates, or by `initialize`"
    if name in ("kraus", "superop", "quantum_channel", "roerror"):
        return "errors are those of a `noise_model`"
    return "it has neither a definition nor a matrix"


def _definition(operation: Any) -> QuantumCircuit | None:
    definition = getattr(operation, "definition", None)
    if definition is not None:
        return definition
    synthesis = None if isinstance(operation, Gate) else _synthesise(operation)
    return _from_matrix(operation) if synthesis is None else synthesis


def _class(operation: Any) -> type:
    return getattr(operation, "base_class", type(operation))


def _controlled_call(gate: Any, define: Define) -> Call | None:
    """Return the call of a controlled gate; None if its definition uses further qubits."""
    controls = [bool(gate.ctrl_state >> k & 1) for k in range(gate.num_ctrl_qubits)]
    if all(controls) and (closed := _closed_controlled_call(gate)) is not None:
        return closed
    base = gate.base_gate
    inner = call(base, define)
    if inner is None or gate.num_qubits != len(controls) + base.num_qubits or _has_phase(gate):
        return None
    return _add_controls(inner, controls)


def _closed_controlled_call(gate: Any) -> Call | None:
    """Return the gate if it has a name with its controls, or with the last of them."""
    if (name := CALLS.get(_class(gate))) is not None:
        return name, tuple(gate.params)
    if _has_phase(gate):
        return _add_controls(("cu", tuple(gate.params)), [True] * (gate.num_ctrl_qubits - 1))
    return None


def _has_phase(gate: Any) -> bool:
    """Return True for a controlled `cu`, which Qiskit stores as a `u` of four parameters."""
    return _class(gate.base_gate) is gates.UGate and len(gate.params) == 4


def _add_controls(inner: Call, controls: list[bool]) -> Call | None:
    name, arguments = inner
    if len(controls) + _controls_in(name) > MAX_CONTROLS:
        return None
    modifiers = "".join(
        f"{'ctrl' if on else 'negctrl'}({len(list(group))}) @ " for on, group in groupby(controls)
    )
    return modifiers + name, arguments


def _controls_in(name: str) -> int:
    """Return the number of controls that the modifiers before the name of a gate add."""
    return sum(int(count or 1) for count in re.findall(r"ctrl(?:\((\d+)\))? @", name))


def _annotated_call(operation: AnnotatedOperation, define: Define) -> Call | None:
    """Return the call of an annotated operation.

    Qiskit applies modifiers from first to last, OpenQASM from the gate outwards.
    """
    base, modifiers = operation.base_op, operation.modifiers
    if operation.num_qubits > MAX_ROOT_QUBITS and any(map(_is_fraction, modifiers)):
        base, modifiers = _apply_powers(base, modifiers)
    inner: Call | None = call(base, define) or define(base)
    for modifier in modifiers:
        inner = None if inner is None else _apply_modifier(inner, modifier)
    return inner


def _is_fraction(modifier: Modifier) -> bool:
    return isinstance(modifier, PowerModifier) and not _exponent(modifier).is_integer()


def _exponent(modifier: PowerModifier) -> float:
    """Return the power as a float. Raise ValueError for a parameter without a value."""
    try:
        return float(number(modifier.power))
    except TypeError:
        raise ValueError(f"its power {modifier.power} is not a number") from None


def _apply_powers(base: Any, modifiers: Sequence[Modifier]) -> tuple[Gate, list[Modifier]]:
    """Apply all powers to the base, and return the controls, which commute with powers.

    Raises:
        ValueError: The base has no matrix, or its matrix is too large.
    """
    if base.num_qubits > MAX_MATRIX_QUBITS:
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


def _apply_modifier(inner: Call, modifier: Modifier) -> Call | None:
    name, arguments = inner
    if isinstance(modifier, InverseModifier):
        return "inv @ " + name, arguments
    if isinstance(modifier, PowerModifier):
        power = _exponent(modifier)
        written = str(int(power)) if power.is_integer() else number(power)
        return f"pow({written}) @ {name}", arguments
    if isinstance(modifier, ControlModifier):
        state = modifier.ctrl_state
        count = modifier.num_ctrl_qubits
        return _add_controls(inner, [state is None or bool(state >> k & 1) for k in range(count)])
    raise ValueError(f"the modifier {modifier} is not supported")


def _from_matrix(operation: Any) -> QuantumCircuit | None:
    """Decompose an operation by its matrix, if the matrix is small: it takes 4**n gates."""
    if operation.num_qubits > MAX_MATRIX_QUBITS or not hasattr(operation, "to_matrix"):
        return None
    try:
        return UnitaryGate(Operator(operation)).definition
    except QiskitError:
        return None


def _synthesise(operation: Any) -> QuantumCircuit | None:
    """Return the synthesis by Qiskit of an operation without a definition, such as a Clifford."""
    circuit = QuantumCircuit(operation.num_qubits, operation.num_clbits)
    try:
        circuit.append(operation, circuit.qubits, circuit.clbits)
        synthesis = HighLevelSynthesis()(circuit)
    except QiskitError:
        return None
    return None if any(i.operation.name == operation.name for i in synthesis.data) else synthesis
