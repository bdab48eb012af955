"""Conversions between types.

Source: OpenQASM 3 specification, Types and Casting.
"""

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
"""Function that converts a value at run time."""


def convert(expr: Expr, to: Type, *, explicit: bool = False) -> Expr:
    """Return `expr` converted to the type `to`.

    A negative constant fits into a `uint` of its width: see `changes_sign`.

    Args:
        expr: Any expression.
        to: The type of the result.
        explicit: True for a cast, False for an assignment, which allows fewer conversions.

    Raises:
        Diagnostic: The specification has no such conversion, or a constant does not fit.
    """
    if expr.is_constant:
        _check_fits(expr, to, explicit)
    if expr.type == to:
        wraps = expr.untyped and not fits_type(expr.value, to)
        return constant_expr(to, wrap_int(expr.value, to), expr.span) if wraps else expr
    conversion = _conversion(expr, to, explicit)
    if conversion is None:
        raise _no_conversion(expr, to, explicit)
    if conversion is _same and not expr.is_constant:
        return Expr(to, expr.span, expr.read)
    return apply_operation(to, expr.span, conversion, expr)


def find_conversion(source: Type, to: Type, span: Span) -> Conversion:
    """Return the function that converts values of the type `source` as an assignment does.

    Raises:
        Diagnostic: The specification has no such conversion.
    """
    if source == to:
        return _same
    expr = Expr(source, span, _same)
    conversion = _conversion(expr, to, False)
    if conversion is None:
        raise _no_conversion(expr, to, False)
    return conversion


def _no_conversion(expr: Expr, to: Type, explicit: bool) -> Diagnostic:
    hint = None
    if not explicit and _conversion(expr, to, True) is not None:
        hint = f"Cast the value: {to}(...)"
    elif _sizes_differ(expr.type, to):
        message = f"{expr.type} and {to} have different sizes"
        hint = None if to.kind == "array" else "Slice the register to the size: c[0:3]"
        return Diagnostic("size_mismatch", message, expr.span, hint)
    message = f"a value of type {expr.type} cannot be converted to {_with_article(to)}"
    return Diagnostic("wrong_type", message, expr.span, hint)


def _sizes_differ(source: Type, to: Type) -> bool:
    kinds = {source.kind, to.kind}
    arrays = kinds == {"array"} and source.base == to.base
    return arrays or ("bits" in kinds and kinds <= {"bits", "int", "uint", "angle"})


def _with_article(type: Type) -> str:
    name = str(type)
    return f"an {name}" if name[0] in "aiou" and not name.startswith("uint") else f"a {name}"


def _check_fits(expr: Expr, to: Type, explicit: bool) -> None:
    """Check that a constant is in the range of its variable; a cast may wrap."""
    value = _integer_constant(expr, to)
    if explicit or value is None or changes_sign(expr, to):
        return
    if to.kind in INTEGER_KINDS and not fits_type(value, to):
        message = f"{_format_constant(value)} does not fit into {to}"
        raise Diagnostic("number_too_large", message, expr.span)
    if to.kind == "bit" and value not in (0, 1):
        raise Diagnostic(
            "number_too_large", f"{_format_constant(value)} is not a bit: must be 0 or 1", expr.span
        )
    if to.kind == "bits" and to.size is not None and not 0 <= value < 1 << to.size:
        raise Diagnostic(
            "number_too_large", f"{_format_constant(value)} does not fit into {to}", expr.span
        )


def changes_sign(expr: Expr, to: Type) -> bool:
    """Return True for a negative constant that a `uint` keeps as its two's complement."""
    value = _integer_constant(expr, to) if to.kind == "uint" else None
    return value is not None and value < 0 and fits_type(value, Type("int", to.size))


def _integer_constant(expr: Expr, to: Type) -> int | None:
    """Return the integer that a constant becomes in the type `to`; None for any other value."""
    if not expr.is_constant:
        return None
    if expr.type.kind == "float" and to.kind in INTEGER_KINDS and math.isfinite(expr.value):
        return int(expr.value)
    return expr.value if expr.type.kind in INTEGER_KINDS else None


def _format_constant(value: int) -> str:
    return str(value) if abs(value) < 10**12 else "this number"


def _conversion(expr: Expr, to: Type, explicit: bool) -> Conversion | None:
    rule = _RULES.get((expr.type.kind, to.kind))
    return rule(expr, to, explicit) if rule else None


def _same(value: Any) -> Any:
    return value


_Rule = Callable[[Expr, Type, bool], Conversion | None]
"""Function that returns a conversion for an expression, a type, and `explicit`."""


def _always(conversion: Conversion) -> _Rule:
    return lambda _expr, _to, _explicit: conversion


def _truth(value: Any) -> bool:
    return bool(value)


def _bits_to_bool(bits: Any) -> bool:
    return int_from_bits(bits) != 0


def int_from_bits(bits: Any) -> int:
    """Return the integer of a bit register, bit 0 lowest. Raises UndecidedOutcome."""
    value = 0
    for index, bit in enumerate(bits):
        if bit_value(bit):
            value |= 1 << index
    return value


def _bit_to_bool(bit: Any) -> bool:
    return bool(bit_value(bit))


