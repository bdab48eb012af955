"""Operators of numbers: bool, int, uint, float, complex.

Source: OpenQASM 3 specification, Classical instructions.
"""

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


def undefined_operator(op: str, lhs: Expr, rhs: Expr, span: Span) -> Diagnostic:
    """Return the diagnostic of an operator that its operands' types do not have."""
    message = f"`{op}` is not defined for {lhs.type} and {rhs.type}"
    return Diagnostic("wrong_type", message, span)


def to_condition(expr: Expr) -> Expr:
    """Return an expression as a condition, of type bool.

    Raises:
        Diagnostic: The type has no truth value.
    """
    if expr.type.kind in ("array", "duration", "stretch", "void", "qubit", "qubits"):
        message = f"a condition must be a bool, a bit or a number; got a value of type {expr.type}"
        raise Diagnostic("wrong_type", message, expr.span)
    return convert(expr, BOOL, explicit=True)


def common_integer_type(lhs: Expr, rhs: Expr) -> Type:
    """Return the common type of two integers: the wider type, or of equal widths the unsigned one.

    The rule is that of C. An untyped constant takes the type of the other operand, if it fits.

    Raises:
        Diagnostic: An untyped constant fits neither the other type nor 64 bits.
    """
    a, b = lhs.type, rhs.type
    if lhs.untyped != rhs.untyped:
        other, untyped = (b, lhs) if lhs.untyped else (a, rhs)
        if fits_type(untyped.value, other):
            return other
        a, b = literal_type(lhs), literal_type(rhs)
    if a.width != b.width:
        return a if a.width > b.width else b
    if a.kind != b.kind:
        return Type("uint", a.size if a.size is not None else b.size)
    return a if a.size is None else b


def literal_type(expr: Expr) -> Type:
    """Return the type of an integer: for an untyped constant, `int` or `uint`.

    Raises:
        Diagnostic: An untyped constant has more than 64 bits.
    """
    if not expr.untyped:
        return expr.type
    for to in (INT, UINT):
        if fits_type(expr.value, to):
            return to
    message = "this literal has more than 64 bits, and the other operand is not as wide"
    raise Diagnostic("number_too_large", message, expr.span)


def to_numeric(expr: Expr) -> Expr:
    """Return a bool or a bit as an `int`, and any other expression unchanged."""
    return convert(expr, INT) if expr.type.kind in ("bool", "bit") else expr


