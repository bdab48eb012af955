"""Operators of numbers: bool, int, uint, float, complex (spec: Classical instructions)."""

import math
import operator
from collections.abc import Callable
from typing import Any

from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.casts import convert, float_rounder
from quantumtask.openqasm.values.expr import NEGATIVE_POWER, Expr, apply_operation
from quantumtask.openqasm.values.types import (
    BOOL,
    INT,
    INTEGER_KINDS,
    MACHINE_WIDTH,
    MAX_WIDTH,
    UINT,
    Type,
    fits_type,
    wrap_int,
)

BITWISE = frozenset({"&", "|", "^"})


SHIFTS = frozenset({"<<", ">>"})


COMPARISONS = frozenset({"==", "!=", "<", "<=", ">", ">="})


LOGICAL = frozenset({"&&", "||"})


COMPARE_FUNCTIONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def undefined_operator(op: str, left: Expr, right: Expr, span: Span) -> Diagnostic:
    message = f"`{op}` is not defined for {left.type} and {right.type}"
    return Diagnostic("wrong_type", message, span)


def to_condition(expr: Expr) -> Expr:
    """As a condition: true or false."""
    if expr.type.kind in ("array", "duration", "stretch", "void", "qubit", "qubits"):
        message = f"a condition is needed here, not a value of type {expr.type}"
        raise Diagnostic("wrong_type", message, expr.span)
    return convert(expr, BOOL, explicit=True)


def common_integer_type(left: Expr, right: Expr) -> Type:
    """The type of both operands: the wider; of two equally wide ones the unsigned (as in C).

    A literal takes the type of the other operand, if that type holds the literal. Raises Diagnostic
    for a literal that neither type holds.
    """
    a, b = left.type, right.type
    if left.loose != right.loose:
        fixed, loose = (b, left) if left.loose else (a, right)
        if fits_type(loose.value, fixed):
            return fixed
        a, b = literal_type(left), literal_type(right)
    if a.width != b.width:
        return a if a.width > b.width else b
    if a.kind != b.kind:
        return Type("uint", a.size if a.size is not None else b.size)
    return a if a.size is None else b


def literal_type(expr: Expr) -> Type:
    """Return the type of an integer by itself. Raises Diagnostic for a literal beyond 64 bits."""
    if not expr.loose:
        return expr.type
    for to in (INT, UINT):
        if fits_type(expr.value, to):
            return to
    message = "this literal has more than 64 bits, and no operand beside it is as wide"
    raise Diagnostic("number_too_large", message, expr.span)


def to_numeric(expr: Expr) -> Expr:
    return convert(expr, INT) if expr.type.kind in ("bool", "bit") else expr


