"""Operators of bit registers, angles and durations, and shifts."""

import math
from collections.abc import Callable
from typing import Any

from quantumtask.openqasm.program.execution import bit_value
from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.arithmetic import (
    BITWISE,
    BITWISE_FUNCTIONS,
    COMPARE_FUNCTIONS,
    COMPARISONS,
    INTEGER_FUNCTIONS,
    apply_to_numbers,
    check_width,
    literal_type,
    to_numeric,
    undefined_operator,
)
from quantumtask.openqasm.values.casts import convert, int_from_bits, to_radians
from quantumtask.openqasm.values.expr import NEGATIVE_SHIFT, Expr, apply_operation
from quantumtask.openqasm.values.types import (
    BIT,
    BOOL,
    DURATION,
    FLOAT,
    INT,
    INTEGER_KINDS,
    MACHINE_WIDTH,
    MAX_WIDTH,
    UINT,
    Duration,
    Type,
    bits_from_int,
    wrap_int,
)


def apply_to_bits(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Return `lhs op rhs`, where one operand is a bit register, or both are bits.

    Raises:
        Diagnostic: The operator is not defined for the types, or the sizes differ.
    """
    if lhs.type.kind == rhs.type.kind == "bit":
        return apply_operation(
            BIT, span, lambda a, b: BITWISE_FUNCTIONS[op](bit_value(a), bit_value(b)), lhs, rhs
        )
    if op in BITWISE:
        return _bitwise(op, lhs, rhs, span)
    if op not in COMPARISONS:
        hint = "Cast the register: uint[n](c), with n its size"
        raise Diagnostic("wrong_type", f"`{op}` is not defined for bit registers", span, hint)
    a, b = lhs.type, rhs.type
    if a.kind == b.kind == "bits":
        if a.size != b.size and None not in (a.size, b.size):
            raise Diagnostic("size_mismatch", f"{a} and {b} have different sizes", span)
        return apply_operation(BOOL, span, _register_comparison(op), lhs, rhs)
    if {a.kind, b.kind} & INTEGER_KINDS:
        return apply_operation(BOOL, span, _value_comparison(op), lhs, rhs)
    return apply_to_numbers(op, _to_number(lhs), _to_number(rhs), span)


def _value_comparison(op: str) -> Callable[[Any, Any], bool]:
    """Return the comparison of a register with an integer; the register counts as unsigned."""
    compare = COMPARE_FUNCTIONS[op]

    def value(operand: Any) -> int:
        return operand if isinstance(operand, int) else int_from_bits(operand)

    return lambda a, b: compare(value(a), value(b))


def _register_comparison(op: str) -> Callable[[Any, Any], bool]:
    compare = COMPARE_FUNCTIONS[op]
    return lambda a, b: compare(int_from_bits(a), int_from_bits(b))


def _to_number(expr: Expr) -> Expr:
    """Return a register as a `uint`, and any other expression unchanged."""
    if expr.type.kind != "bits":
        return expr
    size = expr.type.size
    to = UINT if size is None or size <= MACHINE_WIDTH else Type("uint", size)
    if size is not None and size < MACHINE_WIDTH:
        return apply_operation(to, expr.span, int_from_bits, expr)
    return convert(expr, to)


def _bitwise(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    to = lhs.type if lhs.type.kind == "bits" else rhs.type
    lhs, rhs = convert(lhs, to), convert(rhs, to)
    if to.size is None:
        raise Diagnostic(
            "not_supported", "the size of these bits is not known at compile time", span
        )
    width, operation = to.size, BITWISE_FUNCTIONS[op]
    return apply_operation(
        to,
        span,
        lambda a, b: bits_from_int(operation(int_from_bits(a), int_from_bits(b)), width),
        lhs,
        rhs,
    )


def apply_shift(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Return `lhs << rhs` or `lhs >> rhs`.

    Raises:
        Diagnostic: The operator is not defined for the types, or `rhs` is a negative constant.
    """
    if rhs.type.kind not in INTEGER_KINDS | {"bit", "bool", "bits"}:
        raise undefined_operator(op, lhs, rhs, span)
    by = _to_number(to_numeric(rhs))
    kind = lhs.type.kind
    if kind == "bits":
        move = _shift_up if op == "<<" else _shift_down
        return apply_operation(lhs.type, span, move, lhs, by)
    if kind in ("bit", "bool"):
        lhs = to_numeric(lhs)
    elif kind not in INTEGER_KINDS | {"angle"}:
        raise undefined_operator(op, lhs, rhs, span)
    if lhs.untyped and by.is_constant:
        return apply_operation(INT, span, _untyped_shift(op), lhs, by, untyped=True)
    to = literal_type(lhs)
    return apply_operation(to, span, _integer_shift(op, to), lhs, by)


def _distance(by: int) -> int:
    if by < 0:
        raise ValueError(NEGATIVE_SHIFT)
    return min(by, 2 * MAX_WIDTH)


def _shift_up(bits: Any, by: int) -> Any:
    by = min(_distance(by), len(bits))
    return (0,) * by + tuple(bits[: len(bits) - by])


def _shift_down(bits: Any, by: int) -> Any:
    by = min(_distance(by), len(bits))
    return tuple(bits[by:]) + (0,) * by


def _untyped_shift(op: str) -> Callable[[int, int], int]:
    if op == "<<":
        return lambda value, by: check_width(value << _distance(by))
    return lambda value, by: value >> _distance(by)


def _integer_shift(op: str, to: Type) -> Callable[[int, int], int]:
    wrap_type = Type("uint", to.width) if to.kind == "angle" else to
    if op == "<<":
        return lambda value, by: wrap_int(value << _distance(by), wrap_type)
    return lambda value, by: value >> _distance(by)


def apply_to_angles(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Return `lhs op rhs`, where at least one operand is an angle.

    Raises:
        Diagnostic: The operator is not defined for the types.
    """
    a, b = lhs.type.kind, rhs.type.kind
    if a != "angle" or b != "angle":
        return _angle_and_number(op, lhs, rhs, span)
    to = lhs.type if lhs.type.width >= rhs.type.width else rhs.type
    lhs, rhs = convert(lhs, to), convert(rhs, to)
    if op in COMPARISONS:
        return apply_operation(BOOL, span, COMPARE_FUNCTIONS[op], lhs, rhs)
    if op == "**":
        return apply_to_numbers(op, to_radians(lhs), to_radians(rhs), span)
    operation = INTEGER_FUNCTIONS[op]
    wrap_type = Type("uint", to.width)
    result = Type("uint", to.size) if op == "/" else to
    if op in ("*", "%"):
        raise undefined_operator(op, lhs, rhs, span)
    return apply_operation(
        result, span, lambda x, y: wrap_int(operation(x, y), wrap_type), lhs, rhs
    )


def _angle_and_number(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Return an angle times or divided by an integer; convert any other number to an angle."""
    angle, other = (lhs, rhs) if lhs.type.kind == "angle" else (rhs, lhs)
    is_scaling = op == "*" or (op == "/" and angle is lhs)
    kind = other.type.kind
    if is_scaling and kind in INTEGER_KINDS | {"bool", "bit"}:
        factor = to_numeric(other)
        wrap_type, operation = Type("uint", angle.type.width), INTEGER_FUNCTIONS[op]
        return apply_operation(
            angle.type, span, lambda x, n: wrap_int(operation(x, n), wrap_type), angle, factor
        )
    if op == "**":
        lhs, rhs = [to_radians(e) if e is angle else e for e in (lhs, rhs)]
        return apply_to_numbers(op, lhs, rhs, span)
    if op in ("*", "/", "%") or (kind != "float" and not other.is_constant):
        raise undefined_operator(op, lhs, rhs, span)
    if kind not in INTEGER_KINDS | {"float"}:
        raise undefined_operator(op, lhs, rhs, span)
    both = [e if e is angle else convert(e, angle.type) for e in (lhs, rhs)]
    return apply_to_angles(op, both[0], both[1], span)


def apply_to_durations(op: str, lhs: Expr, rhs: Expr, span: Span) -> Expr:
    """Return `lhs op rhs`, where at least one operand is a duration or a stretch.

    Raises:
        Diagnostic: The operator is not defined for the types.
    """
    kinds = ("duration", "stretch")
    a, b = lhs.type.kind in kinds, rhs.type.kind in kinds
    is_stretch = "stretch" in (lhs.type.kind, rhs.type.kind)
    to = Type("stretch") if is_stretch else DURATION
    if a and b and op in ("+", "-"):
        sign = 1 if op == "+" else -1
        return apply_operation(to, span, lambda x, y: _sum(x, y, sign), lhs, rhs)
    if a and b and op == "/":
        return apply_operation(FLOAT, span, _ratio(span), lhs, rhs)
    if a and b and op in COMPARISONS:
        return apply_operation(BOOL, span, _duration_comparison(op, span), lhs, rhs)
    number = rhs if a else lhs
    if number.type.kind in INTEGER_KINDS | {"float"} and (op == "*" or (op == "/" and a)):
        if op == "*":
            duration, factor = (lhs, rhs) if a else (rhs, lhs)
            return apply_operation(
                to, span, lambda x, n: Duration(x[0] * n, x[1] * n), duration, factor
            )
        return apply_operation(to, span, lambda x, n: Duration(x[0] / n, x[1] / n), lhs, rhs)
    raise undefined_operator(op, lhs, rhs, span)


def _sum(lhs: Duration, rhs: Duration, sign: int) -> Duration:
    return Duration(lhs.ns + sign * rhs.ns, lhs.dt + sign * rhs.dt)


def _scalars(lhs: Duration, rhs: Duration, span: Span) -> tuple[float, float]:
    """Return both durations in one unit.

    Raises:
        Diagnostic: Only the hardware determines a duration, or the length of a `dt`.
    """
    if math.isnan(lhs.ns + rhs.ns):
        message = "only the hardware determines the length of a stretch"
        raise Diagnostic("not_supported", message, span)
    if not lhs.dt and not rhs.dt:
        return lhs.ns, rhs.ns
    if not lhs.ns and not rhs.ns:
        return lhs.dt, rhs.dt
    message = "only the hardware determines the length of a `dt`"
    raise Diagnostic("not_supported", message, span)


def _ratio(span: Span) -> Callable[[Duration, Duration], float]:
    def divide(lhs: Duration, rhs: Duration) -> float:
        a, b = _scalars(lhs, rhs, span)
        return a / b

    return divide


def _duration_comparison(op: str, span: Span) -> Callable[[Duration, Duration], bool]:
    compare = COMPARE_FUNCTIONS[op]
    return lambda lhs, rhs: compare(*_scalars(lhs, rhs, span))
