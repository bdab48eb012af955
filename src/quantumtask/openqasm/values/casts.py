"""Conversions between types: which there are (spec: Types and Casting), and what they do."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from quantumtask.openqasm.program.execution import bit_value
from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.expr import Expr, apply_operation, constant_expr
from quantumtask.openqasm.values.types import (
    FLOAT,
    INTEGER_KINDS,
    MACHINE_WIDTH,
    Type,
    angle_from_radians,
    bits_from_int,
    fits_type,
    radians_from_angle,
    resize_angle,
    wrap_int,
)

Conversion = Callable[[Any], Any]


def convert(expr: Expr, to: Type, *, explicit: bool = False) -> Expr:
    """`expr` as a `to`: by a cast if `explicit`, else as an assignment does it.

    Raises Diagnostic where the specification has no such conversion, and where a constant does not
    fit. A negative constant fits into a `uint` of its width: see `changes_sign`.
    """
    if expr.constant:
        _check_fits(expr, to, explicit)
    if expr.type == to:
        wraps = expr.loose and not fits_type(expr.value, to)
        return constant_expr(to, wrap_int(expr.value, to), expr.span) if wraps else expr
    how = _conversion(expr, to, explicit)
    if how is None:
        raise _impossible(expr, to, explicit)
    if how is _same and not expr.constant:
        return Expr(to, expr.span, expr.read)
    return apply_operation(to, expr.span, how, expr)


def find_conversion(source: Type, to: Type, span: Span) -> Conversion:
    """The function behind `convert`, for values that are only known at run time."""
    if source == to:
        return _same
    how = _conversion(Expr(source, span, _same), to, False)
    if how is None:
        raise _impossible(Expr(source, span, _same), to, False)
    return how


def _impossible(expr: Expr, to: Type, explicit: bool) -> Diagnostic:
    hint = None
    if not explicit and _conversion(expr, to, True) is not None:
        hint = f"Write {to}(...) if that is meant"
    elif _sizes_differ(expr.type, to):
        message = f"{expr.type} and {to} have different sizes"
        hint = None if to.kind == "array" else "Take as many bits as are needed: c[0:3]"
        return Diagnostic("size_mismatch", message, expr.span, hint)
    message = f"a value of type {expr.type} cannot become {_article(to)}"
    return Diagnostic("wrong_type", message, expr.span, hint)


def _sizes_differ(source: Type, to: Type) -> bool:
    kinds = {source.kind, to.kind}
    arrays = kinds == {"array"} and source.base == to.base
    return arrays or ("bits" in kinds and kinds <= {"bits", "int", "uint", "angle"})


def _article(type: Type) -> str:
    name = str(type)
    return f"an {name}" if name[0] in "aiou" and not name.startswith("uint") else f"a {name}"


def _check_fits(expr: Expr, to: Type, explicit: bool) -> None:
    """A constant that is too large for its variable is a mistake; a cast of it is not."""
    value = _whole_constant(expr, to)
    if explicit or value is None or changes_sign(expr, to):
        return
    if to.kind in INTEGER_KINDS and not fits_type(value, to):
        message = f"{_short(value)} does not fit into {to}"
        raise Diagnostic("number_too_large", message, expr.span)
    if to.kind == "bit" and value not in (0, 1):
        raise Diagnostic("number_too_large", f"{_short(value)} is no bit", expr.span)
    if to.kind == "bits" and to.size is not None and not 0 <= value < 1 << to.size:
        raise Diagnostic("number_too_large", f"{_short(value)} does not fit into {to}", expr.span)


def changes_sign(expr: Expr, to: Type) -> bool:
    """Return True for a negative constant that a `uint` keeps as its two's complement."""
    value = _whole_constant(expr, to) if to.kind == "uint" else None
    return value is not None and value < 0 and fits_type(value, Type("int", to.size))


def _whole_constant(expr: Expr, to: Type) -> int | None:
    """The whole number that a constant becomes in the type `to`; None for any other value."""
    if not expr.constant:
        return None
    if expr.type.kind == "float" and to.kind in INTEGER_KINDS and math.isfinite(expr.value):
        return int(expr.value)
    return expr.value if expr.type.kind in INTEGER_KINDS else None


