"""Values given to variables, and values that nobody keeps."""

from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.measurement import measure, measured, operand_of
from quantumtask.openqasm.compiler.references import Reference, target_type, value_of
from quantumtask.openqasm.compiler.subroutines import contains_call, give_back, kept
from quantumtask.openqasm.compiler.symbol_table import Constant
from quantumtask.openqasm.compiler.timing import ignored, is_nop
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.text.source import Diagnostic, shorten
from quantumtask.openqasm.values.builtin_functions import BUILT_IN_CONSTANTS
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.operators import apply_binary
from quantumtask.openqasm.values.types import ArrayValue, Type


def assign(context: Context, node: Any) -> None:
    target = target_of(context, node.lhs)
    if type(node.rhs) is nodes.QuantumMeasurement:
        measure(context, node.rhs.qubits, target, node)
    else:
        context.store(target, value_for(context, node.rhs, target_type(target)), node.span)


def target_of(context: Context, node: Any) -> Reference:
    """What is assigned to. Raises Diagnostic for what cannot change."""
    name: Any = node if type(node) is nodes.Identifier else getattr(node, "name", None)
    if type(name) is nodes.Identifier:
        symbol = context.scope.find(name.name)
        if isinstance(symbol, Constant) or (symbol is None and name.name in BUILT_IN_CONSTANTS):
            message = f"`{shorten(name.name)}` is a constant and cannot be changed"
            raise Diagnostic("read_only", message, node.span)
    target = context.places(node)
    if target.read_only:
        message = f"`{shorten(target.name)}` cannot be changed: {target.read_only}"
        raise Diagnostic("read_only", message, node.span)
    if target.is_quantum:
        message = f"`{shorten(target.name)}` is a qubit: nothing can be assigned to it"
        raise Diagnostic("wrong_type", message, node.span)
    return target


def compound(context: Context, node: Any) -> None:
    """`a += 1;`"""
    target = target_of(context, node.lhs)
    operator = getattr(node.op, "value", node.op).removesuffix("=") or "="
    if type(node.rhs) is nodes.QuantumMeasurement:
        value = measured(context, operand_of(context, node.rhs.qubits, node), node)
    else:
        value = context.expression(node.rhs)
    result = apply_binary(operator, value_of(target), value, node.span)
    context.store(target, context.convert(result, target_type(target)), node.span)


def value_for(context: Context, node: Any, to: Type) -> Expr:
    if type(node) in (nodes.ArrayLiteral, nodes.DiscreteSet):
        if to.kind != "array":
            message = f"a list cannot become a value of type {to}"
            raise Diagnostic("wrong_type", message, node.span)
        return _list(context, node, to)
    return context.convert(context.expression(node), to)


Part = Callable[[list[Any]], Sequence[Any]]
"""The way to some elements of a list, in their order."""


def _list(context: Context, node: Any, to: Type) -> Expr:
    """`{{1, 2}, {3, 4}}`. Raises Diagnostic where its shape is another."""
    assert to.base is not None
    parts: list[Part] = []
    _collect(context, node, to.shape, to.base, parts, contains_call(context, node))
    shape = tuple(n or 0 for n in to.shape)

    def read(memory: list[Any]) -> ArrayValue:
        return ArrayValue([element for part in parts for element in part(memory)], shape)

    return Expr(to, node.span, read)


def _collect(
    context: Context,
    node: Any,
    shape: Sequence[int | None],
    base: Type,
    parts: list[Part],
    calls: bool,
) -> None:
    """Adds the elements to `parts`; with `calls` among them, each as it is before the next."""
    if type(node) not in (nodes.ArrayLiteral, nodes.DiscreteSet):
        value = _element(context, context.expression(node), shape, base)
        value = kept(context, value, value.span) if calls else value
        parts.append(_part(value))
        return
    if not shape:
        raise Diagnostic("wrong_type", f"a list stands where one {base} is needed", node.span)
    if len(node.values) != shape[0]:
        message = f"this list has {len(node.values)} elements, and {shape[0]} are needed"
        raise Diagnostic("size_mismatch", message, node.span)
    for value in node.values:
        _collect(context, value, shape[1:], base, parts, calls)


def _element(context: Context, value: Expr, shape: Sequence[int | None], base: Type) -> Expr:
    """An element of a list, or an array as a part of it."""
    if not shape:
        return context.convert(value, base)
    if value.type != Type("array", None, base, tuple(shape)):
        message = f"a list is needed here, not a value of type {value.type}"
        raise Diagnostic("wrong_type", message, value.span)
    return value


def _part(value: Expr) -> Part:
    read = value.read
    if value.type.kind == "array":
        return lambda memory: read(memory).values
    return lambda memory: (read(memory),)


def give(context: Context, node: Any) -> None:
    """`return`, of a value or of a measurement."""
    value = node.value
    if context.routine is not None:
        context.routine.returns = True
    if value is None:
        give_back(context, node, None)
    elif type(value) is nodes.QuantumMeasurement:
        source = operand_of(context, value.qubits, node)
        give_back(context, node, measured(context, source, node))
    else:
        give_back(context, node, context.expression(value))


def expression(context: Context, node: Any) -> None:
    """A value as a statement: a call of a subroutine, mostly."""
    if type(node.expr) is nodes.QuantumMeasurement:
        measure(context, node.expr.qubits, None, node)
        return
    if is_nop(context, node.expr):
        return
    value = context.expression(node.expr)
    if not value.is_constant and value.type.kind != "void":
        # Worked out for its problems only: an index out of range, a division by zero.
        read = value.read
        context.code.emit(lambda execution, _: ignored(read(execution.memory)), node.span)


def measure_statement(context: Context, node: Any) -> None:
    """`measure q -> c;` and `measure q;`."""
    target = None if node.target is None else target_of(context, node.target)
    measure(context, node.qubits, target, node)
