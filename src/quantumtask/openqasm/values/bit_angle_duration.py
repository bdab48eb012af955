"""Operators of the types that C does not have: bit registers, angles, durations."""

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


def apply_to_bits(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    if left.type.kind == right.type.kind == "bit":
        return apply_operation(
            BIT, span, lambda a, b: BITWISE_FUNCTIONS[op](bit_value(a), bit_value(b)), left, right
        )
    if op in BITWISE:
        return _bitwise(op, left, right, span)
    if op not in COMPARISONS:
        hint = "Cast it: uint[n](c), with n its size"
        raise Diagnostic("wrong_type", f"`{op}` is not defined for bit registers", span, hint)
    a, b = left.type, right.type
    if a.kind == b.kind == "bits":
        if a.size != b.size and None not in (a.size, b.size):
            raise Diagnostic("size_mismatch", f"{a} and {b} have different sizes", span)
        return apply_operation(BOOL, span, _compared_bits(op), left, right)
    if {a.kind, b.kind} & INTEGER_KINDS:
        return apply_operation(BOOL, span, _compared_by_value(op), left, right)
    return apply_to_numbers(op, _as_number(left), _as_number(right), span)


def _compared_by_value(op: str) -> Callable[[Any, Any], bool]:
    """The comparison of a register with a whole number; the register counts as unsigned."""
    compare = COMPARE_FUNCTIONS[op]

    def value(operand: Any) -> int:
        return operand if isinstance(operand, int) else int_from_bits(operand)

    return lambda a, b: compare(value(a), value(b))


def _compared_bits(op: str) -> Callable[[Any, Any], bool]:
    compare = COMPARE_FUNCTIONS[op]
    return lambda a, b: compare(int_from_bits(a), int_from_bits(b))


def _as_number(expr: Expr) -> Expr:
    """A register beside a number: it counts as one without sign."""
    if expr.type.kind != "bits":
        return expr
    size = expr.type.size
    to = UINT if size is None or size <= MACHINE_WIDTH else Type("uint", size)
    if size is not None and size < MACHINE_WIDTH:
        return apply_operation(to, expr.span, int_from_bits, expr)
    return convert(expr, to)


def _bitwise(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    to = left.type if left.type.kind == "bits" else right.type
    left, right = convert(left, to), convert(right, to)
    if to.size is None:
        raise Diagnostic("not_supported", "the size of these bits is not known", span)
    width, operation = to.size, BITWISE_FUNCTIONS[op]
    return apply_operation(
        to,
        span,
        lambda a, b: bits_from_int(operation(int_from_bits(a), int_from_bits(b)), width),
        left,
        right,
    )


def apply_shift(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    if right.type.kind not in INTEGER_KINDS | {"bit", "bool", "bits"}:
        raise undefined_operator(op, left, right, span)
    by = _as_number(to_numeric(right))
    kind = left.type.kind
    if kind == "bits":
        move = _shifted_up if op == "<<" else _shifted_down
        return apply_operation(left.type, span, move, left, by)
    if kind in ("bit", "bool"):
        left = to_numeric(left)
    elif kind not in INTEGER_KINDS | {"angle"}:
        raise undefined_operator(op, left, right, span)
    if left.loose and by.constant:
        return apply_operation(INT, span, _loose_shift(op), left, by, loose=True)
    to = literal_type(left)
    return apply_operation(to, span, _whole_shift(op, to), left, by)


def _distance(by: int) -> int:
    if by < 0:
        raise ValueError(NEGATIVE_SHIFT)
    return min(by, 2 * MAX_WIDTH)


def _shifted_up(bits: Any, by: int) -> Any:
    by = min(_distance(by), len(bits))
    return (0,) * by + tuple(bits[: len(bits) - by])


def _shifted_down(bits: Any, by: int) -> Any:
    by = min(_distance(by), len(bits))
    return tuple(bits[by:]) + (0,) * by


def _loose_shift(op: str) -> Callable[[int, int], int]:
    if op == "<<":
        return lambda value, by: check_width(value << _distance(by))
    return lambda value, by: value >> _distance(by)


def _whole_shift(op: str, to: Type) -> Callable[[int, int], int]:
    keep = Type("uint", to.width) if to.kind == "angle" else to
    if op == "<<":
        return lambda value, by: wrap_int(value << _distance(by), keep)
    return lambda value, by: value >> _distance(by)


def apply_to_angles(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    a, b = left.type.kind, right.type.kind
    if a != "angle" or b != "angle":
        return _angle_and_number(op, left, right, span)
    to = left.type if left.type.width >= right.type.width else right.type
    left, right = convert(left, to), convert(right, to)
    if op in COMPARISONS:
        return apply_operation(BOOL, span, COMPARE_FUNCTIONS[op], left, right)
    if op == "**":
        return apply_to_numbers(op, to_radians(left), to_radians(right), span)
    operation = INTEGER_FUNCTIONS[op]
    keep = Type("uint", to.width)
    result = Type("uint", to.size) if op == "/" else to
    if op in ("*", "%"):
        raise undefined_operator(op, left, right, span)
    return apply_operation(result, span, lambda x, y: wrap_int(operation(x, y), keep), left, right)


def _angle_and_number(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    """An angle times or divided by a whole number; any other number is an angle itself."""
    angle, other = (left, right) if left.type.kind == "angle" else (right, left)
    scales = op == "*" or (op == "/" and angle is left)
    kind = other.type.kind
    if scales and kind in INTEGER_KINDS | {"bool", "bit"}:
        factor = to_numeric(other)
        keep, operation = Type("uint", angle.type.width), INTEGER_FUNCTIONS[op]
        return apply_operation(
            angle.type, span, lambda x, n: wrap_int(operation(x, n), keep), angle, factor
        )
    if op == "**":
        left, right = [to_radians(e) if e is angle else e for e in (left, right)]
        return apply_to_numbers(op, left, right, span)
    if op in ("*", "/", "%") or (kind != "float" and not other.constant):
        raise undefined_operator(op, left, right, span)
    if kind not in INTEGER_KINDS | {"float"}:
        raise undefined_operator(op, left, right, span)
    both = [e if e is angle else convert(e, angle.type) for e in (left, right)]
    return apply_to_angles(op, both[0], both[1], span)


def apply_to_durations(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    times = ("duration", "stretch")
    a, b = left.type.kind in times, right.type.kind in times
    stretches = "stretch" in (left.type.kind, right.type.kind)
    to = Type("stretch") if stretches else DURATION
    if a and b and op in ("+", "-"):
        sign = 1 if op == "+" else -1
        return apply_operation(to, span, lambda x, y: _sum(x, y, sign), left, right)
    if a and b and op == "/":
        return apply_operation(FLOAT, span, _ratio(span), left, right)
    if a and b and op in COMPARISONS:
        return apply_operation(BOOL, span, _compared_durations(op, span), left, right)
    number = right if a else left
    if number.type.kind in INTEGER_KINDS | {"float"} and (op == "*" or (op == "/" and a)):
        if op == "*":
            time, factor = (left, right) if a else (right, left)
            return apply_operation(
                to, span, lambda x, n: Duration(x[0] * n, x[1] * n), time, factor
            )
        return apply_operation(to, span, lambda x, n: Duration(x[0] / n, x[1] / n), left, right)
    raise undefined_operator(op, left, right, span)


def _sum(left: Duration, right: Duration, sign: int) -> Duration:
    return Duration(left.ns + sign * right.ns, left.dt + sign * right.dt)


def _scalars(left: Duration, right: Duration, span: Span) -> tuple[float, float]:
    """Both durations in one unit. Raises Diagnostic where one is in `dt` and the other is not."""
    if math.isnan(left.ns + right.ns):
        message = "how long this takes, only the hardware decides"
        raise Diagnostic("not_supported", message, span)
    if not left.dt and not right.dt:
        return left.ns, right.ns
    if not left.ns and not right.ns:
        return left.dt, right.dt
    message = "how long a `dt` is, only the hardware knows"
    raise Diagnostic("not_supported", message, span)


def _ratio(span: Span) -> Callable[[Duration, Duration], float]:
    def divide(left: Duration, right: Duration) -> float:
        a, b = _scalars(left, right, span)
        return a / b

    return divide


def _compared_durations(op: str, span: Span) -> Callable[[Duration, Duration], bool]:
    compare = COMPARE_FUNCTIONS[op]
    return lambda left, right: compare(*_scalars(left, right, span))