def apply_to_numbers(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Return `lhs op rhs` for numbers and bits.

    Raises:
        Diagnostic: The operator is not defined for the types, or the result is too large.
    """
    if op in BITWISE and {lhs.type.kind, rhs.type.kind} <= {"bool", "bit"}:
        return apply_operation(
            BOOL, span, BITWISE_FUNCTIONS[op], convert(lhs, BOOL), convert(rhs, BOOL)
        )
    lhs, rhs = to_numeric(lhs), to_numeric(rhs)
    kinds = {lhs.type.kind, rhs.type.kind}
    if kinds <= INTEGER_KINDS:
        return _apply_to_integers(op, lhs, rhs, span)
    if op in BITWISE or (op == "%" and "complex" in kinds):
        raise undefined_operator(op, lhs, rhs, span)
    to = _common_float(lhs, rhs)
    return _apply_to_floats(op, convert(lhs, to), convert(rhs, to), to, span)


def _common_float(lhs: Expr, rhs: Expr) -> Type:
    kinds = {lhs.type.kind, rhs.type.kind}
    kind = "complex" if "complex" in kinds else "float"
    sized = [e.type for e in (lhs, rhs) if e.type.kind in ("float", "complex")]
    explicit = [t for t in sized if t.size is not None]
    if len(explicit) == 1 and len(sized) == 2:
        # A literal takes the size of the other operand; a variable without a size has 64 bits.
        other = lhs if sized[0].size is None else rhs
        return Type(kind, explicit[0].size if other.is_constant else None)
    return Type(kind, max((t.size or 0 for t in explicit), default=None))


def _apply_to_floats(op: str, lhs: Expr, rhs: Expr, to: Type, span: Span) -> Expr:
    if op in COMPARISONS:
        if to.kind == "complex" and op not in ("==", "!="):
            raise undefined_operator(op, lhs, rhs, span)
        return apply_operation(BOOL, span, COMPARE_FUNCTIONS[op], lhs, rhs)
    operation: Callable[[Any, Any], Any] = (
        _COMPLEX_OPERATION if to.kind == "complex" else _FLOAT_OPERATION
    )[op]
    if to.size in (16, 32) and to.kind == "float":
        round_to = float_rounder(to)
        return apply_operation(to, span, lambda a, b: round_to(operation(a, b)), lhs, rhs)
    return apply_operation(to, span, operation, lhs, rhs)


def _apply_to_integers(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    if op in COMPARISONS:
        return _compare(op, lhs, rhs, span)
    operation = INTEGER_FUNCTIONS.get(op)
    if operation is None:
        raise undefined_operator(op, lhs, rhs, span)
    if lhs.untyped and rhs.untyped:
        return apply_operation(
            INT, span, lambda a, b: check_width(operation(a, b)), lhs, rhs, untyped=True
        )
    if op == "**":
        return _integer_power(lhs, rhs, span)
    to = common_integer_type(lhs, rhs)
    lhs, rhs = _cast(lhs, to), _cast(rhs, to)
    return apply_operation(to, span, lambda a, b: wrap_int(operation(a, b), to), lhs, rhs)


def _compare(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Compare untyped constants by value, and two variables in their common type, as in C."""
    if not (lhs.untyped or rhs.untyped):
        to = common_integer_type(lhs, rhs)
        lhs, rhs = _cast(lhs, to), _cast(rhs, to)
    return apply_operation(BOOL, span, COMPARE_FUNCTIONS[op], lhs, rhs)


def mixes_signs(op: str, lhs: Expr, rhs: Expr) -> bool:
    """Return True if a negative operand would count as a large number and change the result."""
    if {lhs.type.kind, rhs.type.kind} != INTEGER_KINDS or op not in COMPARISONS | {"/", "%"}:
        return False
    signed = lhs if lhs.type.kind == "int" else rhs
    if (signed.is_constant and signed.value >= 0) or (signed.untyped and op in COMPARISONS):
        return False
    return common_integer_type(lhs, rhs).kind == "uint"


def _integer_power(lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Return the power; its type has the sign of the base and the width of the wider operand."""
    width = None if rhs.untyped else rhs.type.size
    base = literal_type(lhs)
    wider = not rhs.untyped and rhs.type.width > base.width
    to = Type(base.kind, width) if wider else base
    return apply_operation(to, span, _wrapping_power(to), _cast(lhs, to), rhs)


def _cast(expr: Expr, to: Type) -> Expr:
    """Return `expr` as a `to`; a constant wraps, as a variable does."""
    return convert(expr, to, explicit=True)


def check_width(value: int) -> int:
    """Return `value`; raise OverflowError if it has more than MAX_WIDTH bits."""
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
"""Largest exponent of an integer wider than 64 bits, whose multiplication takes long."""


def _divide(lhs: int, rhs: int) -> int:
    """Return the quotient, rounded toward zero."""
    quotient = abs(lhs) // abs(rhs)
    return quotient if (lhs < 0) == (rhs < 0) else -quotient


def _modulo(lhs: int, rhs: int) -> int:
    """Return the remainder, with the sign of `lhs`."""
    remainder = abs(lhs) % abs(rhs)
    return -remainder if lhs < 0 else remainder


def _power(lhs: int, rhs: int) -> int:
    if rhs < 0:
        raise ValueError(NEGATIVE_POWER)
    if abs(lhs) > 1 and lhs.bit_length() * rhs > 2 * MAX_WIDTH:
        raise OverflowError
    return int(lhs**rhs)


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


def _remainder(lhs: float, rhs: float) -> float:
    if rhs == 0:
        raise ZeroDivisionError
    return math.fmod(lhs, rhs)


def _float_power(lhs: float, rhs: float) -> float:
    value = lhs**rhs
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


def _complex_power(lhs: complex, rhs: complex) -> complex:
    return complex(lhs**rhs)


_COMPLEX_OPERATION: dict[str, Callable[[complex, complex], complex]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": _complex_power,
}
