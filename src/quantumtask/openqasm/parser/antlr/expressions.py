"""Conversion of the grammar's expressions and types to nodes, one function for each rule."""

from collections.abc import Callable
from typing import Any

from openqasm3.parser import qasm3Lexer

from quantumtask.openqasm.parser.antlr import nodes
from quantumtask.openqasm.parser.antlr.tree import (
    Handler,
    TreeConverter,
    is_rule,
)


def _parentheses(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.ParenExpression(converter.span(tree), converter.convert(tree.expression()))


def _index(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    base, bracket = converter.convert(tree.expression()), converter.convert(tree.indexOperator())
    return nodes.IndexExpression(converter.span(tree), base, [bracket])


def _unary(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    operand = converter.convert(tree.expression())
    return nodes.UnaryExpression(converter.span(tree), nodes.Operator(tree.op.text), operand)


def _binary(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    """Convert nested left operands in a loop: a sum of hundreds of terms nests deep there."""
    pending = []
    while getattr(tree, "op", None) is not None and isinstance(tree.expression(), list):
        pending.append(tree)
        tree = tree.expression(0)
    value: nodes.QASMNode = converter.convert(tree)
    for parent in reversed(pending):
        rhs = converter.convert(parent.expression(1))
        op = nodes.Operator(parent.op.text)
        value = nodes.BinaryExpression(converter.span(parent), op, value, rhs)
    return value


def _cast(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    to = converter.convert(tree.scalarType() or tree.arrayType())
    return nodes.Cast(converter.span(tree), to, converter.convert(tree.expression()))


def _duration_of(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.DurationOf(converter.span(tree), converter.convert(tree.scope()).statements)


def _call(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = converter.identifier(tree.Identifier())
    return nodes.FunctionCall(
        converter.span(tree), name, converter.convert_list(tree.expressionList())
    )


def _literal(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return _LITERALS[qasm3Lexer.symbolicNames[tree.start.type]](
        converter.span(tree),
        tree.start.text.replace("_", "")
        if tree.start.type != qasm3Lexer.Identifier
        else tree.start.text,
    )


def _integer(base: int) -> Callable[[nodes.Span, str], nodes.QASMNode]:
    return lambda span, text: nodes.IntegerLiteral(span, int(text, base))


def _bit_string(span: nodes.Span, text: str) -> nodes.QASMNode:
    bits = text[1:-1]
    return nodes.BitstringLiteral(span, int(bits, 2), len(bits))


def _duration(span: nodes.Span, text: str) -> nodes.QASMNode:
    suffix = next(suffix for suffix in _UNITS if text.endswith(suffix))
    return nodes.DurationLiteral(span, float(text.removesuffix(suffix)), _UNITS[suffix])


_UNITS = {
    "dt": nodes.TimeUnit.DT,
    "ns": nodes.TimeUnit.NS,
    "us": nodes.TimeUnit.US,
    "µs": nodes.TimeUnit.US,
    "ms": nodes.TimeUnit.MS,
    "s": nodes.TimeUnit.S,
}
_LITERALS: dict[str, Callable[[nodes.Span, str], nodes.QASMNode]] = {
    "Identifier": nodes.Identifier,
    "HardwareQubit": lambda span, text: nodes.HardwareQubit(span, text[1:]),
    "BinaryIntegerLiteral": _integer(2),
    "OctalIntegerLiteral": _integer(8),
    "DecimalIntegerLiteral": _integer(10),
    "HexIntegerLiteral": _integer(16),
    "FloatLiteral": lambda span, text: nodes.FloatLiteral(span, float(text)),
    "ImaginaryLiteral": lambda span, text: nodes.ImaginaryLiteral(span, float(text[:-2])),
    "BooleanLiteral": lambda span, text: nodes.BooleanLiteral(span, text == "true"),
    "BitstringLiteral": _bit_string,
    "TimingLiteral": _duration,
}


def _only_child(converter: TreeConverter, tree: Any) -> Any:
    return converter.convert(tree.getChild(0))


def _measure(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.QuantumMeasurement(converter.span(tree), [converter.convert(tree.gateOperand())])


def _range(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    """Convert `start:end` or `start:step:end`, in which each part is optional."""
    parts: list[Any] = [None]
    for child in tree.getChildren():
        if is_rule(child):
            parts[-1] = converter.convert(child)
        else:
            parts.append(None)
    step = parts.pop(1) if len(parts) == 3 else None
    return nodes.RangeDefinition(converter.span(tree), parts[0], step, parts[1])


def _set(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.DiscreteSet(converter.span(tree), converter.convert_all(tree.expression()))


def _array_literal(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.ArrayLiteral(converter.span(tree), converter.convert_list(tree))


def _index_operator(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    if tree.setExpression():
        return converter.convert(tree.setExpression())  # type: ignore[no-any-return]
    items = list(tree.getChildren(is_rule))
    span = converter.token_span(items[0].start, items[-1].stop)
    return nodes.IndexList(span, converter.convert_all(items))


def _operand(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    if tree.HardwareQubit():
        return nodes.HardwareQubit(converter.span(tree), tree.getText()[1:])
    return converter.convert(tree.indexedIdentifier())  # type: ignore[no-any-return]


def _indexed_identifier(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = converter.identifier(tree.Identifier())
    if not tree.indexOperator():
        return name
    indices = converter.convert_all(tree.indexOperator())
    return nodes.IndexedIdentifier(converter.span(tree), name, indices)


def _designator(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return converter.convert(tree.expression())  # type: ignore[no-any-return]


def _scalar_type(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    span, word = converter.span(tree), tree.start.text
    if word in _PLAIN_TYPES:
        return _PLAIN_TYPES[word](span)
    if word == "complex":
        return nodes.ComplexType(span, converter.convert_optional(tree.scalarType()))
    return _SIZED_TYPES[word](span, converter.convert_optional(tree.designator()))


_PLAIN_TYPES: dict[str, Callable[..., nodes.QASMNode]] = {
    "bool": nodes.BoolType,
    "duration": nodes.DurationType,
    "stretch": nodes.StretchType,
}
_SIZED_TYPES: dict[str, Callable[..., nodes.QASMNode]] = {
    "bit": nodes.BitType,
    "int": nodes.IntType,
    "uint": nodes.UintType,
    "float": nodes.FloatType,
    "angle": nodes.AngleType,
}


def _qubit_type(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.QubitType(converter.span(tree), converter.convert_optional(tree.designator()))


def _array_type(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    base = converter.convert(tree.scalarType())
    return nodes.ArrayType(
        converter.span(tree), base, converter.convert_list(tree.expressionList())
    )


def _array_reference(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    span, access = converter.span(tree), nodes.AccessControl(tree.start.text)
    base = converter.convert(tree.scalarType())
    if tree.DIM():
        count = converter.convert(tree.expression())
        return nodes.DynArrayReferenceType(span, access, base, count)
    dimensions = converter.convert_list(tree.expressionList())
    return nodes.StaticArrayReferenceType(span, access, base, dimensions)


def _return_type(converter: TreeConverter, tree: Any) -> nodes.QASMNode:
    return converter.convert(tree.scalarType())  # type: ignore[no-any-return]


EXPRESSIONS: dict[str, Handler] = {
    "ParenthesisExpression": _parentheses,
    "IndexExpression": _index,
    "PowerExpression": _binary,
    "UnaryExpression": _unary,
    "MultiplicativeExpression": _binary,
    "AdditiveExpression": _binary,
    "BitshiftExpression": _binary,
    "ComparisonExpression": _binary,
    "EqualityExpression": _binary,
    "BitwiseAndExpression": _binary,
    "BitwiseXorExpression": _binary,
    "BitwiseOrExpression": _binary,
    "LogicalAndExpression": _binary,
    "LogicalOrExpression": _binary,
    "CastExpression": _cast,
    "DurationofExpression": _duration_of,
    "CallExpression": _call,
    "LiteralExpression": _literal,
    "DeclarationExpression": _only_child,
    "MeasureExpression": _measure,
    "RangeExpression": _range,
    "SetExpression": _set,
    "ArrayLiteral": _array_literal,
    "IndexOperator": _index_operator,
    "GateOperand": _operand,
    "IndexedIdentifier": _indexed_identifier,
    "Designator": _designator,
    "ScalarType": _scalar_type,
    "QubitType": _qubit_type,
    "ArrayType": _array_type,
    "ArrayReferenceType": _array_reference,
    "ReturnSignature": _return_type,
}
"""The handlers of expressions and types, by name of the rule."""
