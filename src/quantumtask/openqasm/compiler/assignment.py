"""Assignments of values, lists and measurements."""

from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.load_store import load, stored_type
from quantumtask.openqasm.compiler.measurement import (
    compile_measurement,
    measure_to_temp,
    measurement_operand,
)
from quantumtask.openqasm.compiler.references import Reference
from quantumtask.openqasm.compiler.subroutine_calls import contains_call, copy_to_temp
from quantumtask.openqasm.compiler.symbol_table import Constant
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, shorten
from quantumtask.openqasm.values.builtin_functions import BUILT_IN_CONSTANTS
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.operators import apply_binary
from quantumtask.openqasm.values.types import ArrayValue, Type


def compile_assignment(context: Context, node: nodes.ClassicalAssignment) -> None:
    """Compile `a = 1;`. Raises Diagnostic."""
    target = assignment_target(context, node.lhs)
    right: Any = node.rhs
    if type(right) is nodes.QuantumMeasurement:
        compile_measurement(context, right.qubits, target, node.span)
    else:
        value = compile_initializer(context, right, stored_type(target))
        context.store(target, value, node.span)


def compile_compound_assignment(context: Context, node: nodes.CompoundAssignment) -> None:
    """Compile an assignment such as `a += 1;`. Raises Diagnostic."""
    target = assignment_target(context, node.lhs)
    op: Any = node.op
    operator: str = op if isinstance(op, str) else op.value  # a text, or an operator node
    operator = operator.removesuffix("=") or "="
    right: Any = node.rhs
    if type(right) is nodes.QuantumMeasurement:
        operand = measurement_operand(context, right.qubits, node.span)
        value = measure_to_temp(context, operand, node.span)
    else:
        value = context.expression(right)
    result = apply_binary(operator, load(target), value, node.span)
    context.store(target, context.convert(result, stored_type(target)), node.span)


def compile_measurement_statement(
    context: Context, node: nodes.QuantumMeasurementStatement
) -> None:
    """Compile `measure q -> c;` or `measure q;`. Raises Diagnostic."""
    target = None if node.target is None else assignment_target(context, node.target)
    compile_measurement(context, node.qubits, target, node.span)


def assignment_target(context: Context, node: Node) -> Reference:
    """Resolve the left side of an assignment.

    Raises:
        Diagnostic: The node names a constant, a read-only variable or qubits.
    """
    name: Any = node if type(node) is nodes.Identifier else getattr(node, "name", None)
    if type(name) is nodes.Identifier:
        symbol = context.symbols.lookup(name.name)
        if isinstance(symbol, Constant) or (symbol is None and name.name in BUILT_IN_CONSTANTS):
            message = f"`{shorten(name.name)}` is a constant and cannot be changed"
            raise Diagnostic("read_only", message, node.span)
    target = context.reference(node)
    if target.read_only:
        message = f"`{shorten(target.name)}` cannot be changed: {target.read_only}"
        raise Diagnostic("read_only", message, node.span)
    if target.is_quantum:
        message = f"`{shorten(target.name)}` is a qubit: nothing can be assigned to it"
        raise Diagnostic("wrong_type", message, node.span)
    return target


def compile_initializer(context: Context, node: Node, to: Type) -> Expr:
    """Compile a value or a list, converted to a type. Raises Diagnostic."""
    if type(node) in (nodes.ArrayLiteral, nodes.DiscreteSet):
        if to.kind != "array":
            message = f"a list cannot become a value of type {to}"
            raise Diagnostic("wrong_type", message, node.span)
        return _compile_list(context, node, to)
    return context.convert(context.expression(node), to)


ReadElements = Callable[[list[Any]], Sequence[Any]]
"""Reads consecutive elements of a list from memory."""


def _compile_list(context: Context, node: Node, to: Type) -> Expr:
    """Compile a list such as `{{1, 2}, {3, 4}}`. Raises Diagnostic for another shape."""
    assert to.base is not None
    parts: list[ReadElements] = []
    _collect_elements(context, node, to.shape, to.base, parts, contains_call(context, node))
    shape = tuple(n or 0 for n in to.shape)

    def read(memory: list[Any]) -> ArrayValue:
        return ArrayValue([element for part in parts for element in part(memory)], shape)

    return Expr(to, node.span, read)


def _collect_elements(
    context: Context,
    node: Node,
    shape: Sequence[int | None],
    base: Type,
    parts: list[ReadElements],
    has_calls: bool,
) -> None:
    """Add the elements of a list to `parts`.

    If the list `has_calls`, each element is copied before the next one is evaluated, because the
    next one may change a variable.
    """
    if type(node) not in (nodes.ArrayLiteral, nodes.DiscreteSet):
        value = _convert_element(context, context.expression(node), shape, base)
        value = copy_to_temp(context, value, value.span) if has_calls else value
        parts.append(_read_elements(value))
        return
    if not shape:
        raise Diagnostic("wrong_type", f"a value of type {base} is needed, not a list", node.span)
    if len(node.values) != shape[0]:
        message = f"this list has {len(node.values)} elements; {shape[0]} are needed"
        raise Diagnostic("size_mismatch", message, node.span)
    for value in node.values:
        _collect_elements(context, value, shape[1:], base, parts, has_calls)


def _convert_element(
    context: Context, value: Expr, shape: Sequence[int | None], base: Type
) -> Expr:
    """Convert an element of a list: a value, or an array in place of an inner list."""
    if not shape:
        return context.convert(value, base)
    if value.type != Type("array", None, base, tuple(shape)):
        message = f"a list is needed here, not a value of type {value.type}"
        raise Diagnostic("wrong_type", message, value.span)
    return value


def _read_elements(value: Expr) -> ReadElements:
    read = value.read
    if value.type.kind == "array":
        return lambda memory: read(memory).values
    return lambda memory: (read(memory),)
