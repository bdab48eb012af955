"""Answers in the forms of AWS: JSON of Braket, XML of S3 and STS, and errors with a type."""

import json
from collections.abc import Iterator, Mapping, Sequence
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

_XML_CODES = {
    HTTPStatus.UNAUTHORIZED: "AccessDenied",
    HTTPStatus.FORBIDDEN: "AccessDenied",
    HTTPStatus.NOT_FOUND: "NoSuchKey",
    HTTPStatus.TOO_MANY_REQUESTS: "SlowDown",
}
"""The names by which the clients of S3 and STS know errors."""


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


def xml_response(
    text: str, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with XML."""
    declaration = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return Response(declaration + text, status, headers, XML_TYPE)


def xml_element(name: str, text: str) -> str:
    """Return an element of XML that has a text alone."""
    return f"<{name}>{escape(text)}</{name}>"


def write_storage_error(answer: ErrorAnswer) -> Response:
    """Return an error in the form of S3."""
    return xml_response(_xml_error(answer), int(answer.status), _headers(answer))


def write_identity_error(answer: ErrorAnswer) -> Response:
    """Return an error in the form of STS."""
    text = f"<ErrorResponse>{_xml_error(answer)}</ErrorResponse>"
    return xml_response(text, int(answer.status), _headers(answer))


def _xml_error(answer: ErrorAnswer) -> str:
    other = "InvalidRequest" if answer.status < 500 else "InternalError"
    code = _XML_CODES.get(answer.status, other)
    return f"<Error>{xml_element('Code', code)}{xml_element('Message', answer.sentence)}</Error>"


def _headers(answer: ErrorAnswer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name != "WWW-Authenticate"}


def write_error(answer: ErrorAnswer) -> Response:
    """Return an error in Braket's form, whose type is in a header."""
    other = "ValidationException" if answer.status < 500 else "InternalServiceException"
    headers = _headers(answer) | {"x-amzn-ErrorType": _ERROR_TYPES.get(answer.status, other)}
    return Response(
        json.dumps({"message": answer.sentence}), int(answer.status), headers, JSON_TYPE
    )
