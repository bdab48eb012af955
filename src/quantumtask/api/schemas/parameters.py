"""Values for a circuit's inputs: checked as far as that goes without reading the circuit."""

import json
import math
from collections.abc import Mapping
from typing import Any

from quantumtask.shared.errors import InvalidRequest, ParametersTooLarge

LARGEST = 8 * 1024 * 1024
"""Most bytes of the values' JSON text."""

MOST_VALUES = 200_000
"""Values that are looked at one by one: the elements of an encoded array are not among them."""

DEEPEST = 16
"""Lists in lists: an array has up to seven dimensions, a complex number is a list of two, and the
rest are those of a sweep."""

ENCODED = frozenset({"dtype", "shape", "data"})
"""What an array has that is written in base64."""

LONGEST_NAME = 256
MOST_BITS = 4096
KINDS = "a number, true or false, a text, a list of these, or an encoded array"


def parameters_text(values: Mapping[str, Any] | None) -> str | None:
    """The values as JSON text, names in the order given.

    Raises InvalidRequest, or ParametersTooLarge, with a message that names the parameter.
    """
    if values is None:
        return None
    left = MOST_VALUES
    for name, value in values.items():
        if not 0 < len(name) <= LONGEST_NAME:
            raise InvalidRequest(f"parameters: a name has 1 to {LONGEST_NAME} characters")
        left = _check(name, value, left, DEEPEST)
    text = json.dumps(values, separators=(",", ":"))
    if len(text) > LARGEST:
        raise _too_large()
    return text


def _check(name: str, value: object, left: int, deep: int) -> int:
    """How many values there may be after this one."""
    if left <= 0:
        raise _too_large()
    if isinstance(value, list):
        if not deep:
            raise InvalidRequest(f"parameters: `{name}` is nested too deeply")
        for element in value:
            left = _check(name, element, left, deep - 1)
    elif isinstance(value, dict):
        _check_encoded(name, value)
    elif not isinstance(value, bool | int | float | str):
        raise InvalidRequest(f"parameters: `{name}` must be {KINDS}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidRequest(f"parameters: `{name}` must be a finite number")
    elif isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise InvalidRequest(f"parameters: `{name}` must have {MOST_BITS:,} bits at most")
    return left - 1


def _check_encoded(name: str, value: dict[str, Any]) -> None:
    """As far as it goes without decoding: the slot does that."""
    shape = value.get("shape")
    known = value.keys() == ENCODED and isinstance(value["dtype"], str)
    sizes = isinstance(shape, list) and all(isinstance(n, int) and n >= 0 for n in shape)
    if not known or not sizes or not isinstance(value["data"], str):
        raise InvalidRequest(
            f"parameters: `{name}` must be {KINDS}: an object with dtype, shape and data"
        )


def _too_large() -> ParametersTooLarge:
    return ParametersTooLarge(
        f"parameters: more than {LARGEST:,} bytes as JSON, or {MOST_VALUES:,} values outside "
        "encoded arrays"
    )
