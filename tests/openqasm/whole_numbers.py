"""Integers of OpenQASM as Python's integers: a second implementation of their operators.

Choices that the specification leaves open are those of docs/reference/openqasm.md.
"""

import operator
from collections.abc import Callable
from typing import NamedTuple

MACHINE = 64


class Undefined(Exception):
    """An operation that has no result, or a literal that no type holds."""


class Number(NamedTuple):
    """A value; `kind` is int, uint, bool, or literal (without a type); `width` is 0 for none."""

    kind: str
    width: int
    value: int

    @property
    def bits(self) -> int:
        return self.width or MACHINE


def wrap(value: int, kind: str, width: int) -> Number:
    bits = width or MACHINE
    value %= 2**bits
    negative = kind == "int" and value >= 2 ** (bits - 1)
    return Number(kind, width, value - 2**bits if negative else value)


def holds(kind: str, width: int, value: int) -> bool:
    return wrap(value, kind, width).value == value


def with_type(number: Number) -> Number:
    """Return a literal as an int, or as a uint if only a uint holds it; a bool as an int."""
    if number.kind == "bool":
        return Number("int", 0, number.value)
    if number.kind != "literal":
        return number
    for kind in ("int", "uint"):
        if holds(kind, 0, number.value):
            return Number(kind, 0, number.value)
    raise Undefined


def common(lhs: Number, rhs: Number) -> tuple[str, int]:
    literals = [each for each in (lhs, rhs) if each.kind == "literal"]
    if len(literals) == 1:
        typed = with_type(rhs if lhs.kind == "literal" else lhs)
        if holds(typed.kind, typed.width, literals[0].value):
            return typed.kind, typed.width
    lhs, rhs = with_type(lhs), with_type(rhs)
    if lhs.bits != rhs.bits:
        return (lhs if lhs.bits > rhs.bits else rhs)[:2]
    kind = lhs.kind if lhs.kind == rhs.kind else "uint"
    return kind, lhs.width or rhs.width


def quotient(lhs: int, rhs: int) -> int:
    if rhs == 0:
        raise Undefined
    size = abs(lhs) // abs(rhs)
    return size if (lhs < 0) == (rhs < 0) else -size


def remainder(lhs: int, rhs: int) -> int:
    return lhs - rhs * quotient(lhs, rhs)


COMPARE: dict[str, Callable[[int, int], bool]] = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le,
    ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
ARITHMETIC: dict[str, Callable[[int, int], int]] = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": quotient, "%": remainder,
    "&": operator.and_, "|": operator.or_, "^": operator.xor,
}  # fmt: skip
OTHERS = ("**", "<<", ">>", "&&", "||")
BINARY = (*COMPARE, *ARITHMETIC, *OTHERS)


def truth(value: object) -> Number:
    return Number("bool", 1, int(bool(value)))


def binary(op: str, lhs: Number, rhs: Number) -> Number:
    if op in ("&&", "||"):
        return truth(lhs.value and rhs.value if op == "&&" else lhs.value or rhs.value)
    if op in COMPARE:
        return compare(op, lhs, rhs)
    if op in "&|^" and lhs.kind == rhs.kind == "bool":
        return truth(ARITHMETIC[op](lhs.value, rhs.value))
    if op in ("<<", ">>"):
        return shift(op, lhs, rhs.value)
    if lhs.kind == rhs.kind == "literal":
        return Number("literal", 0, power(lhs.value, rhs.value) if op == "**"
                      else ARITHMETIC[op](lhs.value, rhs.value))  # fmt: skip
    if op == "**":
        base, exponent = with_type(lhs), rhs
        wider = exponent.kind != "literal" and with_type(exponent).bits > base.bits
        width = with_type(exponent).width if wider else base.width
        return wrap(power(base.value, exponent.value, 2 ** (width or MACHINE)), base.kind, width)
    kind, width = common(lhs, rhs)
    one, two = (wrap(each.value, kind, width).value for each in (lhs, rhs))
    return wrap(ARITHMETIC[op](one, two), kind, width)


def compare(op: str, lhs: Number, rhs: Number) -> Number:
    if "literal" not in (lhs.kind, rhs.kind):
        kind, width = common(lhs, rhs)
        lhs, rhs = wrap(lhs.value, kind, width), wrap(rhs.value, kind, width)
    return truth(COMPARE[op](lhs.value, rhs.value))


def power(base: int, exponent: int, modulus: int | None = None) -> int:
    if exponent < 0 or (modulus is None and exponent > 300):
        raise Undefined
    return pow(base, exponent, modulus)


def shift(op: str, lhs: Number, by: int) -> Number:
    if by < 0 or by > 1000:
        raise Undefined
    moved = lhs.value << by if op == "<<" else lhs.value >> by
    if lhs.kind == "literal":
        return Number("literal", 0, moved)
    typed = with_type(lhs)
    return wrap(moved, typed.kind, typed.width)


def unary(op: str, number: Number) -> Number:
    if op == "!":
        return truth(not number.value)
    if op == "-" and number.kind == "literal":
        return Number("literal", 0, -number.value)
    typed = with_type(number)
    return wrap(-typed.value if op == "-" else ~typed.value, typed.kind, typed.width)
