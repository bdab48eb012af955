"""Expressions: references, operators, casts and function calls."""

from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.gate_hints import write_as_gate_call
from quantumtask.openqasm.compiler.literals import (
    LITERALS,
    compile_integer_literal,
    is_hardware_qubit,
)
from quantumtask.openqasm.compiler.load_store import index_value, load
from quantumtask.openqasm.compiler.measurement import compile_measurement
from quantumtask.openqasm.compiler.references import (
    Reference,
    build_reference,
    index_reference,
    join_references,
)
from quantumtask.openqasm.compiler.subroutine_calls import (
    compile_call,
    contains_call,
    copy_to_temp,
    evaluate_in_order,
)
from quantumtask.openqasm.compiler.symbol_table import Constant, Extern, Subroutine, Symbol
from quantumtask.openqasm.compiler.timing import discard, is_nop_name
from quantumtask.openqasm.compiler.type_nodes import resolve_type
from quantumtask.openqasm.gates.library import STDGATES, Gate
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import (
    BranchTargets,
    Execution,
    JumpLabel,
    QuantumTarget,
)
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values import builtin_functions
from quantumtask.openqasm.values.arithmetic import LOGICAL, mixes_signs, to_condition
from quantumtask.openqasm.values.casts import convert
from quantumtask.openqasm.values.expr import Expr, apply_operation, constant_expr
from quantumtask.openqasm.values.operators import apply_binary, apply_unary
from quantumtask.openqasm.values.types import BIT, BOOL, FLOAT, UINT, ArrayValue, Type


def compile_expression(context: Context, node: Node) -> Expr:
    """Compile an expression. Raises Diagnostic at the part that is wrong."""
    handler = _HANDLERS.get(type(node))
    if handler is None:
        raise Diagnostic("wrong_type", "a value is needed here", node.span)
    return handler(context, node)


def compile_expression_statement(context: Context, node: nodes.ExpressionStatement) -> None:
    """Compile an expression as a statement, usually a subroutine call. Raises Diagnostic."""
    expression: Any = node.expr
    if type(expression) is nodes.QuantumMeasurement:
        compile_measurement(context, expression.qubits, None, node.span)
        return
    if is_nop_name(context, expression):
        return
    value = context.expression(expression)
    if not value.is_constant and value.type.kind != "void":
        # Evaluated only for its errors: an index out of range, a division by zero.
        read = value.read
        context.code.emit(lambda execution, _: discard(read(execution.memory)), node.span)


def resolve_reference(context: Context, node: Node) -> Reference:
    """Resolve the qubits, bits or variable that a node names. Raises Diagnostic."""
    kind = type(node)
    if kind is nodes.Identifier:
        return _resolve_name(context, node)
    if kind is nodes.IndexedIdentifier:
        base = _resolve_name(context, node.name)
        return index_reference(base, node.indices, node.span, context)
    if kind is nodes.IndexExpression:
        base = resolve_reference(context, node.collection)
        return index_reference(base, node.indices, node.span, context)
    if kind is nodes.ParenExpression:
        return resolve_reference(context, node.operand)
    if kind is nodes.Concatenation:
        parts = [resolve_reference(context, part) for part in node.operands]
        return join_references(parts, node.span)
    if kind is nodes.BinaryExpression and node.op.value == "||":
        return _join_by_draft_syntax(context, node)
    qubit = context.find_hardware_qubit(node)
    if qubit is not None:
        return qubit
    raise Diagnostic("wrong_type", _REFERENCE_NEEDED, node.span)


_REFERENCE_NEEDED = "a variable or a qubit is needed here"


def _join_by_draft_syntax(context: Context, node: nodes.BinaryExpression) -> Reference:
    """Join `q || r` as `q ++ r`; drafts of OpenQASM 3 joined registers by `||`."""
    parts = [resolve_reference(context, part) for part in (node.lhs, node.rhs)]
    if not all(part.is_quantum for part in parts):
        raise Diagnostic("wrong_type", _REFERENCE_NEEDED, node.span)
    message = "`||` of qubits is read as `++`, which joins registers"
    context.warn("draft_syntax", message, node.span)
    return join_references(parts, node.span)


def _resolve_name(context: Context, node: nodes.Identifier) -> Reference:
    symbol = context.symbols.lookup(node.name)
    if symbol is None:
        if node.name in builtin_functions.BUILT_IN_CONSTANTS:
            symbol = Constant(FLOAT, builtin_functions.BUILT_IN_CONSTANTS[node.name])
        else:
            raise context.symbols.undeclared_name(node.name, node)
    return build_reference(symbol, node.name, node.span)


def _compile_identifier(context: Context, node: nodes.Identifier) -> Expr:
    name = node.name
    symbol = context.symbols.lookup(name)
    if symbol is None:
        value = builtin_functions.BUILT_IN_CONSTANTS.get(name)
        if value is None:
            raise context.symbols.undeclared_name(name, node)
        return constant_expr(FLOAT, value, node.span)
    if isinstance(symbol, Constant):
        return constant_expr(symbol.type, symbol.value, node.span)
    return load(build_reference(symbol, name, node.span))