def apply_to_numbers(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    if op in BITWISE and {left.type.kind, right.type.kind} <= {"bool", "bit"}:
        return apply_operation(
            BOOL, span, BITWISE_FUNCTIONS[op], convert(left, BOOL), convert(right, BOOL)
        )
    left, right = to_numeric(left), to_numeric(right)
    kinds = {left.type.kind, right.type.kind}
    if kinds <= INTEGER_KINDS:
        return _of_wholes(op, left, right, span)
    if op in BITWISE or (op == "%" and "complex" in kinds):
        raise undefined_operator(op, left, right, span)
    to = _common_float(left, right)
    return _of_floats(op, convert(left, to), convert(right, to), to, span)


def _common_float(left: Expr, right: Expr) -> Type:
    kinds = {left.type.kind, right.type.kind}
    kind = "complex" if "complex" in kinds else "float"
    sized = [e.type for e in (left, right) if e.type.kind in ("float", "complex")]
    fixed = [t for t in sized if t.size is not None]
    if len(fixed) == 1 and len(sized) == 2:
        # A literal takes the width of what it meets; a variable of machine width has 64 bits.
        other = left if sized[0].size is None else right
        return Type(kind, fixed[0].size if other.constant else None)
    return Type(kind, max((t.size or 0 for t in fixed), default=None))


def _of_floats(op: str, left: Expr, right: Expr, to: Type, span: Span) -> Expr:
    if op in COMPARISONS:
        if to.kind == "complex" and op not in ("==", "!="):
            raise undefined_operator(op, left, right, span)
        return apply_operation(BOOL, span, COMPARE_FUNCTIONS[op], left, right)
    operation: Callable[[Any, Any], Any] = (
        _COMPLEX_OPERATION if to.kind == "complex" else _FLOAT_OPERATION
    )[op]
    if to.size in (16, 32) and to.kind == "float":
        keep = float_rounder(to)
        return apply_operation(to, span, lambda a, b: keep(operation(a, b)), left, right)
    return apply_operation(to, span, operation, left, right)


def _of_wholes(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    if op in COMPARISONS:
        return _compared(op, left, right, span)
    operation = INTEGER_FUNCTIONS.get(op)
    if operation is None:
        raise undefined_operator(op, left, right, span)
    if left.loose and right.loose:
        return apply_operation(
            INT, span, lambda a, b: check_width(operation(a, b)), left, right, loose=True
        )
    if op == "**":
        return _whole_power(left, right, span)
    to = common_integer_type(left, right)
    left, right = _as(left, to), _as(right, to)
    return apply_operation(to, span, lambda a, b: wrap_int(operation(a, b), to), left, right)


def _compared(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    """Compares a literal by its value, and two variables in their common type, as in C."""
    if not (left.loose or right.loose):
        to = common_integer_type(left, right)
        left, right = _as(left, to), _as(right, to)
    return apply_operation(BOOL, span, COMPARE_FUNCTIONS[op], left, right)


def mixes_signs(op: str, left: Expr, right: Expr) -> bool:
    """Return True if a negative operand would count as a large number and change the result."""
    if {left.type.kind, right.type.kind} != INTEGER_KINDS or op not in COMPARISONS | {"/", "%"}:
        return False
    signed = left if left.type.kind == "int" else right
    if (signed.constant and signed.value >= 0) or (signed.loose and op in COMPARISONS):
        return False
    return common_integer_type(left, right).kind == "uint"


def _whole_power(left: Expr, right: Expr, span: Span) -> Expr:
    """The power, with the sign of its base and the width of the wider operand."""
    width = None if right.loose else right.type.size
    base = literal_type(left)
    wider = not right.loose and right.type.width > base.width
    to = Type(base.kind, width) if wider else base
    return apply_operation(to, span, _wrapping_power(to), _as(left, to), right)


def _as(expr: Expr, to: Type) -> Expr:
    """As `convert`, but a constant may wrap: both sides of an operator do."""
    return convert(expr, to, explicit=True)


def check_width(value: int) -> int:
    if value.bit_length() > MAX_WIDTH:
        raise OverflowError
    return value


def _wrapping_power(to: Type) -> Callable[[int, int], int]:
    def power(base: int, exponent: int) -> int:
        if exponent < 0:
            raise ValueError(NEGATIVE_POWER)
        if to.width > MACHINE_WIDTH and exponent > MAX_WIDE_EXPONENT:
            raise OverflowError
        return wrap_int(pow(base, exponent, 1 << to.width), to)

    return power


MAX_WIDE_EXPONENT = 1 << 16
"""Of a number wider than the machine's: each bit of it is a long multiplication."""


def _divide(left: int, right: int) -> int:
    """Toward zero."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def _modulo(left: int, right: int) -> int:
    """With the sign of `left`."""
    remainder = abs(left) % abs(right)
    return -remainder if left < 0 else remainder


def _power(left: int, right: int) -> int:
    if right < 0:
        raise ValueError(NEGATIVE_POWER)
    if abs(left) > 1 and left.bit_length() * right > 2 * MAX_WIDTH:
        raise OverflowError
    return int(left**right)


BITWISE_FUNCTIONS: dict[str, Callable[[Any, Any], Any]] = {
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
}


INTEGER_FUNCTIONS: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
    "%": _modulo,
    "**": _power,
    **BITWISE_FUNCTIONS,
}


def _remainder(left: float, right: float) -> float:
    if right == 0:
        raise ZeroDivisionError
    return math.fmod(left, right)


def _float_power(left: float, right: float) -> float:
    value = left**right
    if isinstance(value, complex):
        raise ValueError
    return float(value)


_FLOAT_OPERATION: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": _remainder,
    "**": _float_power,
}


def _complex_power(left: complex, right: complex) -> complex:
    return complex(left**right)


_COMPLEX_OPERATION: dict[str, Callable[[complex, complex], complex]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": _complex_power,
}
