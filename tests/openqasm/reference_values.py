"""Values of the reference evaluator, their cells, and the operators on them."""

import math
from collections.abc import Callable
from operator import add, and_, eq, ge, gt, le, lt, mul, ne, or_, sub, xor
from typing import Any, NamedTuple

import numpy as np


class Value(NamedTuple):
    """A kind ("bool" is the scalar bit too), a width in bits, and a number.

    The number of an angle counts steps of 2 pi / 2**width; in "bits", bit 0 is the lowest.
    """

    kind: str
    width: int
    data: Any

    @property
    def real(self) -> float:
        return self.data * math.tau / 2**self.width if self.kind == "angle" else self.data


def whole(kind: str, width: int, number: int) -> Value:
    """A number that wraps: two's complement for an int."""
    number %= 2**width
    negative = kind == "int" and number >> (width - 1)
    return Value(kind, width, number - 2**width if negative else number)


def cast(value: Value, kind: str, width: int) -> Value:
    number = value.data
    if kind == "bool":
        return Value("bool", 1, int(number != 0))
    if kind == "float":
        return Value(kind, width, float(np.float32(value.real) if width == 32 else value.real))
    if kind == "angle" and value.kind == "float":
        number = round(number / math.tau * 2**width)  # to the nearest, ties to even
    elif kind == "angle" and value.kind == "angle":
        number = round(number * 2.0 ** (width - value.width))
    elif kind == "bits" and value.kind == "bits" and width != value.width:
        raise TypeError(f"bit[{value.width}] where bit[{width}] is wanted")
    return whole(kind, width, int(number))  # int() discards the fraction of a float


class Place:
    """The cells of a value: one for each bit, a single one for a float. Aliases share cells."""

    def __init__(self, kind: str, width: int, cells: list[list[Any]] | None = None) -> None:
        self.kind, self.width = kind, width
        self.cells = cells or [[0] for _ in range(1 if kind == "float" else width)]

    def get(self) -> Value:
        if self.kind == "float":
            return Value(self.kind, self.width, self.cells[0][0])
        return whole(self.kind, self.width, sum(c[0] << i for i, c in enumerate(self.cells)))

    def set(self, value: Value) -> None:
        number = cast(value, self.kind, self.width).data
        for i, cell in enumerate(self.cells):
            cell[0] = number if self.kind == "float" else number >> i & 1


class Qubits(list[int]):
    """A register of qubits; a single one is an int. An array is a list of cells."""


def place_of(value: Any, kind: str = "", width: int = 0) -> Place:
    place = Place(kind or value.kind, width or value.width)
    place.set(value)
    return place


def read(thing: Any) -> Any:
    """Return the value in a cell, or the values in an array; other objects as they are."""
    if isinstance(thing, Place):
        return thing.get()
    return [read(each) for each in thing] if type(thing) is list else thing


def write(target: Any, value: Any) -> None:
    if isinstance(target, Place):
        target.set(value)
    else:
        for each, its in zip(target, value, strict=True):
            write(each, its)


def item(thing: Any, position: int) -> Any:
    return (
        Place("bool", 1, [thing.cells[position]]) if isinstance(thing, Place) else thing[position]
    )


def joined(things: list[Any], like: Any) -> Any:
    """Return some items of an object, as a smaller object of the same class."""
    if isinstance(like, Place):
        return Place("bits", len(things), [each.cells[0] for each in things])
    return Qubits(things) if isinstance(like, Qubits) else things


# Operators.


def common(left: Value, right: Value) -> tuple[str, int]:
    """Return the type of an operation: "usual arithmetic conversions", rank by width."""
    kinds, wide = {left.kind, right.kind}, max(left.width, right.width)
    if "angle" in kinds:
        return "angle", max(each.width for each in (left, right) if each.kind == "angle")
    if "float" in kinds:
        return "float", max(each.width for each in (left, right) if each.kind == "float")
    if len(kinds) == 1:
        return left.kind, wide
    unsigned = any(v.kind in ("uint", "bits") and v.width == wide for v in (left, right))
    return ("uint" if unsigned else "int"), wide


