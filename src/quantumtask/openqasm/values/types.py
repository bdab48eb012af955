"""The types of OpenQASM 3, and the representation of their values.

bit: 0, 1 or a measurement outcome. bit[n]: a tuple of these, bit 0 first. bool: a bool. int and
uint: an int in range. float: a float. angle[n]: an int, in units of 2*pi / 2**n. complex: a
complex. duration: a Duration. array: an ArrayView of memory, or an ArrayValue.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

MACHINE_WIDTH = 64
"""Bits of `int`, `uint`, `float` and `angle` without an explicit size."""

MAX_WIDTH = 4096
"""Most bits of a number."""

MAX_ARRAY_DIMENSIONS = 7
"""Most dimensions of an array (specification: Types and Casting, Arrays)."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type.

    Attributes:
        kind: The keyword of the type; `bits` for `bit[n]`, and `qubits` for `qubit[n]`.
        size: Bits of a number or of a register; None if the type has no explicit size, or if only
            the run determines the size.
        base: The type of an array's elements.
        shape: The lengths of an array's dimensions; None for a length that only the run determines.
    """

    kind: str
    size: int | None = None
    base: "Type | None" = None
    shape: tuple[int | None, ...] = ()

    @property
    def width(self) -> int:
        """The size in bits, MACHINE_WIDTH for a type without an explicit size."""
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
INT, UINT, FLOAT = Type("int"), Type("uint"), Type("float")
COMPLEX, DURATION, STRETCH = Type("complex"), Type("duration"), Type("stretch")
QUBIT = Type("qubit")

INTEGER_KINDS = frozenset({"int", "uint"})
NUMBER_KINDS = frozenset({"bool", "int", "uint", "float", "complex"})
"""The kinds of numbers (specification: standard types)."""


class Duration(NamedTuple):
    """A time: the sum of `ns` nanoseconds (NaN for a stretch) and of `dt` samples of the device."""

    ns: float
    dt: float


class ArrayView(NamedTuple):
    """The memory addresses of an array's elements, the last index running fastest."""

    addresses: Sequence[int]
    shape: tuple[int, ...]


class ArrayValue(NamedTuple):
    """The values of an array's elements, the last index running fastest."""

    values: Sequence[Any]
    shape: tuple[int, ...]


def element_count(shape: Sequence[int | None]) -> int:
    """Return the number of elements of an array."""
    return math.prod(n or 0 for n in shape)


def default_value(type: Type) -> Any:
    """Return the value of a variable that is declared without a value."""
    if type.kind == "bits":
        return (0,) * (type.size or 0)
    return _ZERO[type.kind]


_ZERO: dict[str, Any] = {
    "bit": 0, "bool": False, "int": 0, "uint": 0, "angle": 0, "float": 0.0, "complex": 0j,
    "duration": Duration(0.0, 0.0), "stretch": Duration(math.nan, 0.0),
}  # fmt: skip


def wrap_int(value: int, to: Type) -> int:
    """Return an integer modulo 2**n, in the range of the type `to`, an `int[n]` or `uint[n]`."""
    width = to.width
    value &= (1 << width) - 1
    return value - (1 << width) if to.kind == "int" and value >> (width - 1) else value


def fits_type(value: int, to: Type) -> bool:
    """Return True if an integer is in the range of the type `to`."""
    width = to.width
    if to.kind == "uint":
        return 0 <= value < 1 << width
    return -(1 << width - 1) <= value < 1 << width - 1


def angle_from_radians(value: float, width: int) -> int:
    """Return the nearest `angle[width]` of an angle in radians, ties to even.

    Raises:
        OverflowError: The value is infinite.
        ValueError: The value is not a number, or infinite.
    """
    return round(math.ldexp(math.fmod(value, math.tau) / math.tau, width)) % (1 << width)


def radians_from_angle(value: int, width: int) -> float:
    """Return an `angle[width]` in radians, from 0 to 2*pi."""
    return value / (1 << width) * math.tau


def resize_angle(value: int, width: int, to: int) -> int:
    """Return an `angle[width]` as an `angle[to]`: rounded to the nearest, ties to even."""
    if to >= width:
        return value << (to - width)
    shift = width - to
    low, half = value & ((1 << shift) - 1), 1 << (shift - 1)
    value >>= shift
    round_up = low > half or (low == half and value & 1)
    return (value + round_up) % (1 << to)


def bits_from_int(value: int, width: int) -> tuple[int, ...]:
    """Return the lowest `width` bits of an integer, lowest first."""
    return tuple([value >> k & 1 for k in range(width)])
