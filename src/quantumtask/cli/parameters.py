"""`--parameter name=value`, given often: values for a circuit's inputs."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from quantumtask.api.parameters import parameters_text
from quantumtask.shared.errors import RequestError

Parameters = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        metavar="NAME=VALUE",
        help="A value for an input of the circuit: JSON, else a text; a bit string that reads as "
        "a number goes in quotes: 'mask=\"1010\"'. May be given often.",
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


def _value(text: str) -> Any:
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
    return typer.BadParameter(message, param_hint="'--parameter'")
