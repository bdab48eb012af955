"""Syntax of `--param NAME=VALUE`, `--observable` and `--noise`."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from quantumtask.api.schemas.parameters import parameters_text
from quantumtask.shared.errors import RequestError

MAX_SWEEP_ELEMENTS = 100_000
"""Largest number of elements of a sweep."""

NOISE_FORM = (
    """write error rates as JSON, such as '{"depolarizing": {"two_qubit": 0.01}}', or the name """
    "of a device that `quantumtask backends` lists"
)
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_PI = re.compile(rf"({_NUMBER}|[+-])?\s*\*?\s*pi(?:\s*/\s*({_NUMBER}))?", re.IGNORECASE)

ParametersOption = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "--parameter",
        metavar="NAME=VALUE",
        help="Value of an input of the circuit: JSON, or else text. Quote a bit string that looks "
        "like a number: 'mask=\"1010\"'. A sweep: theta=0:pi:20 (start, stop, number of values) "
        "or theta=0.1,0.2,0.3. Repeatable; sweeps of one length go side by side.",
    ),
]


def parse_parameters(texts: Sequence[str] | None) -> dict[str, Any] | None:
    """Return the values by name; None without values. Raise BadParameter (exit status 2)."""
    values: dict[str, Any] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name or not _is_utf8(text):
            raise _bad(f"write NAME=VALUE; got {text!a}")
        if name in values:
            raise _bad(f"{name!a} occurs twice: write one value for each input")
        values[name] = _value(value)
    try:
        parameters_text(values)
    except RequestError as error:
        raise _bad(error.message) from None
    return values or None


def read_observables(texts: Sequence[str] | None, parameters: Mapping[str, Any] | None) -> Any:
    """Return one observable, or an array that is broadcast against a sweep."""
    values = [parse_json_or_text(text) for text in texts or ()]
    if len(values) <= 1:
        return values[0] if values else None
    is_sweep = any(isinstance(value, list) for value in (parameters or {}).values())
    return [[each] for each in values] if is_sweep else values


def parse_json_or_text(text: str | None) -> Any:
    """Return a list or an object of JSON; every other text unchanged."""
    return _json(text) if text and text.lstrip()[:1] in ("[", "{") else text


def read_noise(text: str | None) -> Any:
    """Return the noise from a backend's name, JSON text, or a `.json` file. Raise BadParameter."""
    if text is not None and _number(text) is not None:
        raise typer.BadParameter(f"{NOISE_FORM}; got {text}", param_hint="'--noise'")
    if text is None or not text.endswith(".json"):
        return parse_json_or_text(text)
    try:
        return json.loads(Path(text).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(f"noise: {text!a} cannot be read as JSON: {error}") from None


def _value(text: str) -> Any:
    """Parse JSON, a number with pi, `start:stop:count`, or a list with commas; or return text."""
    value = _json(text)
    if value is not text:
        return value
    if steps := re.fullmatch(r"([^:]+):([^:]+):(\d+)", text):
        start, stop, count = _number(steps[1]), _number(steps[2]), int(steps[3])
        return text if start is None or stop is None else _steps(start, stop, count, text)
    words = [word.strip() for word in text.split(",")]
    parts = [_element(word) for word in words]
    if None in parts:
        return text
    if any(isinstance(part, str) for part in parts):
        parts = words  # bit strings, and some of them read as numbers
    return parts if len(parts) > 1 else parts[0]


def _element(text: str) -> Any:
    """Return a number, or a bit string that is no number; None for every other text."""
    value = _json(text)
    if isinstance(value, int | float):
        return value
    return text if re.fullmatch("[01]+", text) else _number(text)


def _steps(start: float, stop: float, count: int, text: str) -> list[float]:
    """Return `count` numbers from start to stop, both included, in equal steps."""
    if not 2 <= count <= MAX_SWEEP_ELEMENTS:
        raise _bad(
            f"{text!a}: the third number must be 2 to {MAX_SWEEP_ELEMENTS:,} values; got {count:,}"
        )
    return [start + (stop - start) * k / (count - 1) for k in range(count)]


def _number(text: str) -> float | None:
    """Parse a number, also with pi: `2`, `.5`, `pi`, `-pi/2`, `2pi`, `3*pi/4`."""
    text = text.strip()
    if re.fullmatch(_NUMBER, text, re.IGNORECASE):
        return float(text)
    if not (parts := _PI.fullmatch(text)):
        return None
    factor = {"+": 1.0, "-": -1.0, None: 1.0}.get(parts[1]) or float(parts[1])
    divisor = float(parts[2] or 1)
    return factor * math.pi / divisor if divisor else None


def _json(text: str) -> Any:
    """Parse JSON; return the text itself if it is no JSON."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text


def _no_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which Python's parser accepts and JSON does not have."""
    raise ValueError(name)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="'--param'")
