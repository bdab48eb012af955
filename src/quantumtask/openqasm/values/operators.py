"""Unary and binary operators on expressions of any type."""

import operator

from quantumtask.openqasm.program.execution import bit_value
from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.arithmetic import (
    BITWISE,
    LOGICAL,
    SHIFTS,
    apply_to_numbers,
    to_condition,
    to_numeric,
    undefined_operator,
)
from quantumtask.openqasm.values.bit_angle_duration import (
    apply_shift,
    apply_to_angles,
    apply_to_bits,
    apply_to_durations,
)
from quantumtask.openqasm.values.expr import Expr, apply_operation
from quantumtask.openqasm.values.types import (
    BOOL,
    INT,
    INTEGER_KINDS,
    NUMBER_KINDS,
    Duration,
    wrap_int,
)


def apply_binary(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Return `lhs op rhs`.

    Raises:
        Diagnostic: The operator is not defined for the types, or constants have no result.
    """
    kinds = {lhs.type.kind, rhs.type.kind}
    if op in LOGICAL:
        return _logic(op, lhs, rhs, span)
    if kinds & {"duration", "stretch"}:
        return apply_to_durations(op, lhs, rhs, span)
    if op in SHIFTS:
        return apply_shift(op, lhs, rhs, span)
    if "angle" in kinds:
        return apply_to_angles(op, lhs, rhs, span)
    if kinds & {"bits"} or (kinds == {"bit"} and op in BITWISE):
        return apply_to_bits(op, lhs, rhs, span)
    if kinds <= NUMBER_KINDS | {"bit"}:
        return apply_to_numbers(op, lhs, rhs, span)
    raise undefined_operator(op, lhs, rhs, span)


def _logic(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    lhs, rhs = to_condition(lhs), to_condition(rhs)
    a, b = lhs.read, rhs.read
    if lhs.is_constant and rhs.is_constant:
        join = operator.and_ if op == "&&" else operator.or_
        return apply_operation(BOOL, span, join, lhs, rhs)
    if op == "&&":
        return Expr(BOOL, span, lambda m: a(m) and b(m))
    return Expr(BOOL, span, lambda m: a(m) or b(m))


def apply_unary(op: str, operand: Expr, span: Span) -> Expr:
    """Return `-x`, `!x` or `~x`.

    Raises:
        Diagnostic: The operator is not defined for the type.
    """
    if op == "!":
        return apply_operation(BOOL, span, operator.not_, to_condition(operand))
    if op == "-":
        return _negate(operand, span)
    return _invert(operand, span)


def _negate(operand: Expr, span: Span) -> Expr:
    kind, to = operand.type.kind, operand.type
    if kind in ("bool", "bit"):
        return _negate(to_numeric(operand), span)
    if kind in INTEGER_KINDS:
        if operand.untyped:
            return apply_operation(INT, span, operator.neg, operand, untyped=True)
        return apply_operation(to, span, lambda value: wrap_int(-value, to), operand)
    if kind in ("float", "complex"):
        return apply_operation(to, span, operator.neg, operand)
    if kind == "angle":
        return apply_operation(to, span, lambda value: -value % (1 << to.width), operand)
    if kind in ("duration", "stretch"):
        return apply_operation(to, span, lambda value: Duration(-value.ns, -value.dt), operand)
    raise Diagnostic("wrong_type", f"`-` is not defined for {to}", span)


def _invert(operand: Expr, span: Span) -> Expr:
    kind, to = operand.type.kind, operand.type
    if kind == "bit":
        return apply_operation(to, span, lambda bit: 1 - bit_value(bit), operand)
    if kind == "bool":
        return apply_operation(to, span, operator.not_, operand)
    if kind == "bits":
        return apply_operation(
            to, span, lambda bits: tuple([1 - bit_value(bit) for bit in bits]), operand
        )
    if kind == "uint" and to.size is not None:
        return apply_operation(to, span, lambda value: wrap_int(~value, to), operand)
    if kind == "angle":
        return apply_operation(to, span, lambda value: ~value % (1 << to.width), operand)
    message = f"`~` is not defined for {to}"
    if kind in INTEGER_KINDS and to.size is None:
        message = "`~` of a number without a width is not defined"
    raise Diagnostic("wrong_type", message, span)