def _compile_integer(context: Context, node: nodes.IntegerLiteral) -> Expr:
    if is_hardware_qubit(context, node):
        return _compile_reference(context, node)
    return compile_integer_literal(context, node)


def _compile_reference(context: Context, node: Node) -> Expr:
    return load(resolve_reference(context, node))


def _compile_parentheses(context: Context, node: nodes.ParenExpression) -> Expr:
    return compile_expression(context, node.operand)


def _compile_unary(context: Context, node: nodes.UnaryExpression) -> Expr:
    return apply_unary(node.op.value, compile_expression(context, node.operand), node.span)


def _compile_binary(context: Context, node: Node) -> Expr:
    """Compile a binary operation; left operands in a loop, for sums of hundreds of terms."""
    parents = []
    while type(node) is nodes.BinaryExpression:
        parents.append(node)
        node = node.lhs
    value = compile_expression(context, node)
    for parent in reversed(parents):
        operator = parent.op.value
        if operator in LOGICAL and contains_call(context, parent.rhs):
            value = _compile_short_circuit(context, operator, value, parent)
        else:
            value = _compile_right_operand(context, operator, value, parent)
    return value


def _compile_right_operand(
    context: Context, operator: str, lhs: Expr, parent: nodes.BinaryExpression
) -> Expr:
    if not lhs.is_constant and contains_call(context, parent.rhs):
        lhs = copy_to_temp(context, lhs, lhs.span)
    rhs = compile_expression(context, parent.rhs)
    if mixes_signs(operator, lhs, rhs):
        types = f"{lhs.type} and {rhs.type}"
        message = f"in `{operator}` of {types}, a negative number counts as a large one"
        context.warn("mixed_signs", message, parent.span, "Cast the unsigned operand to an int")
    apply = apply_openqasm2_binary if context.openqasm2 else apply_binary
    return apply(operator, lhs, rhs, parent.span)


