"""Values for a circuit's inputs: checked as far as that goes without reading the circuit."""

import json
import math
from collections.abc import Mapping
from typing import Any

from quantumtask.shared.errors import InvalidRequest, ParametersTooLarge

LARGEST = 64 * 1024
"""Most bytes of the values' JSON text."""

MOST_VALUES = LARGEST // 2
"""More than these cannot fit: each takes a character and a comma."""

DEEPEST = 8
"""Lists in lists: an array has up to seven dimensions, and a complex number is a list of two."""

LONGEST_NAME = 256
MOST_BITS = 4096
KINDS = "a number, true or false, a text, or a list of these"


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
            left = _check(name, element, left - 1, deep - 1)
    elif not isinstance(value, bool | int | float | str):
        raise InvalidRequest(f"parameters: `{name}` must be {KINDS}")
    elif isinstance(value, float) and not math.isfinite(value):
        raise InvalidRequest(f"parameters: `{name}` must be a finite number")
    elif isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise InvalidRequest(f"parameters: `{name}` must have {MOST_BITS:,} bits at most")
    return left - 1


def _too_large() -> ParametersTooLarge:
    return ParametersTooLarge(f"parameters: more than {LARGEST:,} bytes as JSON")
