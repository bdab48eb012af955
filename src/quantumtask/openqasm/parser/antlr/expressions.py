"""Expressions and types of the grammar -> nodes: a function for each of its rules."""

from collections.abc import Callable
from typing import Any

from openqasm3.parser import qasm3Lexer

from quantumtask.openqasm.parser.antlr import nodes
from quantumtask.openqasm.parser.antlr.tree import (
    Handler,
    TreeConverter,
    convert_all,
    convert_identifier,
    convert_list,
    is_rule,
)


def _paren(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.ParenExpression(reader.span(tree), reader.node(tree.expression()))


def _index(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    base, bracket = reader.node(tree.expression()), reader.node(tree.indexOperator())
    return nodes.IndexExpression(reader.span(tree), base, [bracket])


def _unary(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    operand = reader.node(tree.expression())
    return nodes.UnaryExpression(reader.span(tree), nodes.Operator(tree.op.text), operand)


def _binary(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    """Follows the left operands in a loop: a sum of hundreds of terms leans that way."""
    pending = []
    while getattr(tree, "op", None) is not None and isinstance(tree.expression(), list):
        pending.append(tree)
        tree = tree.expression(0)
    value: nodes.QASMNode = reader.node(tree)
    for parent in reversed(pending):
        right = reader.node(parent.expression(1))
        op = nodes.Operator(parent.op.text)
        value = nodes.BinaryExpression(reader.span(parent), op, value, right)
    return value


def _cast(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    to = reader.node(tree.scalarType() or tree.arrayType())
    return nodes.Cast(reader.span(tree), to, reader.node(tree.expression()))


def _duration_of(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.DurationOf(reader.span(tree), reader.node(tree.scope()).statements)


def _call(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = convert_identifier(reader, tree.Identifier())
    return nodes.FunctionCall(reader.span(tree), name, convert_list(reader, tree.expressionList()))


def _literal(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return _LITERALS[qasm3Lexer.symbolicNames[tree.start.type]](
        reader.span(tree),
        tree.start.text.replace("_", "")
        if tree.start.type != qasm3Lexer.Identifier
        else tree.start.text,
    )


def _whole(base: int) -> Callable[[nodes.Span, str], nodes.QASMNode]:
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
    "BinaryIntegerLiteral": _whole(2),
    "OctalIntegerLiteral": _whole(8),
    "DecimalIntegerLiteral": _whole(10),
    "HexIntegerLiteral": _whole(16),
    "FloatLiteral": lambda span, text: nodes.FloatLiteral(span, float(text)),
    "ImaginaryLiteral": lambda span, text: nodes.ImaginaryLiteral(span, float(text[:-2])),
    "BooleanLiteral": lambda span, text: nodes.BooleanLiteral(span, text == "true"),
    "BitstringLiteral": _bit_string,
    "TimingLiteral": _duration,
}


def _only_child(reader: TreeConverter, tree: Any) -> Any:
    return reader.node(tree.getChild(0))


def _measure(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.QuantumMeasurement(reader.span(tree), [reader.node(tree.gateOperand())])


def _range(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    """`start:end` or `start:step:end`, each of which may be left out."""
    parts: list[Any] = [None]
    for child in tree.getChildren():
        if is_rule(child):
            parts[-1] = reader.node(child)
        else:
            parts.append(None)
    step = parts.pop(1) if len(parts) == 3 else None
    return nodes.RangeDefinition(reader.span(tree), parts[0], step, parts[1])


def _set(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.DiscreteSet(reader.span(tree), convert_all(reader, tree.expression()))


def _array_literal(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.ArrayLiteral(reader.span(tree), convert_list(reader, tree))


def _index_operator(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    if tree.setExpression():
        return reader.node(tree.setExpression())  # type: ignore[no-any-return]
    items = list(tree.getChildren(is_rule))
    span = reader.between(items[0].start, items[-1].stop)
    return nodes.IndexList(span, convert_all(reader, items))


def _operand(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    if tree.HardwareQubit():
        return nodes.HardwareQubit(reader.span(tree), tree.getText()[1:])
    return reader.node(tree.indexedIdentifier())  # type: ignore[no-any-return]


def _indexed_identifier(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    name = convert_identifier(reader, tree.Identifier())
    if not tree.indexOperator():
        return name
    indices = convert_all(reader, tree.indexOperator())
    return nodes.IndexedIdentifier(reader.span(tree), name, indices)


def _designator(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return reader.node(tree.expression())  # type: ignore[no-any-return]


def _scalar_type(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    span, word = reader.span(tree), tree.start.text
    if word in _PLAIN_TYPES:
        return _PLAIN_TYPES[word](span)
    if word == "complex":
        return nodes.ComplexType(span, reader.maybe(tree.scalarType()))
    return _SIZED_TYPES[word](span, reader.maybe(tree.designator()))


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


def _qubit_type(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return nodes.QubitType(reader.span(tree), reader.maybe(tree.designator()))


def _array_type(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    base = reader.node(tree.scalarType())
    return nodes.ArrayType(reader.span(tree), base, convert_list(reader, tree.expressionList()))


def _array_reference(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    span, access = reader.span(tree), nodes.AccessControl(tree.start.text)
    base = reader.node(tree.scalarType())
    if tree.DIM():
        count = reader.node(tree.expression())
        return nodes.DynArrayReferenceType(span, access, base, count)
    dimensions = convert_list(reader, tree.expressionList())
    return nodes.StaticArrayReferenceType(span, access, base, dimensions)


def _return_type(reader: TreeConverter, tree: Any) -> nodes.QASMNode:
    return reader.node(tree.scalarType())  # type: ignore[no-any-return]


EXPRESSIONS: dict[str, Handler] = {
    "ParenthesisExpression": _paren,
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
