"""Answers in the forms of AWS: JSON of Braket, XML of S3 and STS, and errors with a type."""

import json
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any
from xml.sax.saxutils import escape

from fastapi import Response

from quantumtask.api.http.errors import ErrorAnswer

JSON_TYPE, XML_TYPE = "application/json", "text/xml"
_GROUP = 500

_ERROR_TYPES = {
    HTTPStatus.UNAUTHORIZED: "AccessDeniedException",
    HTTPStatus.FORBIDDEN: "AccessDeniedException",
    HTTPStatus.NOT_FOUND: "ResourceNotFoundException",
    HTTPStatus.CONFLICT: "ConflictException",
    HTTPStatus.TOO_MANY_REQUESTS: "ThrottlingException",
}
"""The names by which the clients of Braket know errors; others are of two kinds."""


def json_response(value: Any, status: int = 200) -> Response:
    """Return a response with a JSON value."""
    return Response(json.dumps(value), status, media_type=JSON_TYPE)


def json_list_pieces(values: Sequence[Any]) -> Iterator[bytes]:
    """Yield a JSON array in pieces."""
    separator = b"["
    for start in range(0, len(values), _GROUP):
        yield separator + json.dumps(list(values[start : start + _GROUP]))[1:-1].encode()
        separator = b", "
    yield b"]" if values else b"[]"


def xml_response(text: str) -> Response:
    """Return a response with XML."""
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', media_type=XML_TYPE)


def xml_element(name: str, text: str) -> str:
    """Return an element of XML that has a text alone."""
    return f"<{name}>{escape(text)}</{name}>"


def write_error(answer: ErrorAnswer) -> Response:
    """Return an error in Braket's form, whose type is in a header."""
    other = "ValidationException" if answer.status < 500 else "InternalServiceException"
    headers = {name: value for name, value in answer.headers.items() if name != "WWW-Authenticate"}
    headers["x-amzn-ErrorType"] = _ERROR_TYPES.get(answer.status, other)
    return Response(
        json.dumps({"message": answer.sentence}), int(answer.status), headers, JSON_TYPE
    )
