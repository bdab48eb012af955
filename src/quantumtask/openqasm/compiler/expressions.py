"""Expression nodes -> checked expressions."""

import math
import re
from collections.abc import Callable
from typing import Any

from quantumtask.openqasm.compiler import subroutines
from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.references import (
    Reference,
    bits_of_value,
    indexed,
    joined,
    of_symbol,
    value_of,
)
from quantumtask.openqasm.compiler.symbol_table import Constant, Extern, Routine
from quantumtask.openqasm.compiler.type_nodes import type_of
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import BranchTargets, Execution, Label, QuantumTarget
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values import builtin_functions
from quantumtask.openqasm.values.arithmetic import LOGICAL, mixes_signs, to_condition
from quantumtask.openqasm.values.casts import convert
from quantumtask.openqasm.values.expr import Expr, apply_operation, constant_expr
from quantumtask.openqasm.values.operators import apply_binary, apply_unary
from quantumtask.openqasm.values.types import (
    BIT,
    BOOL,
    COMPLEX,
    DURATION,
    FLOAT,
    INT,
    MACHINE_WIDTH,
    STRETCH,
    UINT,
    Duration,
    Type,
)


def expression(context: Context, node: Any) -> Expr:
    """The checked expression of a node. Raises Diagnostic, at the part that is wrong."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise Diagnostic("wrong_type", "a value is needed here", node.span)
    return handler(context, node)


def places(context: Context, node: Any) -> Reference:
    """The qubits, bits or variables that a node names. Raises Diagnostic."""
    kind = type(node)
    if kind is nodes.Identifier:
        return _named(context, node)
    if kind is nodes.IndexedIdentifier:
        base = _named(context, node.name)
        return indexed(base, node.indices, node.span, context)
    if kind is nodes.IndexExpression:
        base = places(context, node.collection)
        return indexed(base, node.indices, node.span, context)
    if kind is nodes.ParenExpression:
        return places(context, node.operand)
    if kind is nodes.Concatenation:
        return joined([places(context, part) for part in node.operands], node.span)
    if kind is nodes.BinaryExpression and node.op.value == "||":
        return _joined_as_in_drafts(context, node)
    qubit = context.physical_qubit(node)
    if qubit is not None:
        return qubit
    raise Diagnostic("wrong_type", "a variable or a qubit is needed here", node.span)


def _joined_as_in_drafts(context: Context, node: Any) -> Reference:
    """`q || r` of qubits: `q ++ r`, as drafts of OpenQASM 3 wrote it."""
    parts = [places(context, part) for part in (node.lhs, node.rhs)]
    if not all(part.is_quantum for part in parts):
        raise Diagnostic("wrong_type", "a variable or a qubit is needed here", node.span)
    message = "`||` of qubits is taken for `++`, which joins registers"
    context.warn("draft_syntax", message, node.span)
    return joined(parts, node.span)


def _named(context: Context, node: Any) -> Reference:
    symbol = context.scope.find(node.name)
    if symbol is None:
        if node.name in builtin_functions.BUILT_IN_CONSTANTS:
            symbol = Constant(FLOAT, builtin_functions.BUILT_IN_CONSTANTS[node.name])
        else:
            raise context.scope.undeclared(node.name, node)
    return of_symbol(symbol, node.name, node.span)


def _identifier(context: Context, node: Any) -> Expr:
    name = node.name
    symbol = context.scope.find(name)
    if symbol is None:
        value = builtin_functions.BUILT_IN_CONSTANTS.get(name)
        if value is None:
            raise context.scope.undeclared(name, node)
        return constant_expr(FLOAT, value, node.span)
    if isinstance(symbol, Constant):
        return constant_expr(symbol.type, symbol.value, node.span)
    return value_of(of_symbol(symbol, name, node.span))


def _integer(context: Context, node: Any) -> Expr:
    span = node.span
    if context.text[span.lo - 1 : span.lo] == b"$":
        return _physical(context, node)
    value = node.value
    if value < 0:
        value += 1 << MACHINE_WIDTH  # the parser reads 2**63 as -2**63
    return constant_expr(INT, value, node.span, untyped=True)


def _physical(context: Context, node: Any) -> Expr:
    """Refuses a physical qubit in the place of a value."""
    return value_of(places(context, node))


def _float(_: Context, node: Any) -> Expr:
    return constant_expr(FLOAT, node.value, node.span)


def _boolean(_: Context, node: Any) -> Expr:
    return constant_expr(BOOL, node.value, node.span)


def _imaginary(context: Context, node: Any) -> Expr:
    return constant_expr(COMPLEX, complex(0.0, _written(context, node)), node.span)


_NUMBER = re.compile(rb"(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?(?![\d.])")


def _written(context: Context, node: Any) -> float:
    """The number before a unit, read from the text: the parser forgets its exponent."""
    span = node.span
    found = _NUMBER.match(context.text, span.lo, span.hi)
    if context.text[span.lo - 1 : span.lo] == b"$":
        raise Diagnostic("syntax_error", "a physical qubit has no unit", span)
    if found is None or context.text[span.lo : span.lo + 2].lower() in _BASES:
        raise Diagnostic("syntax_error", "a decimal number is needed before a unit", span)
    return float(found.group().replace(b"_", b""))


_BASES = frozenset({b"0x", b"0b", b"0o"})


def _bit_string(_: Context, node: Any) -> Expr:
    width, value = node.width, node.value
    bits = tuple([value >> k & 1 for k in range(width)])
    return constant_expr(Type("bits", width), bits, node.span)


def _duration(context: Context, node: Any) -> Expr:
    value = _written(context, node)
    if node.unit == nodes.TimeUnit.DT:
        return constant_expr(DURATION, Duration(0.0, value), node.span)
    return constant_expr(DURATION, Duration(value * _NANOSECONDS[int(node.unit)], 0.0), node.span)


_NANOSECONDS = {
    int(nodes.TimeUnit.S): 1e9,
    int(nodes.TimeUnit.MS): 1e6,
    int(nodes.TimeUnit.US): 1e3,
    int(nodes.TimeUnit.NS): 1.0,
}


def _duration_of(_: Context, node: Any) -> Expr:
    """How long gates take: nobody knows here, so it can only pad."""
    return constant_expr(STRETCH, Duration(math.nan, 0.0), node.span)


def _paren(context: Context, node: Any) -> Expr:
    return expression(context, node.operand)


def _unary(context: Context, node: Any) -> Expr:
    return apply_unary(node.op.value, expression(context, node.operand), node.span)


def _binary(context: Context, node: Any) -> Expr:
    """Follows the left operands in a loop: a sum of hundreds of terms leans that way."""
    pending = []
    while type(node) is nodes.BinaryExpression:
        pending.append(node)
        node = node.lhs
    value = expression(context, node)
    for parent in reversed(pending):
        op = parent.op.value
        if op in LOGICAL and subroutines.contains_call(context, parent.rhs):
            value = _short_circuit(context, op, value, parent)
        else:
            value = _joined(context, op, value, parent)
    return value


def _joined(context: Context, op: str, left: Expr, parent: Any) -> Expr:
    if not left.is_constant and subroutines.contains_call(context, parent.rhs):
        left = subroutines.kept(context, left, left.span)
    right = expression(context, parent.rhs)
    if mixes_signs(op, left, right):
        types = f"{left.type} and {right.type}"
        message = f"in `{op}` of {types}, a negative number counts as a large one"
        context.warn("mixed_signs", message, parent.span, "Cast the unsigned operand to an int")
    return (legacy_binary if context.legacy else apply_binary)(op, left, right, parent.span)


def legacy_binary(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    """A binary operation of OpenQASM 2, whose quotients and powers are those of real numbers."""
    if op in ("/", "**"):
        left, right = _real(left), _real(right)
    return apply_binary(op, left, right, span)


def _real(expr: Expr) -> Expr:
    return convert(expr, FLOAT) if expr.type.kind == "int" else expr


def _short_circuit(context: Context, op: str, left: Expr, parent: Any) -> Expr:
    """The right side calls a subroutine, which must not happen where the left one decides."""
    code, span = context.code, parent.span
    cell = code.reserve(BOOL, span)
    first = to_condition(left).read
    skip = Label()
    wanted = op == "||"

    def decide(execution: Execution, _: QuantumTarget) -> int | None:
        value = first(execution.memory)
        execution.memory[cell] = value
        return skip.address if value == wanted else None

    code.fork(decide, BranchTargets((skip,), skip), span)
    second = to_condition(expression(context, parent.rhs)).read

    def other(execution: Execution, _: QuantumTarget) -> None:
        execution.memory[cell] = second(execution.memory)

    code.emit(other, span)
    code.place(skip)
    return Expr(BOOL, span, lambda m: m[cell])


def _indexed_value(context: Context, node: Any) -> Expr:
    base = node.name if type(node) is nodes.IndexedIdentifier else node.collection
    kind = type(base)
    named = kind is nodes.Identifier
    if kind in _STORED and not (named and isinstance(context.scope.find(base.name), Constant)):
        return value_of(places(context, node))
    value = expression(context, base)
    for bracket in node.indices:
        name = base.name if named else "this"
        value = bits_of_value(value, bracket, node.span, name, context)
    return value


_STORED = frozenset({nodes.Identifier, nodes.IndexExpression, nodes.IndexedIdentifier})


def _concatenation(context: Context, node: Any) -> Expr:
    values = subroutines.in_order(context, node.operands)
    kinds = {value.type.kind for value in values}
    if kinds == {"array"}:
        return subroutines.joined_arrays(values, node.span)
    if kinds <= {"bit", "bits"}:
        sizes = [1 if v.type == BIT else v.type.size for v in values]
        size = None if None in sizes else sum(n or 0 for n in sizes)
        return apply_operation(Type("bits", size), node.span, _together, *values)
    raise Diagnostic("wrong_type", "only bits with bits can be joined here", node.span)


def _together(*parts: Any) -> Any:
    bits: list[Any] = []
    for part in parts:
        bits.extend(part if isinstance(part, tuple) else (part,))
    return tuple(bits)


def _cast(context: Context, node: Any) -> Expr:
    operand = expression(context, node.operand)
    return cast(operand, type_of(context, node.type), node)


def cast(operand: Expr, to: Type, node: Node) -> Expr:
    """`to(operand)`; a number without a width takes that of the bits it is made from."""
    if to.kind in ("stretch", "duration", "array") or operand.type.kind in ("duration", "stretch"):
        if operand.type.kind == to.kind == "duration":
            return operand
        message = f"there is no cast from {operand.type} to {to}"
        raise Diagnostic("wrong_type", message, node.span)
    result = convert(operand, to, explicit=True)
    result.span = node.span
    if result is operand:
        result = Expr(to, node.span, operand.read, operand.value)
    result.untyped = False
    return result


def _call(context: Context, node: Any) -> Expr:
    name = node.name.name
    symbol = context.scope.find(name)
    if isinstance(symbol, Routine):
        return subroutines.call(context, symbol, node)
    if name == "sizeof":
        return _size_of(context, node)
    if name in builtin_functions.ARITY and symbol is None:
        values = subroutines.in_order(context, node.args)
        return builtin_functions.call_function(name, values, node.span)
    if isinstance(symbol, Extern):
        message = f"`{shorten(name)}` is `extern`: nothing here says what it does"
        raise Diagnostic("not_supported", message, node.span)
    if symbol is not None:
        message = f"`{shorten(name)}` is no subroutine"
        raise Diagnostic("wrong_type", message, node.name.span)
    message = f"there is no function `{shorten(name)}`"
    raise Diagnostic("undeclared_name", message, node.name.span)


def _size_of(context: Context, node: Any) -> Expr:
    if len(node.args) not in (1, 2):
        message = "`sizeof` takes an array and the number of a dimension"
        raise Diagnostic("wrong_arity", message, node.span)
    array = places(context, node.args[0])
    shape = array.type.shape
    if not shape:
        raise Diagnostic("wrong_type", f"{array.type} has no dimensions", node.args[0].span)
    depth = expression(context, node.args[1]) if len(node.args) == 2 else None
    if depth is not None and depth.type.kind not in ("int", "uint"):
        raise Diagnostic("wrong_type", "the dimension must be a whole number", depth.span)
    fixed = 0 if depth is None else depth.value
    if isinstance(fixed, int):
        return _length(array, shape, fixed, node)
    assert depth is not None
    find, which, span = array.find, depth.read, node.span
    return Expr(UINT, span, lambda m: _at(find(m).shape, which(m), span))


def _length(array: Reference, shape: tuple[int | None, ...], depth: int, node: Any) -> Expr:
    known = _at(shape, depth, node.span)
    if known is not None:
        return constant_expr(UINT, known, node.span)
    find = array.find
    return Expr(UINT, node.span, lambda m: find(m).shape[depth])


def _at(shape: Any, depth: int, span: Any) -> Any:
    if not 0 <= depth < len(shape):
        message = f"dimension {depth} of an array with {len(shape)}"
        raise Diagnostic("index_out_of_range", message, span)
    return shape[depth]


_HANDLERS: dict[type, Callable[[Context, Any], Expr]] = {
    nodes.IntegerLiteral: _integer,
    nodes.HardwareQubit: _physical,
    nodes.FloatLiteral: _float,
    nodes.BooleanLiteral: _boolean,
    nodes.ImaginaryLiteral: _imaginary,
    nodes.BitstringLiteral: _bit_string,
    nodes.DurationLiteral: _duration,
    nodes.DurationOf: _duration_of,
    nodes.Identifier: _identifier,
    nodes.ParenExpression: _paren,
    nodes.UnaryExpression: _unary,
    nodes.BinaryExpression: _binary,
    nodes.IndexExpression: _indexed_value,
    nodes.IndexedIdentifier: _indexed_value,
    nodes.Concatenation: _concatenation,
    nodes.Cast: _cast,
    nodes.FunctionCall: _call,
}
