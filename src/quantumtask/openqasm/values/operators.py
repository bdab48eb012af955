"""Operators: what each one does to values of which types, or that it is not defined."""

import operator

from quantumtask.openqasm.program.process import known
from quantumtask.openqasm.text.source import Refusal, Span
from quantumtask.openqasm.values.arithmetic import (
    BITWISE,
    LOGIC,
    SHIFTS,
    numeric,
    of_numbers,
    truth,
    undefined,
)
from quantumtask.openqasm.values.bit_angle_duration import of_angles, of_bits, of_durations, shift
from quantumtask.openqasm.values.expr import Expr, applied
from quantumtask.openqasm.values.types import BOOL, INT, NUMBERS, WHOLE, Duration, wrapped


def binary(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    """`left op right`. Raises Refusal where the operator is not defined for their types."""
    kinds = {left.type.kind, right.type.kind}
    if op in LOGIC:
        return _logic(op, left, right, span)
    if kinds & {"duration", "stretch"}:
        return of_durations(op, left, right, span)
    if op in SHIFTS:
        return shift(op, left, right, span)
    if "angle" in kinds:
        return of_angles(op, left, right, span)
    if kinds & {"bits"} or (kinds == {"bit"} and op in BITWISE):
        return of_bits(op, left, right, span)
    if kinds <= NUMBERS | {"bit"}:
        return of_numbers(op, left, right, span)
    raise undefined(op, left, right, span)


def _logic(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    left, right = truth(left), truth(right)
    a, b = left.read, right.read
    if left.constant and right.constant:
        join = operator.and_ if op == "&&" else operator.or_
        return applied(BOOL, span, join, left, right)
    if op == "&&":
        return Expr(BOOL, span, lambda m: a(m) and b(m))
    return Expr(BOOL, span, lambda m: a(m) or b(m))


def unary(op: str, operand: Expr, span: Span) -> Expr:
    """`-x`, `!x`, `~x`. Raises Refusal where the operator is not defined for the type."""
    if op == "!":
        return applied(BOOL, span, operator.not_, truth(operand))
    if op == "-":
        return _negated(operand, span)
    return _inverted(operand, span)


def _negated(operand: Expr, span: Span) -> Expr:
    kind, to = operand.type.kind, operand.type
    if kind in ("bool", "bit"):
        return _negated(numeric(operand), span)
    if kind in WHOLE:
        if operand.loose:
            return applied(INT, span, operator.neg, operand, loose=True)
        return applied(to, span, lambda value: wrapped(-value, to), operand)
    if kind in ("float", "complex"):
        return applied(to, span, operator.neg, operand)
    if kind == "angle":
        return applied(to, span, lambda value: -value % (1 << to.width), operand)
    if kind in ("duration", "stretch"):
        return applied(to, span, lambda value: Duration(-value.ns, -value.dt), operand)
    raise Refusal("wrong_type", f"`-` is not defined for {to}", span)


def _inverted(operand: Expr, span: Span) -> Expr:
    kind, to = operand.type.kind, operand.type
    if kind == "bit":
        return applied(to, span, lambda bit: 1 - known(bit), operand)
    if kind == "bool":
        return applied(to, span, operator.not_, operand)
    if kind == "bits":
        return applied(to, span, lambda bits: tuple([1 - known(bit) for bit in bits]), operand)
    if kind == "uint" and to.size is not None:
        return applied(to, span, lambda value: wrapped(~value, to), operand)
    if kind == "angle":
        return applied(to, span, lambda value: ~value % (1 << to.width), operand)
    message = f"`~` is not defined for {to}"
    if kind in WHOLE and to.size is None:
        message = "`~` of a number without a width is not defined"
    raise Refusal("wrong_type", message, span)
