"""JSON values of `input` and `output` variables."""

import json
import math
from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.openqasm.program.execution import bit_value
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.casts import float_rounder
from quantumtask.openqasm.values.expr import ReadValue
from quantumtask.openqasm.values.types import (
    ArrayValue,
    Type,
    angle_from_radians,
    fits_type,
    radians_from_angle,
)


def parse_json_value(value: Any, to: Type, name: str, span: Span) -> Any:
    """Return the value of an input from JSON.

    Args:
        value: The JSON value.
        to: The type of the input.
        name: The name of the input, or of an element of its array, for messages.
        span: The declaration of the input.

    Raises:
        Diagnostic: The JSON value is not of the type.
    """
    result = _PARSERS[to.kind](value, to, name, span)
    if result is None:
        expected = _EXPECTED[to.kind].format(to)
        message = f"the input `{shorten(name)}` must be {expected}; got {_format_json(value)}"
        raise Diagnostic("bad_parameter", message, span)
    return result


def _format_json(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _finite_float(value: Any) -> float | None:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _parse_bool(value: Any, *_: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _parse_bit(value: Any, *_: Any) -> int | None:
    return int(value) if value in (0, 1, "0", "1") and not isinstance(value, float) else None


def _parse_bits(value: Any, to: Type, *_: Any) -> tuple[int, ...] | None:
    """Parse a text such as "0110", whose last character is bit 0."""
    if not isinstance(value, str) or len(value) != to.size or set(value) - {"0", "1"}:
        return None
    return tuple([int(bit) for bit in reversed(value)])


def _parse_integer(value: Any, to: Type, *_: Any) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    return value if is_integer and fits_type(value, to) else None


def _parse_float(value: Any, to: Type, *_: Any) -> float | None:
    number = _finite_float(value)
    try:
        return None if number is None else float_rounder(to)(number)
    except OverflowError:
        return None


def _parse_angle(value: Any, to: Type, *_: Any) -> int | None:
    number = _finite_float(value)
    return None if number is None else angle_from_radians(number, to.width)


def _parse_complex(value: Any, *_: Any) -> complex | None:
    parts = value if isinstance(value, list) else [value, 0]
    if len(parts) != 2:
        return None
    real, imaginary = _finite_float(parts[0]), _finite_float(parts[1])
    return None if real is None or imaginary is None else complex(real, imaginary)


def _parse_array(value: Any, to: Type, name: str, span: Span) -> ArrayValue | None:
    assert to.base is not None
    shape = tuple(n or 0 for n in to.shape)
    items: list[Any] | None = [value]
    for size in shape:
        items = _flatten(items, size)
    if items is None:
        return None
    return ArrayValue([parse_json_value(item, to.base, name, span) for item in items], shape)


def _flatten(items: list[Any] | None, size: int) -> list[Any] | None:
    if items is None or any(not isinstance(i, list) or len(i) != size for i in items):
        return None
    return [element for item in items for element in item]


_PARSERS: dict[str, Callable[..., Any]] = {
    "bool": _parse_bool, "bit": _parse_bit, "bits": _parse_bits, "int": _parse_integer,
    "uint": _parse_integer, "float": _parse_float, "angle": _parse_angle,
    "complex": _parse_complex, "array": _parse_array,
}  # fmt: skip
_EXPECTED = {
    "bool": "a {} (true or false)",
    "bit": "a {} (0 or 1)",
    "bits": 'a {} (a text of its length, such as "0110")',
    "int": "an {} (an integer in its range)",
    "uint": "a {} (an integer in its range)",
    "float": "a {} (a number)",
    "angle": "an {} (a number, in radians)",
    "complex": "a {} ([real, imaginary])",
    "array": "an {} (lists of its shape)",
}


def output_reader(to: Type, read: ReadValue) -> ReadValue:
    """Return the function that reads an output variable as a JSON value.

    The function raises UndecidedOutcome for a bit whose value is not decided.
    """
    convert = _json_converter(to)
    return lambda memory: convert(read(memory))


def _json_converter(to: Type) -> Callable[[Any], Any]:
    kind = to.kind
    if kind == "bits":
        return lambda bits: "".join([str(bit_value(bit)) for bit in reversed(bits)])
    if kind == "bit":
        return bit_value
    if kind == "angle":
        return lambda value: radians_from_angle(value, to.width)
    if kind == "complex":
        return lambda value: [_json_number(value.real), _json_number(value.imag)]
    if kind == "float":
        return _json_number
    if kind == "array":
        assert to.base is not None
        convert = _json_converter(to.base)
        return lambda array: _nest([convert(v) for v in array.values], array.shape)
    return lambda value: value


def _json_number(value: float) -> float | str:
    """Return infinity and NaN as texts, because JSON has no such numbers."""
    return value if math.isfinite(value) else str(value)


def _nest(values: Sequence[Any], shape: Sequence[int]) -> Any:
    for size in reversed(shape[1:]):
        values = [values[k : k + size] for k in range(0, len(values), size)] if size else []
    return list(values)
