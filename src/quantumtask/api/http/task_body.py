"""The body of a request with one circuit: JSON, or the program itself with options in the query."""

import contextlib
from collections.abc import AsyncIterator
from functools import partial

from fastapi import Request
from starlette.datastructures import QueryParams

from quantumtask.api.http.body import open_body, parse_without_blocking
from quantumtask.api.http.query import check_query_names, find_header
from quantumtask.api.schemas.body_part import field_names
from quantumtask.api.schemas.json_errors import looks_like_program
from quantumtask.api.schemas.program_request import parse_program
from quantumtask.api.schemas.requests import TaskRequest, parse_task
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.task import TaskSpec

PROGRAM_TYPE, TEXT_TYPE = "application/openqasm", "text/plain"
FORM_TYPE = "application/x-www-form-urlencoded"
"""The type that curl sends for any body, unless `-H` names another type."""


@contextlib.asynccontextmanager
async def open_task(
    request: Request, model: type[TaskRequest], names: frozenset[str] = frozenset()
) -> AsyncIterator[TaskSpec]:
    """Hold the memory of a request's body, and yield the task in it.

    Args:
        request: The request.
        model: The fields of the body, which are query parameters if the body is a program.
        names: The other query parameters of the route.

    Raises:
        InvalidJson: the body is neither JSON nor sent as a program.
        BodiesTooLarge: the body is large, and others hold the memory for large bodies.
        RequestError: a field or a query parameter is not valid; the message names it.
    """
    async with open_body(request) as body:
        yield await _parse(request, body, model, names)


async def _parse(
    request: Request, body: bytes, model: type[TaskRequest], names: frozenset[str]
) -> TaskSpec:
    """Return the task in a body, parsed as JSON or as a program."""
    query: bytes = request.scope["query_string"]
    fields = field_names(model) - {"circuit"}
    if not _is_program(find_header(request, b"content-type") or "", body):
        check_query_names(query, names, fields)
        return await parse_without_blocking(partial(parse_task, model), body)
    check_query_names(query, names | fields, frozenset())
    options = [(name, text) for name, text in QueryParams(query).multi_items() if name in fields]
    return await parse_without_blocking(partial(parse_program, model, options), body)


def _is_program(content_type: str, body: bytes) -> bool:
    """Return True if a body is a program and not JSON."""
    media_type = content_type.partition(";")[0].strip().lower()
    if media_type == TEXT_TYPE:  # which a browser also sends with JSON; no program begins with "{"
        return not body.lstrip().startswith(b"{")
    if media_type == FORM_TYPE and (looks_like_program(body) or body.lstrip().startswith(b"//")):
        _check_newlines(body)
        return True
    return media_type == PROGRAM_TYPE


def _check_newlines(body: bytes) -> None:
    """Raise InvalidRequest if a comment hides the rest of a program that lost its newlines."""
    if b"//" in body and b"\n" not in body.strip():
        raise InvalidRequest(
            "circuit: a `//` comment takes the rest of this program, which has no newline; "
            "`curl -d` removes newlines: use `curl --data-binary @bell.qasm`"
        )