def apply_openqasm2_binary(operator: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Apply a binary operator of OpenQASM 2: quotients and powers are those of real numbers."""
    if operator in ("/", "**"):
        lhs, rhs = _integer_to_float(lhs), _integer_to_float(rhs)
    return apply_binary(operator, lhs, rhs, span)


def _integer_to_float(expr: Expr) -> Expr:
    return convert(expr, FLOAT) if expr.type.kind == "int" else expr


def _compile_short_circuit(
    context: Context, operator: str, lhs: Expr, parent: nodes.BinaryExpression
) -> Expr:
    """Compile `&&` or `||` as a branch, because the right side calls a subroutine."""
    code, span = context.code, parent.span
    cell = code.allocate(BOOL, span)
    read_left = to_condition(lhs).read
    end = JumpLabel()
    deciding_value = operator == "||"

    def evaluate_left(execution: Execution, _: QuantumTarget) -> int | None:
        value = read_left(execution.memory)
        execution.memory[cell] = value
        return end.address if value == deciding_value else None

    code.emit_branch(evaluate_left, BranchTargets((end,), end), span)
    read_right = to_condition(compile_expression(context, parent.rhs)).read

    def evaluate_right(execution: Execution, _: QuantumTarget) -> None:
        execution.memory[cell] = read_right(execution.memory)

    code.emit(evaluate_right, span)
    code.bind_label(end)
    return Expr(BOOL, span, lambda m: m[cell])


def _compile_indexed(context: Context, node: Node) -> Expr:
    base = node.name if type(node) is nodes.IndexedIdentifier else node.collection
    is_name = type(base) is nodes.Identifier
    is_constant = is_name and isinstance(context.symbols.lookup(base.name), Constant)
    if type(base) in _REFERENCE_NODES and not is_constant:
        return load(resolve_reference(context, node))
    value = compile_expression(context, base)
    name = base.name if is_name else "this"
    for bracket in node.indices:
        value = index_value(value, bracket, node.span, name, context)
    return value


_REFERENCE_NODES = frozenset({nodes.Identifier, nodes.IndexExpression, nodes.IndexedIdentifier})


def _compile_concatenation(context: Context, node: nodes.Concatenation) -> Expr:
    values = evaluate_in_order(context, node.operands)
    kinds = {value.type.kind for value in values}
    if kinds == {"array"}:
        return _join_arrays(values, node.span)
    if kinds <= {"bit", "bits"}:
        sizes = [1 if v.type == BIT else v.type.size for v in values]
        size = None if None in sizes else sum(n or 0 for n in sizes)
        return apply_operation(Type("bits", size), node.span, _join_bits, *values)
    raise Diagnostic("wrong_type", "`++` can join here only bits with bits", node.span)


def _join_bits(*parts: Any) -> tuple[Any, ...]:
    bits: list[Any] = []
    for part in parts:
        bits.extend(part if isinstance(part, tuple) else (part,))
    return tuple(bits)


def _join_arrays(values: Sequence[Expr], span: Span) -> Expr:
    """Join arrays along their first dimension."""
    first = values[0].type
    for value in values[1:]:
        if value.type.base != first.base or value.type.shape[1:] != first.shape[1:]:
            message = f"{first} and {value.type} cannot be joined"
            raise Diagnostic("wrong_type", message, value.span)
    lengths = [value.type.shape[0] for value in values]
    total = None if None in lengths else sum(n or 0 for n in lengths)
    readers = [value.read for value in values]

    def read(memory: list[Any]) -> ArrayValue:
        parts = [read_part(memory) for read_part in readers]
        elements = [element for part in parts for element in part.values]
        return ArrayValue(elements, (sum(p.shape[0] for p in parts), *parts[0].shape[1:]))

    return Expr(Type("array", None, first.base, (total, *first.shape[1:])), span, read)


def _compile_cast(context: Context, node: nodes.Cast) -> Expr:
    operand = compile_expression(context, node.operand)
    return _apply_cast(operand, resolve_type(context, node.type), node.span)


def _apply_cast(operand: Expr, to: Type, span: Span) -> Expr:
    """Convert a value explicitly; a type without a width takes that of converted bits."""
    if to.kind in ("stretch", "duration", "array") or operand.type.kind in ("duration", "stretch"):
        if operand.type.kind == to.kind == "duration":
            return operand
        raise Diagnostic("wrong_type", f"there is no cast from {operand.type} to {to}", span)
    result = convert(operand, to, explicit=True)
    result.span = span
    if result is operand:
        result = Expr(to, span, operand.read, operand.value)
    result.untyped = False
    return result


def _compile_function_call(context: Context, node: nodes.FunctionCall) -> Expr:
    name = node.name.name
    symbol = context.symbols.lookup(name)
    if isinstance(symbol, Subroutine):
        return compile_call(context, symbol, node)
    if name == "sizeof":
        return _compile_sizeof(context, node)
    if name in builtin_functions.ARITY and symbol is None:
        values = evaluate_in_order(context, node.args)
        return builtin_functions.call_function(name, values, node.span)
    if isinstance(symbol, Extern):
        message = f"`{shorten(name)}` is `extern`: its definition is not known here"
        raise Diagnostic("not_supported", message, node.span)
    if symbol is not None:
        message = f"`{shorten(name)}` is not a subroutine"
        raise Diagnostic("wrong_type", message, node.name.span, _gate_hint(context, node, symbol))
    message = f"there is no function `{shorten(name)}`"
    hint = _gate_hint(context, node, STDGATES.get(name))
    raise Diagnostic("undeclared_name", message, node.name.span, hint)


def _gate_hint(context: Context, node: nodes.FunctionCall, symbol: Symbol | None) -> str | None:
    return write_as_gate_call(node, symbol, context.text) if isinstance(symbol, Gate) else None


def _compile_sizeof(context: Context, node: nodes.FunctionCall) -> Expr:
    if len(node.args) not in (1, 2):
        message = "`sizeof` takes an array and the number of a dimension"
        raise Diagnostic("wrong_arity", message, node.span)
    array = resolve_reference(context, node.args[0])
    shape = array.type.shape
    if not shape:
        raise Diagnostic("wrong_type", f"{array.type} has no dimensions", node.args[0].span)
    dimension = compile_expression(context, node.args[1]) if len(node.args) == 2 else None
    if dimension is not None and dimension.type.kind not in ("int", "uint"):
        raise Diagnostic("wrong_type", "the dimension must be an integer", dimension.span)
    constant = 0 if dimension is None else dimension.value
    if isinstance(constant, int):
        return _constant_dimension(array, shape, constant, node.span)
    assert dimension is not None
    resolve, read_dimension, span = array.resolve, dimension.read, node.span
    return Expr(UINT, span, lambda m: _size(resolve(m).shape, read_dimension(m), span))


def _constant_dimension(
    array: Reference, shape: tuple[int | None, ...], dimension: int, span: Span
) -> Expr:
    size = _size(shape, dimension, span)
    if size is not None:
        return constant_expr(UINT, size, span)
    resolve = array.resolve
    return Expr(UINT, span, lambda m: resolve(m).shape[dimension])


def _size(shape: Sequence[int | None], dimension: int, span: Span) -> int | None:
    if not 0 <= dimension < len(shape):
        message = f"an array with {len(shape)} dimensions has no dimension {dimension}"
        raise Diagnostic("index_out_of_range", message, span)
    return shape[dimension]


_HANDLERS: dict[type, Callable[[Context, Any], Expr]] = {
    **LITERALS,
    nodes.IntegerLiteral: _compile_integer,
    nodes.HardwareQubit: _compile_reference,
    nodes.Identifier: _compile_identifier,
    nodes.ParenExpression: _compile_parentheses,
    nodes.UnaryExpression: _compile_unary,
    nodes.BinaryExpression: _compile_binary,
    nodes.IndexExpression: _compile_indexed,
    nodes.IndexedIdentifier: _compile_indexed,
    nodes.Concatenation: _compile_concatenation,
    nodes.Cast: _compile_cast,
    nodes.FunctionCall: _compile_function_call,
}
