"""Conversion of numbers of any package to exact, real JSON numbers; does not import NumPy."""

import math
from collections.abc import Mapping
from decimal import Decimal
from numbers import Complex, Integral, Real
from typing import Any

_OF_JSON = frozenset({type(None), str, bool, int})
"""Types whose every value is a JSON value."""


def to_json(name: str, value: Any) -> Any:
    """Convert a value to JSON: NumPy's scalars and arrays to numbers and lists, mappings to dicts.

    Args:
        name: The name of the value in error messages.
        value: None, a text, a truth value, a number, or mappings, lists, tuples, ranges and arrays
            of these.

    Raises:
        TypeError: A value is of another type, or complex.
        ValueError: A number is not finite, or float64 cannot hold it exactly (longdouble, Decimal
            and Fraction can have more digits): round that first, with `float(...)`.
    """
    kind = type(value)
    if kind in _OF_JSON or (kind is float and math.isfinite(value)):  # abstract classes are slow
        return value
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple | range):
        return [to_json(name, each) for each in value]
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real | Decimal):
        return _exact(name, value)
    if isinstance(value, Complex):
        raise TypeError(f"{name}: must be real; got the complex number {value}")
    if isinstance(value, Mapping):
        return {str(key): to_json(f"{name}.{key}", each) for key, each in value.items()}
    if (tolist := getattr(value, "tolist", None)) is not None:
        return to_json(name, tolist())
    raise TypeError(f"{name}: must be a number, a text or a list; got a {type(value).__name__}")


def holds_complex(value: Any) -> bool:
    """Return True for a complex number, and for a list or an array that holds one."""
    kind = type(value)
    if kind is float or kind in _OF_JSON:
        return False
    if isinstance(value, list | tuple):
        return any(map(holds_complex, value))
    if (letter := getattr(getattr(value, "dtype", None), "kind", "")) and letter != "O":
        return bool(letter == "c")
    return isinstance(value, Complex) and not isinstance(value, Real)


def _exact(name: str, value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{name}: must be finite; got {value}")
    if number != value:
        kind = type(value).__name__
        raise ValueError(
            f"{name}: float64 cannot hold {value} ({kind}) exactly; round it with float(...)"
        )
    return number