def _bit_to_integer(_expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return lambda bit: wrap_int(bit_value(bit), to)


def _integer_to_integer(_expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return lambda value: wrap_int(int(value), to)


def _float_to_integer(_expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return lambda value: wrap_int(int(value), to)


def float_rounder(to: Type) -> Callable[[float], float]:
    """Return the function that rounds a float to the size of the type `to`."""
    if to.size == 32:
        return lambda value: _check_overflow(float(np.float32(value)), value)
    if to.size == 16:
        return lambda value: _check_overflow(float(np.float16(value)), value)
    return float


def _check_overflow(value: float, before: float) -> float:
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


def _bits_to_integer(expr: Expr, to: Type, _explicit: bool) -> Conversion | None:
    size = expr.type.size
    if to.size is not None and size is not None and size != to.size:
        return None
    if to.size is None and size is not None and size > MACHINE_WIDTH:
        return None
    return lambda bits: wrap_int(int_from_bits(bits), to)


def _integer_to_bits(expr: Expr, to: Type, explicit: bool) -> Conversion | None:
    size = expr.type.size
    if to.size is None or (size is not None and size != to.size):
        return None
    if size is None and not (expr.is_constant or explicit or to.size == MACHINE_WIDTH):
        return None
    width = to.size
    return lambda value: bits_from_int(value, width)


def _bits_to_bits(expr: Expr, to: Type, _explicit: bool) -> Conversion | None:
    if expr.type.size is None and to.size is not None:
        return _check_size(to.size, expr.span)
    return _same if expr.type.size == to.size or to.size is None else None


def _check_size(size: int, span: Span) -> Conversion:
    def check(bits: Any) -> Any:
        if len(bits) != size:
            raise Diagnostic(
                "size_mismatch", f"{len(bits)} bits cannot be converted to bit[{size}]", span
            )
        return bits

    return check


def _bits_to_bit(expr: Expr, _to: Type, _explicit: bool) -> Conversion | None:
    if expr.type.size not in (1, None):
        return None
    single = _check_size(1, expr.span)
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


def _integer_to_angle(expr: Expr, _to: Type, _explicit: bool) -> Conversion | None:
    # The table has no such cast; the specification's examples begin with `angle[3] c = 0;`.
    return (lambda _: 0) if expr.is_constant and not expr.value else None


def _angle_to_angle(expr: Expr, to: Type, _explicit: bool) -> Conversion:
    return lambda value: resize_angle(value, expr.type.width, to.width)


def _array_to_array(expr: Expr, to: Type, _explicit: bool) -> Conversion | None:
    if expr.type.base != to.base or len(expr.type.shape) != len(to.shape):
        return None
    pairs = zip(expr.type.shape, to.shape, strict=True)
    return _same if all(a is None or b is None or a == b for a, b in pairs) else None


_RULES: dict[tuple[str, str], _Rule] = {
    ("bit", "bool"): _always(_bit_to_bool),
    ("bit", "int"): _bit_to_integer,
    ("bit", "uint"): _bit_to_integer,
    ("bit", "float"): _always(lambda bit: float(bit_value(bit))),
    ("bit", "complex"): _always(lambda bit: complex(bit_value(bit))),
    ("bit", "bits"): _bit_to_bits,
    ("bool", "bit"): _always(int),
    ("bool", "int"): _integer_to_integer,
    ("bool", "uint"): _integer_to_integer,
    ("bool", "float"): _to_float,
    ("bool", "complex"): _to_complex,
    ("bool", "bits"): _bool_to_bits,
    ("bits", "bool"): _always(_bits_to_bool),
    ("bits", "bit"): _bits_to_bit,
    ("bits", "bits"): _bits_to_bits,
    ("bits", "int"): _bits_to_integer,
    ("bits", "uint"): _bits_to_integer,
    ("bits", "angle"): _bits_to_angle,
    ("float", "bool"): _always(_truth),
    ("float", "int"): _float_to_integer,
    ("float", "uint"): _float_to_integer,
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
        (_kind, "int"): _integer_to_integer,
        (_kind, "uint"): _integer_to_integer,
        (_kind, "float"): _to_float,
        (_kind, "complex"): _to_complex,
        (_kind, "bits"): _integer_to_bits,
        (_kind, "angle"): _integer_to_angle,
    }


def to_radians(expr: Expr) -> Expr:
    """Return an angle as a float in radians, from 0 to 2*pi; a program has no such cast."""
    width = expr.type.width
    return apply_operation(FLOAT, expr.span, lambda value: radians_from_angle(value, width), expr)


def to_real(expr: Expr) -> Expr:
    """Return a gate argument as a float; only an angle is reduced modulo 2*pi.

    Raises:
        Diagnostic: The argument is not a real number.
    """
    kind = expr.type.kind
    if kind == "float":
        return expr
    if kind == "angle":
        return to_radians(expr)
    if kind in INTEGER_KINDS:
        return (
            constant_expr(FLOAT, _constant_to_float(expr), expr.span)
            if expr.is_constant
            else convert(expr, FLOAT)
        )
    message = f"a gate argument must be a real number; got a value of type {expr.type}"
    raise Diagnostic("wrong_type", message, expr.span)


def _constant_to_float(expr: Expr) -> float:
    try:
        return float(expr.value)
    except OverflowError:
        message = "a gate argument must be a finite number, and at most 1e305"
        raise Diagnostic("not_finite", message, expr.span) from None