COMPARISONS = {"==": eq, "!=": ne, "<": lt, "<=": le, ">": gt, ">=": ge}
RING: dict[str, Callable[[Any, Any], Any]] = {
    "+": add, "-": sub, "*": mul, "&": and_, "|": or_, "^": xor,
}  # fmt: skip


def divided(left: int, right: int) -> int:
    """Divide toward zero, as in C."""
    quotient = abs(left) // abs(right)
    return quotient if (left < 0) == (right < 0) else -quotient


def binary(op: str, left: Value, right: Value) -> Value:
    if op in ("&&", "||"):
        both, either = left.data and right.data, left.data or right.data
        return Value("bool", 1, int(bool(both if op == "&&" else either)))
    if op in ("<<", ">>"):
        number = left.data << right.data if op == "<<" else left.data >> right.data
        return whole(left.kind, left.width, number)
    if "angle" in (left.kind, right.kind) and op in "*/":
        return scaled(op, left, right)
    kind, width = common(left, right)
    if kind == "bool" and op in ("+", "-", "*", "/", "%", "**"):
        kind, width = "int", 64
    one, two = cast(left, kind, width).data, cast(right, kind, width).data
    if op in COMPARISONS:
        return Value("bool", 1, int(COMPARISONS[op](one, two)))
    if kind == "float":
        return real_arithmetic(op, width, one, two)
    if op in RING:
        return whole(kind, width, RING[op](one, two))
    if op == "**":
        return whole(kind, width, pow(one, right.data))
    quotient = divided(one, two)
    return whole(kind, width, quotient if op == "/" else one - quotient * two)


def scaled(op: str, left: Value, right: Value) -> Value:
    """Multiply or divide angles and integers as if all were uints."""
    width = max(each.width for each in (left, right) if each.kind == "angle")
    if op == "*":
        return whole("angle", width, left.data * right.data)
    return whole("uint" if right.kind == "angle" else "angle", width, left.data // right.data)


def real_arithmetic(op: str, width: int, left: float, right: float) -> Value:
    if op in RING:
        number = RING[op](left, right)
    else:
        number = {"/": lambda: left / right, "**": lambda: left**right}[op]()
    return cast(Value("float", 64, number), "float", width)


def unary(op: str, value: Value) -> Value:
    if op == "!":
        return Value("bool", 1, int(not value.data))
    if op == "~":
        return whole(value.kind, value.width, ~value.data)
    if value.kind == "float":
        return value._replace(data=-value.data)
    return whole(*(("int", 64) if value.kind == "bool" else value[:2]), -value.data)


REAL_FUNCTIONS: dict[str, Callable[[float], float]] = {
    "arccos": math.acos, "arcsin": math.asin, "arctan": math.atan, "ceiling": math.ceil,
    "cos": math.cos, "exp": math.exp, "floor": math.floor, "log": math.log, "sin": math.sin,
    "sqrt": math.sqrt, "tan": math.tan,
}  # fmt: skip


def builtin(name: str, args: list[Value]) -> Value:
    value = args[0]
    if name in REAL_FUNCTIONS:
        return Value("float", 64, float(REAL_FUNCTIONS[name](value.real)))
    if name == "mod" and "float" in (value.kind, args[1].kind):
        return Value("float", 64, math.fmod(value.data, args[1].data))
    if name == "mod":
        return binary("%", value, args[1])
    unsigned = value.data % 2**value.width
    if name == "popcount":
        return Value("uint", 64, unsigned.bit_count())
    turn = (args[1].data if name == "rotl" else -args[1].data) % value.width
    return whole(value.kind, value.width, unsigned << turn | unsigned >> (value.width - turn))


CONSTANTS = {"pi": math.pi, "π": math.pi, "tau": math.tau, "τ": math.tau, "euler": math.e}
CONSTANTS["ℇ"] = math.e
