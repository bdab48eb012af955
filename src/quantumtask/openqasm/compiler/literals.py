"""Literals: numbers, bit strings and durations."""

import math
import re
from collections.abc import Callable
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic
from quantumtask.openqasm.values.expr import Expr, constant_expr
from quantumtask.openqasm.values.types import (
    BOOL,
    COMPLEX,
    DURATION,
    FLOAT,
    INT,
    MACHINE_WIDTH,
    STRETCH,
    Duration,
    Type,
)


def is_hardware_qubit(context: Context, node: nodes.IntegerLiteral) -> bool:
    """Return True for an integer after a `$`: so qdk parses a hardware qubit in an argument."""
    return context.text[node.span.lo - 1 : node.span.lo] == b"$"


def compile_integer_literal(_: Context, node: nodes.IntegerLiteral) -> Expr:
    """Compile an integer such as `5`."""
    value = node.value
    if value < 0:
        value += 1 << MACHINE_WIDTH  # qdk reads 2**63 as -2**63
    return constant_expr(INT, value, node.span, untyped=True)


def _compile_float(_: Context, node: nodes.FloatLiteral) -> Expr:
    return constant_expr(FLOAT, node.value, node.span)


def _compile_boolean(_: Context, node: nodes.BooleanLiteral) -> Expr:
    return constant_expr(BOOL, node.value, node.span)


def _compile_imaginary(context: Context, node: nodes.ImaginaryLiteral) -> Expr:
    return constant_expr(COMPLEX, complex(0.0, _read_number(context, node)), node.span)


_NUMBER = re.compile(rb"(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?[\d_]+)?(?![\d.])")


def _read_number(context: Context, node: Node) -> float:
    """Read the number before a unit from the text, because qdk drops its exponent."""
    text, span = context.text, node.span
    number = _NUMBER.match(text, span.lo, span.hi)
    if text[span.lo - 1 : span.lo] == b"$":
        raise Diagnostic("syntax_error", "a physical qubit cannot have a unit of time", span)
    if number is None or text[span.lo : span.lo + 2].lower() in _BASE_PREFIXES:
        raise Diagnostic("syntax_error", "a decimal number is needed before a unit", span)
    value = float(number.group().replace(b"_", b""))
    if value == math.inf:
        raise Diagnostic("number_too_large", "this number is too large", span)
    return value


_BASE_PREFIXES = frozenset({b"0x", b"0b", b"0o"})


def _compile_bit_string(_: Context, node: nodes.BitstringLiteral) -> Expr:
    width, value = node.width, node.value
    bits = tuple([value >> k & 1 for k in range(width)])
    return constant_expr(Type("bits", width), bits, node.span)


def _compile_duration(context: Context, node: nodes.DurationLiteral) -> Expr:
    value = _read_number(context, node)
    if node.unit == nodes.TimeUnit.DT:
        return constant_expr(DURATION, Duration(0.0, value), node.span)
    nanoseconds = value * _NANOSECONDS[int(node.unit)]
    return constant_expr(DURATION, Duration(nanoseconds, 0.0), node.span)


_NANOSECONDS = {
    int(nodes.TimeUnit.S): 1e9,
    int(nodes.TimeUnit.MS): 1e6,
    int(nodes.TimeUnit.US): 1e3,
    int(nodes.TimeUnit.NS): 1.0,
}


def _compile_duration_of(_: Context, node: nodes.DurationOf) -> Expr:
    """Compile `durationof({...})` as a stretch: the duration of a gate is not known here."""
    return constant_expr(STRETCH, Duration(math.nan, 0.0), node.span)


LITERALS: dict[type, Callable[[Context, Any], Expr]] = {
    nodes.FloatLiteral: _compile_float,
    nodes.BooleanLiteral: _compile_boolean,
    nodes.ImaginaryLiteral: _compile_imaginary,
    nodes.BitstringLiteral: _compile_bit_string,
    nodes.DurationLiteral: _compile_duration,
    nodes.DurationOf: _compile_duration_of,
}
"""The functions that compile literals, except integers."""
