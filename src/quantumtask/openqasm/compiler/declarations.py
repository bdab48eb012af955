"""Declarations: qubits, variables, constants, aliases."""

from typing import Any

from quantumtask.openqasm.compiler.assignment import value_for
from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.measurement import measure
from quantumtask.openqasm.compiler.references import Reference, joined, of_symbol
from quantumtask.openqasm.compiler.symbol_table import Constant, Variable, redeclared
from quantumtask.openqasm.compiler.type_nodes import register_size, type_of
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.expr import Expr, constant_expr
from quantumtask.openqasm.values.types import INTEGER_KINDS, Type, default_value


def qubits(context: Context, node: Any) -> None:
    context.only_global(node, "qubits")
    name = node.qubit.name
    size = None if node.size is None else register_size(context, node.size, "qubit")
    if name in context.scope.levels[-1]:
        raise redeclared(name, node.qubit)
    numbers = context.new_qubits(name, 1 if size is None else size, node)
    _warn_if_old(context, node, f"qubit[{size}] {name};")
    if size is None:
        context.scope.declare(name, Variable(Type("qubit"), numbers[0]), node.qubit)
    else:
        context.scope.declare(name, Variable(Type("qubits", size), numbers), node.qubit)


def _warn_if_old(context: Context, node: Any, new: str) -> None:
    """`qreg` and `creg` still run; the specification will remove them."""
    word = context.text[node.span.lo : node.span.lo + 4]
    if word in (b"qreg", b"creg") and not context.legacy:
        new = new.replace("[None]", "")
        message = f"`{word.decode()}` is OpenQASM 2"
        context.warn(OLD_STYLE, message, node.span, f"Write `{shorten(new)}`")


OLD_STYLE = "old_style"
"""The code of warnings about style, which only a validation tells."""


def variable(context: Context, node: Any) -> None:
    """`int[8] x = 5;` and the like."""
    to = type_of(context, node.type)
    name = node.identifier.name
    _warn_if_old(context, node, f"bit[{to.size}] {name};")
    if to.kind == "array":
        context.only_global(node, "arrays")
    init = node.init_expr
    measured = type(init) is nodes.QuantumMeasurement
    # A name does not stand for itself yet in its own first value.
    value = None if init is None or measured else value_for(context, init, to)
    places = _declare(context, node, to)
    target = of_symbol(Variable(to, places), name, node.span)
    if measured:
        measure(context, init.qubits, target, node)
    elif value is not None:
        context.store(target, value, node.span)
    elif not context.scope.is_global:
        _reset(context, to, places, node.span)


def _declare(context: Context, node: Any, to: Type) -> Any:
    name = node.identifier.name
    places = context.code.reserve(to, node.span)
    context.scope.declare(name, Variable(to, places), node.identifier)
    if to.kind in ("bit", "bits") and context.scope.is_global:
        context.register(name, 1 if to.size is None else to.size, places, node)
    return places


def _reset(context: Context, to: Type, places: Any, span: Span) -> None:
    """A local variable is new each time its declaration is reached."""
    target = Reference(to, span, "", places, lambda _: places)
    context.store(target, constant_expr(to, default_value(to), span), span)


def constant_of(context: Context, node: Any) -> None:
    """`const int n = 4;`: its value must be known now, and lose nothing."""
    to = type_of(context, node.type)
    name = node.identifier.name
    if node.init_expr is None or type(node.init_expr) is nodes.QuantumMeasurement:
        message = f"the constant `{shorten(name)}` needs a value that is known now"
        raise Diagnostic("not_constant", message, node.span)
    if to.kind == "array":
        raise Diagnostic("not_supported", "constant arrays are not supported", node.type.span)
    value = context.expression(node.init_expr)
    if not value.is_constant:
        hint = "Declare the variables in it `const`, or leave `const` out"
        raise Diagnostic("not_constant", "this is not a constant", node.init_expr.span, hint)
    if to.kind in INTEGER_KINDS | {"bit", "bits"} and _has_fraction(value, to):
        hint = f"Cast the value: {to}(...)"
        message = f"a value of type {value.type} cannot become the constant {to}"
        raise Diagnostic("wrong_type", message, node.init_expr.span, hint)
    kept = context.convert(value, to).value
    context.scope.declare(name, Constant(to, kept), node.identifier)


def _has_fraction(value: Expr, to: Type) -> bool:
    """Return True for a float or complex constant, except a whole float for an integer type."""
    whole = to.kind in INTEGER_KINDS and value.type.kind == "float" and value.value.is_integer()
    return value.type.kind in ("float", "complex") and not whole


def alias(context: Context, node: Any) -> None:
    """`let a = q[0:2] ++ r;`: another name for the same places."""
    parts = [context.places(part) for part in node.exprs]
    places = parts[0] if len(parts) == 1 else joined(parts, node.span)
    if places.bits is not None or places.type.kind not in _ALIASED:
        message = f"only qubits and bits can have another name, not a {places.type}"
        raise Diagnostic("wrong_type", message, node.span)
    name = node.target.name
    if places.fixed is not None:
        context.count_alias(places, node)
        symbol = Variable(places.type, places.fixed, read_only=places.read_only)
        context.scope.declare(name, symbol, node.target)
        return
    cell, find = context.code.cell(node.span), places.find
    context.code.emit(
        lambda execution, _: execution.memory.__setitem__(cell, find(execution.memory)), node.span
    )
    symbol = Variable(places.type, None, cell, places.read_only)
    context.scope.declare(name, symbol, node.target)


_ALIASED = frozenset({"bit", "bits", "qubit", "qubits"})
