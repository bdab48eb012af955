"""Gate calls: the gate, its operands and its arguments."""

from collections.abc import Sequence
from typing import Any, cast

from quantumtask.openqasm.compiler.angle_quotients import warn_of_integer_division
from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.gate_instructions import GateCall, gate_instruction
from quantumtask.openqasm.compiler.gate_modifiers import NO_MODIFIERS, compile_modifiers
from quantumtask.openqasm.compiler.subroutine_calls import copy_to_temp, last_operand_with_call
from quantumtask.openqasm.gates.expansion import check_finite
from quantumtask.openqasm.gates.library import GPHASE, Argument, Gate, OpaqueGate
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, shorten
from quantumtask.openqasm.values.casts import to_real
from quantumtask.openqasm.values.expr import Expr

GateNode = nodes.QuantumGate | nodes.QuantumPhase


def emit_gate_call(context: Context, node: GateNode) -> None:
    """Compile a gate call. Raises Diagnostic."""
    if _is_nop(context, node):
        _check_qubits(context, node.qubits)
        return
    modifiers = compile_modifiers(context, node) if node.modifiers else NO_MODIFIERS
    gate, args = resolve_gate(context, node, len(modifiers.controls))
    operands = check_operand_count(node, gate, modifiers.controls)
    if gate is GPHASE and not modifiers.controls:
        _check_qubits(context, operands)
        operands = []
    qubits = [_resolve_operand(context, operand) for operand in operands]
    values = _compile_arguments(context, args)
    call = GateCall(gate, modifiers, context.settings.max_operations, node.span)
    context.code.emit(gate_instruction(call, qubits, values), node.span)


def _is_nop(context: Context, node: Node) -> bool:
    """Return True for `nop q;` (spec: Explicit no-operation), which the parser reads as a gate."""
    if type(node) is nodes.QuantumPhase or node.name.name != "nop":
        return False
    return context.symbols.lookup("nop") is None


def _resolve_operand(context: Context, node: Node) -> Any:
    """Return the number or numbers of the qubits; the Reference if known only at run time."""
    span = node.span
    words = context.text[span.lo : span.hi]
    qubits = context.symbols.operand_cache.get(words)
    if qubits is None:
        reference = context.qubit_reference(node)
        qubits = reference.static
        if qubits is None:
            return reference
        context.symbols.operand_cache[words] = qubits
    return qubits


def _compile_arguments(context: Context, args: Sequence[Node]) -> list[float | Expr]:
    """Compile arguments; each is evaluated before the subroutine calls in later arguments."""
    last = last_operand_with_call(context, args)
    values: list[float | Expr] = []
    for position, node in enumerate(args):
        value = _compile_argument(context, node)
        if isinstance(value, Expr) and position < last:
            value = copy_to_temp(context, value, value.span)
        values.append(value)
    return values


def _compile_argument(context: Context, node: Node) -> float | Expr:
    """Return the number that an argument is; its expression if it is not constant."""
    if type(node) is nodes.FloatLiteral:
        return check_finite(node.value, node.span)
    span = node.span
    words = context.text[span.lo : span.hi]
    value = context.symbols.argument_cache.get(words)
    if value is None:
        expr = to_real(context.expression(node))
        warn_of_integer_division(context, node)
        if not expr.is_constant:
            return expr
        check_finite(expr.value, span)
        value = context.symbols.argument_cache[words] = expr.value
    return value


def _check_qubits(context: Context, operands: Sequence[Node]) -> None:
    """Raise Diagnostic if an operand that has no effect names no qubit."""
    for operand in operands:
        context.qubit_reference(operand)


def resolve_gate(context: Context, node: GateNode, controls: int) -> tuple[Gate, Sequence[Node]]:
    """Return the gate of a call, and its arguments.

    Args:
        context: The compilation.
        node: The call.
        controls: The number of its controls.

    Raises:
        Diagnostic: The gate is unknown or opaque, the number of arguments is wrong, or the call has
            a duration.
    """
    if node.duration is not None:
        message = "a gate call cannot have a duration: it depends on the hardware"
        raise Diagnostic("not_supported", message, node.span)
    gate = GPHASE if type(node) is nodes.QuantumPhase else _lookup_gate(context, node, controls)
    if isinstance(gate, OpaqueGate):
        message = f"`{shorten(gate.name)}` is opaque: its definition is not known"
        raise Diagnostic("not_supported", message, node.span)
    args: Sequence[Node] = node.args
    if len(args) != gate.num_parameters:
        expected = _count(gate.num_parameters, "parameter")
        message = f"`{shorten(gate.name)}` takes {expected}, not {len(args)}"
        raise Diagnostic("wrong_arity", message, node.span)
    return gate, args


def _lookup_gate(context: Context, node: Node, controls: int) -> Gate:
    qubits = len(node.qubits) - controls
    gate = context.symbols.lookup_gate(node.name.name, node.name, len(node.args), qubits)
    return gate if context.device is None else context.device_gate(gate, node.name.span)


def check_operand_count(node: GateNode, gate: Gate, controls: Sequence[bool]) -> Sequence[Node]:
    """Return the qubit operands of a call. Raises Diagnostic for a wrong number."""
    operands: Sequence[Node] = node.qubits
    if gate is GPHASE and not controls:
        return operands  # a global phase can name any qubits, without an effect
    if len(operands) != gate.num_qubits + len(controls):
        and_controls = f", and {_count(len(controls), 'control')}" if controls else ""
        message = (
            f"`{shorten(gate.name)}` takes {_count(gate.num_qubits, 'qubit')}{and_controls}, "
            f"not {len(operands)}"
        )
        raise Diagnostic("wrong_arity", message, node.span)
    return operands


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def compile_body_argument(context: Context, node: Node) -> Argument:
    """Compile an argument in a gate definition, which reads the parameters as its memory."""
    value = _compile_argument(context, node)
    return cast(Argument, value.read if isinstance(value, Expr) else value)
