"""Operators of the types that C does not have: bit registers, angles, durations."""

import math
from collections.abc import Callable
from typing import Any

from quantumtask.openqasm.program.process import known
from quantumtask.openqasm.text.source import Refusal, Span
from quantumtask.openqasm.values.arithmetic import (
    BIT_OPERATION,
    BITWISE,
    COMPARE,
    COMPARISONS,
    WHOLE_OPERATION,
    bounded,
    literal_type,
    numeric,
    of_numbers,
    undefined,
)
from quantumtask.openqasm.values.casts import convert, radians, to_whole
from quantumtask.openqasm.values.expr import NEGATIVE_SHIFT, Expr, applied
from quantumtask.openqasm.values.types import (
    BIT,
    BOOL,
    DURATION,
    FLOAT,
    INT,
    MACHINE,
    UINT,
    WHOLE,
    WIDEST,
    Duration,
    Type,
    bits_of,
    wrapped,
)


def of_bits(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    if left.type.kind == right.type.kind == "bit":
        return applied(BIT, span, lambda a, b: BIT_OPERATION[op](known(a), known(b)), left, right)
    if op in BITWISE:
        return _bitwise(op, left, right, span)
    if op not in COMPARISONS:
        hint = "Cast it: uint[n](c), with n its size"
        raise Refusal("wrong_type", f"`{op}` is not defined for bit registers", span, hint)
    a, b = left.type, right.type
    if a.kind == b.kind == "bits":
        if a.size != b.size and None not in (a.size, b.size):
            raise Refusal("size_mismatch", f"{a} and {b} have different sizes", span)
        return applied(BOOL, span, _compared_bits(op), left, right)
    if {a.kind, b.kind} & WHOLE:
        return applied(BOOL, span, _compared_by_value(op), left, right)
    return of_numbers(op, _as_number(left), _as_number(right), span)


def _compared_by_value(op: str) -> Callable[[Any, Any], bool]:
    """The comparison of a register with a whole number; the register counts as unsigned."""
    compare = COMPARE[op]

    def value(operand: Any) -> int:
        return operand if isinstance(operand, int) else to_whole(operand)

    return lambda a, b: compare(value(a), value(b))


def _compared_bits(op: str) -> Callable[[Any, Any], bool]:
    compare = COMPARE[op]
    return lambda a, b: compare(to_whole(a), to_whole(b))


def _as_number(expr: Expr) -> Expr:
    """A register beside a number: it counts as one without sign."""
    if expr.type.kind != "bits":
        return expr
    size = expr.type.size
    to = UINT if size is None or size <= MACHINE else Type("uint", size)
    if size is not None and size < MACHINE:
        return applied(to, expr.span, to_whole, expr)
    return convert(expr, to)


def _bitwise(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    to = left.type if left.type.kind == "bits" else right.type
    left, right = convert(left, to), convert(right, to)
    if to.size is None:
        raise Refusal("not_supported", "the size of these bits is not known", span)
    width, operation = to.size, BIT_OPERATION[op]
    return applied(
        to, span, lambda a, b: bits_of(operation(to_whole(a), to_whole(b)), width), left, right
    )


def shift(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    if right.type.kind not in WHOLE | {"bit", "bool", "bits"}:
        raise undefined(op, left, right, span)
    by = _as_number(numeric(right))
    kind = left.type.kind
    if kind == "bits":
        move = _shifted_up if op == "<<" else _shifted_down
        return applied(left.type, span, move, left, by)
    if kind in ("bit", "bool"):
        left = numeric(left)
    elif kind not in WHOLE | {"angle"}:
        raise undefined(op, left, right, span)
    if left.loose and by.constant:
        return applied(INT, span, _loose_shift(op), left, by, loose=True)
    to = literal_type(left)
    return applied(to, span, _whole_shift(op, to), left, by)


def _distance(by: int) -> int:
    if by < 0:
        raise ValueError(NEGATIVE_SHIFT)
    return min(by, 2 * WIDEST)


def _shifted_up(bits: Any, by: int) -> Any:
    by = min(_distance(by), len(bits))
    return (0,) * by + tuple(bits[: len(bits) - by])


def _shifted_down(bits: Any, by: int) -> Any:
    by = min(_distance(by), len(bits))
    return tuple(bits[by:]) + (0,) * by


def _loose_shift(op: str) -> Callable[[int, int], int]:
    if op == "<<":
        return lambda value, by: bounded(value << _distance(by))
    return lambda value, by: value >> _distance(by)


def _whole_shift(op: str, to: Type) -> Callable[[int, int], int]:
    keep = Type("uint", to.width) if to.kind == "angle" else to
    if op == "<<":
        return lambda value, by: wrapped(value << _distance(by), keep)
    return lambda value, by: value >> _distance(by)


def of_angles(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    a, b = left.type.kind, right.type.kind
    if a != "angle" or b != "angle":
        return _angle_and_number(op, left, right, span)
    to = left.type if left.type.width >= right.type.width else right.type
    left, right = convert(left, to), convert(right, to)
    if op in COMPARISONS:
        return applied(BOOL, span, COMPARE[op], left, right)
    if op == "**":
        return of_numbers(op, radians(left), radians(right), span)
    operation = WHOLE_OPERATION[op]
    keep = Type("uint", to.width)
    result = Type("uint", to.size) if op == "/" else to
    if op in ("*", "%"):
        raise undefined(op, left, right, span)
    return applied(result, span, lambda x, y: wrapped(operation(x, y), keep), left, right)


def _angle_and_number(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    """An angle times or divided by a whole number; any other number is an angle itself."""
    angle, other = (left, right) if left.type.kind == "angle" else (right, left)
    scales = op == "*" or (op == "/" and angle is left)
    kind = other.type.kind
    if scales and kind in WHOLE | {"bool", "bit"}:
        factor = numeric(other)
        keep, operation = Type("uint", angle.type.width), WHOLE_OPERATION[op]
        return applied(angle.type, span, lambda x, n: wrapped(operation(x, n), keep), angle, factor)
    if op == "**":
        left, right = [radians(e) if e is angle else e for e in (left, right)]
        return of_numbers(op, left, right, span)
    if op in ("*", "/", "%") or (kind != "float" and not other.constant):
        raise undefined(op, left, right, span)
    if kind not in WHOLE | {"float"}:
        raise undefined(op, left, right, span)
    both = [e if e is angle else convert(e, angle.type) for e in (left, right)]
    return of_angles(op, both[0], both[1], span)


def of_durations(op: str, left: Expr, right: Expr, span: Span) -> Expr:
    times = ("duration", "stretch")
    a, b = left.type.kind in times, right.type.kind in times
    stretches = "stretch" in (left.type.kind, right.type.kind)
    to = Type("stretch") if stretches else DURATION
    if a and b and op in ("+", "-"):
        sign = 1 if op == "+" else -1
        return applied(to, span, lambda x, y: _sum(x, y, sign), left, right)
    if a and b and op == "/":
        return applied(FLOAT, span, _ratio(span), left, right)
    if a and b and op in COMPARISONS:
        return applied(BOOL, span, _compared_durations(op, span), left, right)
    number = right if a else left
    if number.type.kind in WHOLE | {"float"} and (op == "*" or (op == "/" and a)):
        if op == "*":
            time, factor = (left, right) if a else (right, left)
            return applied(to, span, lambda x, n: Duration(x[0] * n, x[1] * n), time, factor)
        return applied(to, span, lambda x, n: Duration(x[0] / n, x[1] / n), left, right)
    raise undefined(op, left, right, span)


def _sum(left: Duration, right: Duration, sign: int) -> Duration:
    return Duration(left.ns + sign * right.ns, left.dt + sign * right.dt)


def _scalars(left: Duration, right: Duration, span: Span) -> tuple[float, float]:
    """Both durations in one unit. Raises Refusal where one is in `dt` and the other is not."""
    if math.isnan(left.ns + right.ns):
        message = "how long this takes, only the hardware decides"
        raise Refusal("not_supported", message, span)
    if not left.dt and not right.dt:
        return left.ns, right.ns
    if not left.ns and not right.ns:
        return left.dt, right.dt
    message = "how long a `dt` is, only the hardware knows"
    raise Refusal("not_supported", message, span)


def _ratio(span: Span) -> Callable[[Duration, Duration], float]:
    def divide(left: Duration, right: Duration) -> float:
        a, b = _scalars(left, right, span)
        return a / b

    return divide


def _compared_durations(op: str, span: Span) -> Callable[[Duration, Duration], bool]:
    compare = COMPARE[op]
    return lambda left, right: compare(*_scalars(left, right, span))
