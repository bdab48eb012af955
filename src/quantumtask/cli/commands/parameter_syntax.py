"""`--param name=value`, given often: values for a circuit's inputs, or many of them for a sweep;
`--observable`; and what else may be JSON or a word.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from quantumtask.api.schemas.parameters import parameters_text
from quantumtask.shared.errors import RequestError

MOST_STEPS = 100_000
"""The most elements that a sweep has."""

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?"
_PI = re.compile(rf"({_NUMBER}|[+-])?\s*\*?\s*pi(?:\s*/\s*({_NUMBER}))?", re.IGNORECASE)

Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        "--parameter",
        metavar="NAME=VALUE",
        help="A value for an input of the circuit: JSON, else a text; a bit string that reads as "
        "a number goes in quotes: 'mask=\"1010\"'. A sweep: theta=0:pi:20 (start, stop, how many) "
        "or theta=0.1,0.2,0.3. May be given often; sweeps go side by side.",
    ),
]


def given(texts: Sequence[str] | None) -> dict[str, Any] | None:
    """The values by name; None where there are none. Raises BadParameter (exit status 2)."""
    values: dict[str, Any] = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name or not _is_utf8(text):
            raise _bad(f"{text!a} is not NAME=VALUE")
        if name in values:
            raise _bad(f"{name!a} is given twice")
        values[name] = _value(value)
    try:
        parameters_text(values)
    except RequestError as error:
        raise _bad(error.message) from None
    return values or None


def observables(texts: Sequence[str] | None, parameters: Mapping[str, Any] | None) -> Any:
    """One observable, or an array of them that goes with every element of a sweep."""
    wanted = [json_or_text(text) for text in texts or ()]
    if len(wanted) <= 1:
        return wanted[0] if wanted else None
    swept = any(isinstance(value, list) for value in (parameters or {}).values())
    return [[each] for each in wanted] if swept else wanted


def json_or_text(text: str | None) -> Any:
    """What JSON reads as a list or an object; every other text as it is."""
    return _json(text) if text and text.lstrip()[:1] in ("[", "{") else text


def noise(text: str | None) -> Any:
    """The noise of a name, of JSON, or of a file that ends in `.json`. Raises BadParameter."""
    if text is None or not text.endswith(".json"):
        return json_or_text(text)
    try:
        return json.loads(Path(text).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _bad(f"noise: {text!a} cannot be read as JSON: {error}") from None


def _value(text: str) -> Any:
    """JSON, numbers with pi, `start:stop:count`, numbers with commas between; else the text."""
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
    """A number of JSON's, one with pi, a bit string that is none; None for everything else."""
    value = _json(text)
    if isinstance(value, int | float):
        return value
    return text if re.fullmatch("[01]+", text) else _number(text)


def _steps(start: float, stop: float, count: int, text: str) -> list[float]:
    """So many numbers from start to stop, both included, in equal steps."""
    if not 2 <= count <= MOST_STEPS:
        raise _bad(f"{text!a}: the last number is how many values, 2 to {MOST_STEPS:,}")
    return [start + (stop - start) * k / (count - 1) for k in range(count)]


def _number(text: str) -> float | None:
    """A number, or one with pi: `2`, `.5`, `pi`, `-pi/2`, `2pi`, `3*pi/4`."""
    text = text.strip()
    if re.fullmatch(_NUMBER, text, re.IGNORECASE):
        return float(text)
    if not (parts := _PI.fullmatch(text)):
        return None
    factor = {"+": 1.0, "-": -1.0, None: 1.0}.get(parts[1]) or float(parts[1])
    divisor = float(parts[2] or 1)
    return factor * math.pi / divisor if divisor else None


def _json(text: str) -> Any:
    """What JSON makes of it; the text itself where it is none."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return text


def _no_constant(name: str) -> Any:
    """NaN and Infinity are no JSON, whatever Python thinks."""
    raise ValueError(name)


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad(message: str) -> typer.BadParameter:
    return typer.BadParameter(message, param_hint="'--param'")
