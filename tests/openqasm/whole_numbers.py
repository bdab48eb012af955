"""Whole numbers of OpenQASM as Python's integers: a second implementation of their operators.

Choices that the specification leaves open are those of docs/reference/openqasm.md.
"""

import operator
from collections.abc import Callable
from typing import NamedTuple

MACHINE = 64


class Undefined(Exception):
    """An operation that has no result, or a literal that no type holds."""


class Number(NamedTuple):
    """`kind`: int, uint, bool, or literal, which has no type yet. `width`: 0 for none."""

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


def by_itself(number: Number) -> Number:
    """A literal as an int, or as a uint if only that holds it; a bool as an int."""
    if number.kind == "bool":
        return Number("int", 0, number.value)
    if number.kind != "literal":
        return number
    for kind in ("int", "uint"):
        if holds(kind, 0, number.value):
            return Number(kind, 0, number.value)
    raise Undefined


def common(left: Number, right: Number) -> tuple[str, int]:
    literals = [each for each in (left, right) if each.kind == "literal"]
    if len(literals) == 1:
        typed = by_itself(right if left.kind == "literal" else left)
        if holds(typed.kind, typed.width, literals[0].value):
            return typed.kind, typed.width
    left, right = by_itself(left), by_itself(right)
    if left.bits != right.bits:
        return (left if left.bits > right.bits else right)[:2]
    kind = left.kind if left.kind == right.kind else "uint"
    return kind, left.width or right.width


def quotient(left: int, right: int) -> int:
    if right == 0:
        raise Undefined
    size = abs(left) // abs(right)
    return size if (left < 0) == (right < 0) else -size


def remainder(left: int, right: int) -> int:
    return left - right * quotient(left, right)


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


def binary(op: str, left: Number, right: Number) -> Number:
    if op in ("&&", "||"):
        return truth(left.value and right.value if op == "&&" else left.value or right.value)
    if op in COMPARE:
        return compared(op, left, right)
    if op in "&|^" and left.kind == right.kind == "bool":
        return truth(ARITHMETIC[op](left.value, right.value))
    if op in ("<<", ">>"):
        return shifted(op, left, right.value)
    if left.kind == right.kind == "literal":
        return Number("literal", 0, power(left.value, right.value) if op == "**"
                      else ARITHMETIC[op](left.value, right.value))  # fmt: skip
    if op == "**":
        base, exponent = by_itself(left), right
        wider = exponent.kind != "literal" and by_itself(exponent).bits > base.bits
        width = by_itself(exponent).width if wider else base.width
        return wrap(power(base.value, exponent.value, 2 ** (width or MACHINE)), base.kind, width)
    kind, width = common(left, right)
    one, two = (wrap(each.value, kind, width).value for each in (left, right))
    return wrap(ARITHMETIC[op](one, two), kind, width)


def compared(op: str, left: Number, right: Number) -> Number:
    if "literal" not in (left.kind, right.kind):
        kind, width = common(left, right)
        left, right = wrap(left.value, kind, width), wrap(right.value, kind, width)
    return truth(COMPARE[op](left.value, right.value))


def power(base: int, exponent: int, modulus: int | None = None) -> int:
    if exponent < 0 or (modulus is None and exponent > 300):
        raise Undefined
    return pow(base, exponent, modulus)


def shifted(op: str, left: Number, by: int) -> Number:
    if by < 0 or by > 1000:
        raise Undefined
    moved = left.value << by if op == "<<" else left.value >> by
    if left.kind == "literal":
        return Number("literal", 0, moved)
    typed = by_itself(left)
    return wrap(moved, typed.kind, typed.width)


def unary(op: str, number: Number) -> Number:
    if op == "!":
        return truth(not number.value)
    if op == "-" and number.kind == "literal":
        return Number("literal", 0, -number.value)
    typed = by_itself(number)
    return wrap(-typed.value if op == "-" else ~typed.value, typed.kind, typed.width)