def _short(value: int) -> str:
    return str(value) if abs(value) < 10**12 else "this number"


def _conversion(expr: Expr, to: Type, explicit: bool) -> Conversion | None:
    make = _RULES.get((expr.type.kind, to.kind))
    return make(expr, to, explicit) if make else None


def _same(value: Any) -> Any:
    return value


Rule = Callable[[Expr, Type, bool], Conversion | None]


def _always(how: Conversion) -> Rule:
    return lambda _expr, _to, _explicit: how


def _truth(value: Any) -> bool:
    return bool(value)


def _any(bits: Any) -> bool:
    return int_from_bits(bits) != 0


def int_from_bits(bits: Any) -> int:
    """The number that bits spell, bit 0 lowest. Raises UndecidedOutcome."""
    value = 0
    for place, bit in enumerate(bits):
        if bit_value(bit):
            value |= 1 << place
    return value


def _known_bool(bit: Any) -> bool:
    return bool(bit_value(bit))


def _bit_to_whole(_expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return lambda bit: wrap_int(bit_value(bit), to)


def _whole_to_whole(_expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return lambda value: wrap_int(int(value), to)


def _float_to_whole(_expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return lambda value: wrap_int(int(value), to)


def float_rounder(to: Type) -> Callable[[float], float]:
    """A float as `float[n]` keeps it."""
    if to.size == 32:
        return lambda value: _finite(float(np.float32(value)), value)
    if to.size == 16:
        return lambda value: _finite(float(np.float16(value)), value)
    return float


def _finite(value: float, before: float) -> float:
    if value != before and value in (float("inf"), float("-inf")):
        raise OverflowError
    return value


def _to_float(_expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return float_rounder(to)


def _to_complex(_expr: Expr, to: Type, _explicit: bool) -> Conversion:
    part = float_rounder(Type("float", to.size))

    def make(value: Any) -> complex:
        number = complex(value)
        return complex(part(number.real), part(number.imag))

    return make


def _bits_to_whole(expr: Expr, to: Type, _explicit: bool) -> Conversion | None:
    size = expr.type.size
    if to.size is not None and size is not None and size != to.size:
        return None
    if to.size is None and size is not None and size > MACHINE_WIDTH:
        return None
    return lambda bits: wrap_int(int_from_bits(bits), to)


def _whole_to_bits(expr: Expr, to: Type, explicit: bool) -> Conversion | None:
    size = expr.type.size
    if to.size is None or (size is not None and size != to.size):
        return None
    if size is None and not (expr.constant or explicit or to.size == MACHINE_WIDTH):
        return None
    width = to.size
    return lambda value: bits_from_int(value, width)


def _bits_to_bits(expr: Expr, to: Type, _explicit: bool) -> Conversion | None:
    if expr.type.size is None and to.size is not None:
        return _of_size(to.size, expr.span)
    return _same if expr.type.size == to.size or to.size is None else None


def _of_size(size: int, span: Span) -> Conversion:
    def check(bits: Any) -> Any:
        if len(bits) != size:
            raise Diagnostic("size_mismatch", f"{len(bits)} bits are no bit[{size}]", span)
        return bits

    return check


def _bits_to_bit(expr: Expr, _to: Type, _explicit: bool) -> Conversion | None:
    if expr.type.size not in (1, None):
        return None
    single = _of_size(1, expr.span)
    return lambda bits: single(bits)[0]


def _bit_to_bits(_expr: Expr, to: Type, explicit: bool) -> Conversion | None:
    if to.size is None or not (explicit or to.size == 1):
        return None
    rest = (0,) * (to.size - 1)
    return lambda bit: (bit, *rest)


def _bool_to_bits(_expr: Expr, to: Type, explicit: bool) -> Conversion | None:
    if to.size is None or not (explicit or to.size == 1):
        return None
    rest = (0,) * (to.size - 1)
    return lambda value: (int(value), *rest)


def _bits_to_angle(expr: Expr, to: Type, _explicit: bool) -> Conversion | None:
    size = expr.type.size
    if size is None or (to.size is not None and size != to.size) or size > to.width:
        return None
    shift = to.width - size
    return lambda bits: int_from_bits(bits) << shift


def _angle_to_bits(expr: Expr, to: Type, _explicit: bool) -> Conversion | None:
    width = expr.type.width
    if to.size is None or width != to.size:
        return None
    return lambda value: bits_from_int(value, width)


def _float_to_angle(_expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return lambda value: angle_from_radians(value, to.width)


def _whole_to_angle(expr: Expr, _to: Type, _explicit: bool) -> Conversion | None:
    # The table has no such cast; the specification's examples begin with `angle[3] c = 0;`.
    return (lambda _: 0) if expr.constant and not expr.value else None


def _angle_to_angle(expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return lambda value: resize_angle(value, expr.type.width, to.width)


def _array_to_array(expr: Expr, to: Type, _explicit: bool) -> Conversion | None:
    if expr.type.base != to.base or len(expr.type.shape) != len(to.shape):
        return None
    pairs = zip(expr.type.shape, to.shape, strict=True)
    return _same if all(a is None or b is None or a == b for a, b in pairs) else None


_RULES: dict[tuple[str, str], Rule] = {
    ("bit", "bool"): _always(_known_bool),
    ("bit", "int"): _bit_to_whole,
    ("bit", "uint"): _bit_to_whole,
    ("bit", "float"): _always(lambda bit: float(bit_value(bit))),
    ("bit", "complex"): _always(lambda bit: complex(bit_value(bit))),
    ("bit", "bits"): _bit_to_bits,
    ("bool", "bit"): _always(int),
    ("bool", "int"): _whole_to_whole,
    ("bool", "uint"): _whole_to_whole,
    ("bool", "float"): _to_float,
    ("bool", "complex"): _to_complex,
    ("bool", "bits"): _bool_to_bits,
    ("bits", "bool"): _always(_any),
    ("bits", "bit"): _bits_to_bit,
    ("bits", "bits"): _bits_to_bits,
    ("bits", "int"): _bits_to_whole,
    ("bits", "uint"): _bits_to_whole,
    ("bits", "angle"): _bits_to_angle,
    ("float", "bool"): _always(_truth),
    ("float", "int"): _float_to_whole,
    ("float", "uint"): _float_to_whole,
    ("float", "float"): _to_float,
    ("float", "complex"): _to_complex,
    ("float", "angle"): _float_to_angle,
    ("angle", "bool"): _always(_truth),
    ("angle", "bit"): _always(lambda value: int(bool(value))),
    ("angle", "bits"): _angle_to_bits,
    ("angle", "angle"): _angle_to_angle,
    ("complex", "complex"): _to_complex,
    ("complex", "bool"): _always(_truth),
    ("stretch", "duration"): _always(_same),
    ("array", "array"): _array_to_array,
}
for _kind in INTEGER_KINDS:
    _RULES |= {
        (_kind, "bool"): _always(_truth),
        (_kind, "bit"): _always(lambda value: int(bool(value))),
        (_kind, "int"): _whole_to_whole,
        (_kind, "uint"): _whole_to_whole,
        (_kind, "float"): _to_float,
        (_kind, "complex"): _to_complex,
        (_kind, "bits"): _whole_to_bits,
        (_kind, "angle"): _whole_to_angle,
    }


def to_radians(expr: Expr) -> Expr:
    """An angle as a real number, from 0 to 2*pi; a program cannot cast it like this."""
    width = expr.type.width
    return apply_operation(FLOAT, expr.span, lambda value: radians_from_angle(value, width), expr)


def to_real(expr: Expr) -> Expr:
    """A gate argument: a real number, never reduced modulo anything, except where it is an angle.

    Raises Diagnostic for what is no number.
    """
    kind = expr.type.kind
    if kind == "float":
        return expr
    if kind == "angle":
        return to_radians(expr)
    if kind in INTEGER_KINDS:
        return (
            constant_expr(FLOAT, _number(expr), expr.span)
            if expr.constant
            else convert(expr, FLOAT)
        )
    what = "a complex one" if kind == "complex" else f"a value of type {expr.type}"
    raise Diagnostic("wrong_type", f"a real number is needed here, not {what}", expr.span)


def _number(expr: Expr) -> float:
    try:
        return float(expr.value)
    except OverflowError:
        message = "this argument is no finite number, or too large"
        raise Diagnostic("not_finite", message, expr.span) from None
