"""The built-in functions and constants.

Source: OpenQASM 3 specification, Built-in constant expression functions.
"""

import cmath
import math
from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.casts import convert, int_from_bits, to_radians
from quantumtask.openqasm.values.expr import Expr, apply_operation
from quantumtask.openqasm.values.operators import apply_binary
from quantumtask.openqasm.values.types import (
    COMPLEX,
    FLOAT,
    INT,
    INTEGER_KINDS,
    UINT,
    Type,
    bits_from_int,
)

_BuildCall = Callable[[Sequence[Expr], Span], Expr]


def _nan_if_undefined(function: Callable[[float], float]) -> Callable[[float], float]:
    """Return the function with NaN as its value where it is not defined, as in IEEE 754."""

    def run(value: float) -> float:
        try:
            return function(value)
        except ValueError:
            return math.nan

    return run


def _log(value: float) -> float:
    return math.log(value) if value else -math.inf


_REAL: dict[str, tuple[Callable[[float], float], Type]] = {
    "arccos": (_nan_if_undefined(math.acos), FLOAT),
    "arcsin": (_nan_if_undefined(math.asin), FLOAT),
    "arctan": (math.atan, FLOAT),
    "cos": (math.cos, FLOAT),
    "sin": (math.sin, FLOAT),
    "tan": (math.tan, FLOAT),
    "ceiling": (lambda x: float(math.ceil(x)), FLOAT),
    "floor": (lambda x: float(math.floor(x)), FLOAT),
    "log": (_nan_if_undefined(_log), FLOAT),
    "ln": (_nan_if_undefined(_log), FLOAT),
}
_TRIGONOMETRIC = frozenset({"cos", "sin", "tan"})
_COMPLEX: dict[str, tuple[Callable[[float], float], Callable[[complex], complex]]] = {
    "exp": (math.exp, cmath.exp),
    "sqrt": (_nan_if_undefined(math.sqrt), cmath.sqrt),
}
ARITY = dict.fromkeys((*_REAL, *_COMPLEX, "popcount", "real", "imag"), 1) | dict.fromkeys(
    ("mod", "pow", "rotl", "rotr"), 2
)
"""Number of arguments of each function."""


def call_function(name: str, values: Sequence[Expr], span: Span) -> Expr:
    """Return the call of a function of ARITY.

    Raises:
        Diagnostic: The number or a type of the arguments is wrong.
    """
    if len(values) != ARITY[name]:
        expected = f"{ARITY[name]} argument{'s' if ARITY[name] > 1 else ''}"
        raise Diagnostic("wrong_arity", f"`{name}` takes {expected}; got {len(values)}", span)
    if name in _REAL:
        return _real_call(name, values[0], span)
    if name in _COMPLEX:
        return _real_or_complex_call(name, values[0], span)
    return _OTHERS[name](values, span)


def _to_kind(name: str, value: Expr, to: Type) -> Expr:
    if value.type.kind in INTEGER_KINDS | {"float", "bool", "bit"} or value.type.kind == to.kind:
        return convert(value, to)
    message = f"`{name}` is not defined for {value.type}"
    raise Diagnostic("wrong_type", message, value.span)


def _real_call(name: str, value: Expr, span: Span) -> Expr:
    function, to = _REAL[name]
    if name in _TRIGONOMETRIC and value.type.kind == "angle":
        value = to_radians(value)
    return apply_operation(to, span, function, _to_kind(name, value, FLOAT))


def _real_or_complex_call(name: str, value: Expr, span: Span) -> Expr:
    on_real, on_complex = _COMPLEX[name]
    if value.type.kind == "complex":
        return apply_operation(COMPLEX, span, on_complex, value)
    return apply_operation(FLOAT, span, on_real, _to_kind(name, value, FLOAT))


def _mod(values: Sequence[Expr], span: Span) -> Expr:
    for value in values:
        _to_kind("mod", value, FLOAT)
    return apply_binary("%", values[0], values[1], span)


def _pow(values: Sequence[Expr], span: Span) -> Expr:
    return apply_binary("**", values[0], values[1], span)


def _popcount(values: Sequence[Expr], span: Span) -> Expr:
    (value,) = values
    kind = value.type.kind
    if kind == "bits":
        return apply_operation(UINT, span, lambda bits: int_from_bits(bits).bit_count(), value)
    if kind == "angle" or (kind in INTEGER_KINDS and not (kind == "int" and not value.untyped)):
        if value.untyped and value.value < 0:
            raise Diagnostic("wrong_type", "`popcount` of a negative number is not defined", span)
        return apply_operation(UINT, span, lambda number: number.bit_count(), value)
    raise Diagnostic("wrong_type", f"`popcount` is not defined for {value.type}", span)


def _rotation(name: str, sign: int) -> _BuildCall:
    def build(values: Sequence[Expr], span: Span) -> Expr:
        value, by = values[0], convert(values[1], INT)
        if values[1].type.kind not in INTEGER_KINDS:
            message = f"the second argument of `{name}`, the number of places, must be an integer"
            raise Diagnostic("wrong_type", message, by.span)
        kind, to = value.type.kind, value.type
        if kind == "bits":
            return apply_operation(to, span, lambda bits, n: _rotate(bits, sign * n), value, by)
        if (kind == "uint" or kind == "angle") and to.size is not None:
            width = to.width
            return apply_operation(
                to, span,
                lambda number, n: int_from_bits(_rotate(bits_from_int(number, width), sign * n)),
                value, by,
            )  # fmt: skip
        raise Diagnostic("wrong_type", f"`{name}` is not defined for {to}", span)

    return build


def _rotate(bits: Any, by: int) -> Any:
    if not bits:
        return bits
    by %= len(bits)
    return tuple(bits[len(bits) - by :]) + tuple(bits[: len(bits) - by])


def _complex_part(name: str) -> _BuildCall:
    def build(values: Sequence[Expr], span: Span) -> Expr:
        value = _to_kind(name, values[0], COMPLEX)
        to = Type("float", value.type.size)
        return apply_operation(to, span, lambda z: getattr(z, name), value)

    return build


_OTHERS: dict[str, _BuildCall] = {
    "mod": _mod,
    "pow": _pow,
    "popcount": _popcount,
    "rotl": _rotation("rotl", 1),
    "rotr": _rotation("rotr", -1),
    "real": _complex_part("real"),
    "imag": _complex_part("imag"),
}

BUILT_IN_CONSTANTS = {
    "pi": math.pi,
    "π": math.pi,
    "tau": math.tau,
    "τ": math.tau,
    "euler": math.e,
    "ℇ": math.e,
}
