"""Values of a circuit's inputs: all checks that do not need the circuit."""

import json
import math
from collections.abc import Mapping
from typing import Any

from quantumtask.shared.errors import InvalidRequest, ParametersTooLarge
from quantumtask.shared.task import MAX_PARAMETERS_BYTES

MAX_VALUES = 200_000
"""Maximal number of values outside encoded arrays, which are checked one by one."""

MAX_DEPTH = 16
"""Maximal nesting of lists.

An array has up to seven dimensions, a complex number is a list of two, the rest is for a sweep.
"""

ARRAY_KEYS = frozenset({"dtype", "shape", "data"})
"""Members of an array in base64."""

MAX_NAME_CHARACTERS = 256
MAX_INTEGER_BITS = 4096
ALLOWED_VALUES = "a number, true, false, a string, a list of these, or an encoded array"


def parameters_text(values: Mapping[str, Any] | None) -> str | None:
    """Return the values as JSON text; None stays None.

    Raises:
        InvalidRequest: a value is not valid; the message names the parameter.
        ParametersTooLarge: there are too many values, or the text is too large.
    """
    if values is None:
        return None
    quota = MAX_VALUES
    for name, value in values.items():
        if not 0 < len(name) <= MAX_NAME_CHARACTERS:
            raise InvalidRequest(
                f"parameters: each name must have 1 to {MAX_NAME_CHARACTERS} characters"
            )
        quota = _check_value(name, value, quota, MAX_DEPTH)
    text = json.dumps(values, separators=(",", ":"))
    if len(text) > MAX_PARAMETERS_BYTES:
        raise _too_large()
    return text


def _check_value(name: str, value: object, quota: int, max_depth: int) -> int:
    """Check a value, and return how many more values the limit allows after it."""
    if quota <= 0:
        raise _too_large()
    if isinstance(value, float):  # first, because most values are of this type
        if not math.isfinite(value):
            raise InvalidRequest(f"parameters: `{name}` must be a finite number")
    elif isinstance(value, list):
        if not max_depth:
            raise InvalidRequest(f"parameters: `{name}` must have at most {MAX_DEPTH} nested lists")
        for element in value:
            quota = _check_value(name, element, quota, max_depth - 1)
    elif isinstance(value, dict):
        _check_encoded_array(name, value)
    elif not isinstance(value, bool | int | str):
        raise InvalidRequest(f"parameters: `{name}` must be {ALLOWED_VALUES}")
    elif isinstance(value, int) and value.bit_length() > MAX_INTEGER_BITS:
        raise InvalidRequest(f"parameters: `{name}` must have at most {MAX_INTEGER_BITS:,} bits")
    return quota - 1


def _check_encoded_array(name: str, value: dict[str, Any]) -> None:
    """Check an array without decoding it: the slot does that."""
    shape = value.get("shape")
    members = value.keys() == ARRAY_KEYS and isinstance(value["dtype"], str)
    sizes = isinstance(shape, list) and all(isinstance(n, int) and n >= 0 for n in shape)
    if not members or not sizes or not isinstance(value["data"], str):
        raise InvalidRequest(
            f"parameters: `{name}` must be {ALLOWED_VALUES}, which is an object with dtype, shape "
            "and data"
        )


def _too_large() -> ParametersTooLarge:
    return ParametersTooLarge(
        f"parameters: must be at most {MAX_PARAMETERS_BYTES:,} bytes as JSON, with at most "
        f"{MAX_VALUES:,} values outside encoded arrays"
    )
