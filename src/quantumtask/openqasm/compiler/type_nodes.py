"""Types that type nodes name, and constant integers in them."""

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, format_int
from quantumtask.openqasm.values.casts import convert
from quantumtask.openqasm.values.types import (
    BIT,
    BOOL,
    DURATION,
    INT,
    MAX_ARRAY_DIMENSIONS,
    MAX_WIDTH,
    QUBIT,
    STRETCH,
    VOID,
    Type,
    element_count,
)


def constant_integer(context: Context, node: Node, subject: str) -> int:
    """Return the value of a constant integer.

    Args:
        context: The compilation.
        node: The expression.
        subject: The meaning of the integer in words, such as "the width of a type".

    Raises:
        Diagnostic: The value has another type, or is not constant.
    """
    value = context.expression(node)
    if value.type.kind in ("bool", "bit"):
        value = convert(value, INT)
    if value.type.kind not in ("int", "uint"):
        message = f"{subject} must be an integer, not a value of type {value.type}"
        raise Diagnostic("wrong_type", message, node.span)
    if not value.is_constant:
        hint = "Declare the variables in it `const`"
        raise Diagnostic("not_constant", f"{subject} must be a constant", node.span, hint)
    return int(value.value)


def constant_register_size(context: Context, node: Node, kind: str) -> int:
    """Return the size of a register. Raises Diagnostic for a negative one."""
    size = constant_integer(context, node, f"the size of a {kind} register")
    if size < 0:
        raise Diagnostic("wrong_type", f"a {kind} register cannot have a negative size", node.span)
    return size


def resolve_type(context: Context, node: Node) -> Type:
    """Return the type that a node names; VOID without a node. Raises Diagnostic."""
    if node is None:
        return VOID
    kind = type(node)
    if kind in _UNSIZED:
        return _UNSIZED[kind]
    if kind in (nodes.BitType, nodes.QubitType):
        name = "bit" if kind is nodes.BitType else "qubit"
        if node.size is None:
            return BIT if name == "bit" else QUBIT
        size = constant_register_size(context, node.size, name)
        limit = context.settings.max_bits
        if name == "bit" and size > limit:
            message = f"{format_int(size)} bits are declared; the limit is {limit:,}"
            raise Diagnostic("too_many_bits", message, node.span)
        return Type(name + "s", size)
    if kind in _SIZED:
        return Type(_SIZED[kind], _width(context, node.size))
    if kind is nodes.FloatType:
        return Type("float", _float_size(context, node))
    if kind is nodes.ComplexType:
        return Type("complex", _complex_size(context, node))
    return _array(context, node)


def _width(context: Context, node: Node) -> int | None:
    if node is None:
        return None
    width = constant_integer(context, node, "the width of a type")
    if not 1 <= width <= MAX_WIDTH:
        message = f"a width must be 1 to {MAX_WIDTH:,} bits"
        raise Diagnostic("wrong_type", message, node.span)
    return width


def _float_size(context: Context, node: Node) -> int | None:
    if node.size is None:
        return None
    size = _width(context, node.size)
    if size not in (16, 32, 64):
        context.warn("precision", f"float[{size}] is calculated with 64 bits", node.span)
    return size


def _complex_size(context: Context, node: Node) -> int | None:
    if node.base_type is None:
        return None
    if type(node.base_type) is not nodes.FloatType:
        raise Diagnostic("not_supported", "only complex[float] is supported", node.span)
    return _float_size(context, node.base_type)


def _array(context: Context, node: Node) -> Type:
    base = resolve_type(context, node.base_type)
    if base.kind in ("bit", "bits", "stretch", "qubit", "qubits", "array"):
        raise Diagnostic("wrong_type", f"there are no arrays of {base}", node.span)
    if type(node) is nodes.DynArrayReferenceType:
        depth = constant_integer(context, node.num_dimensions, "the number of dimensions")
        if not 1 <= depth <= MAX_ARRAY_DIMENSIONS:
            raise _too_deep(node)
        return Type("array", None, base, (None,) * depth)
    shape = tuple(_dimension(context, n) for n in node.dimensions)
    if not 1 <= len(shape) <= MAX_ARRAY_DIMENSIONS:
        raise _too_deep(node)
    count, limit = element_count(shape), context.settings.max_elements
    if count > limit:
        message = f"this array has {format_int(count)} elements; the limit is {limit:,}"
        raise Diagnostic("too_many_elements", message, node.span)
    return Type("array", None, base, shape)


def _dimension(context: Context, node: Node) -> int:
    size = constant_integer(context, node, "the size of an array")
    if size < 0:
        raise Diagnostic("wrong_type", "the size of an array cannot be negative", node.span)
    return size


def _too_deep(node: Node) -> Diagnostic:
    message = f"an array must have 1 to {MAX_ARRAY_DIMENSIONS} dimensions"
    return Diagnostic("wrong_type", message, node.span)


_UNSIZED: dict[type, Type] = {
    nodes.BoolType: BOOL,
    nodes.DurationType: DURATION,
    nodes.StretchType: STRETCH,
}
_SIZED: dict[type, str] = {
    nodes.IntType: "int",
    nodes.UintType: "uint",
    nodes.AngleType: "angle",
}
