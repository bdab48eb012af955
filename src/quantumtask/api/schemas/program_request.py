"""A task whose body is the program itself, with its other fields in the query."""

from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json

from quantumtask.api.schemas.requests import TaskRequest, parse_model
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.task import TaskSpec

_TEXT_FIELDS = frozenset(
    {"name", "owner", "engine", "method", "backend", "compile", "circuit_format"}
)
_LIST_FIELDS = frozenset({"tags", "return"})
"""Fields that a query has once for each of their texts."""


def parse_program(
    model: type[TaskRequest], options: Sequence[tuple[str, str]], body: bytes
) -> TaskSpec:
    """Return the task of a program.

    Args:
        model: The fields of the task.
        options: Names and texts of fields. The text of a field that is not a string is JSON.
        body: The program, in UTF-8.

    Raises:
        RequestError: a field is not valid; the message names it.
    """
    try:
        fields: dict[str, Any] = {"circuit": body.decode("utf-8-sig")}
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise InvalidRequest(f"circuit: must be UTF-8; line {line} has other bytes") from None
    for name, text in options:
        if name in _LIST_FIELDS:
            fields.setdefault(name, []).append(text)
        elif name in fields:
            raise InvalidRequest(f"{name}: the query must have it at most once")
        else:
            fields[name] = text if name in _TEXT_FIELDS else _read_value(text)
    return parse_model(model, fields).to_spec()


def _read_value(text: str) -> Any:
    """Return the value that a text is as JSON; the text itself if it is not JSON."""
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        return text
