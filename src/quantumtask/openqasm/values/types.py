"""The types of OpenQASM 3 and how their values are kept.

bit: 0, 1 or an Outcome. bit[n]: a tuple of those, bit 0 first. bool: a bool. int and uint: an int
in range. float: a float. angle[n]: an int, in units of 2*pi / 2**n. complex: a complex.
duration: a Duration. array: a View of memory, or an Elements.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

MACHINE_WIDTH = 64
"""Bits of `int`, `uint`, `float` and `angle` where the program does not say."""

MAX_WIDTH = 4096
"""Bits of the widest number that a program can ask for."""

MAX_ARRAY_DIMENSIONS = 7


@dataclass(frozen=True, slots=True)
class Type:
    """A type. `size`: bits of a number, or of a register; None: not said, or not known before.

    An array has a `base` and a `shape`, whose lengths are None where they are not known before.
    """

    kind: str
    size: int | None = None
    base: "Type | None" = None
    shape: tuple[int | None, ...] = ()

    @property
    def width(self) -> int:
        return MACHINE_WIDTH if self.size is None else self.size

    def __str__(self) -> str:
        if self.kind == "array":
            shape = ", ".join("?" if n is None else str(n) for n in self.shape)
            return f"array[{self.base}, {shape}]"
        if self.kind in ("bits", "qubits"):
            return f"{self.kind[:-1]}[{'n' if self.size is None else self.size}]"
        if self.kind == "complex":
            return "complex" if self.size is None else f"complex[float[{self.size}]]"
        return self.kind if self.size is None else f"{self.kind}[{self.size}]"


BIT, BOOL, VOID = Type("bit"), Type("bool"), Type("void")
INT, UINT, FLOAT, ANGLE = Type("int"), Type("uint"), Type("float"), Type("angle")
COMPLEX, DURATION, STRETCH = Type("complex"), Type("duration"), Type("stretch")
QUBIT = Type("qubit")

INTEGER_KINDS = frozenset({"int", "uint"})
NUMBER_KINDS = frozenset({"bool", "int", "uint", "float", "complex"})
"""What the specification calls the standard types."""


class Duration(NamedTuple):
    """A time: nanoseconds (not a number where only the hardware decides), and samples (`dt`)."""

    ns: float
    dt: float


class ArrayView(NamedTuple):
    """Elements of an array where they are in memory, the last index running fastest."""

    places: Sequence[int]
    shape: tuple[int, ...]


class ArrayValue(NamedTuple):
    """The values of an array, the last index running fastest."""

    values: Sequence[Any]
    shape: tuple[int, ...]


def element_count(shape: Sequence[int | None]) -> int:
    """How many elements an array of this shape has."""
    return math.prod(n or 0 for n in shape)


def default_value(of: Type) -> Any:
    """The value of a variable that is declared without one."""
    if of.kind == "bits":
        return (0,) * (of.size or 0)
    return _ZERO[of.kind]


_ZERO: dict[str, Any] = {
    "bit": 0, "bool": False, "int": 0, "uint": 0, "angle": 0, "float": 0.0, "complex": 0j,
    "duration": Duration(0.0, 0.0), "stretch": Duration(math.nan, 0.0),
}  # fmt: skip


def wrap_int(value: int, to: Type) -> int:
    """A whole number as `int[n]` or `uint[n]` keeps it: modulo 2**n."""
    width = to.width
    value &= (1 << width) - 1
    return value - (1 << width) if to.kind == "int" and value >> (width - 1) else value


def fits_type(value: int, to: Type) -> bool:
    width = to.width
    if to.kind == "uint":
        return 0 <= value < 1 << width
    return -(1 << width - 1) <= value < 1 << width - 1


def angle_from_radians(value: float, width: int) -> int:
    """The nearest angle, ties to even. Raises OverflowError or ValueError if it is not finite."""
    return round(math.ldexp(math.fmod(value, math.tau) / math.tau, width)) % (1 << width)


def radians_from_angle(value: int, width: int) -> float:
    """Radians, from 0 to 2*pi."""
    return value / (1 << width) * math.tau


def resize_angle(value: int, width: int, to: int) -> int:
    """The same angle with `to` bits: rounded to the nearest, ties to even."""
    if to >= width:
        return value << (to - width)
    shift = width - to
    low, half = value & ((1 << shift) - 1), 1 << (shift - 1)
    value >>= shift
    up = low > half or (low == half and value & 1)
    return (value + up) % (1 << to)


def bits_from_int(value: int, width: int) -> tuple[int, ...]:
    """The lowest `width` bits, lowest first."""
    return tuple([value >> k & 1 for k in range(width)])
