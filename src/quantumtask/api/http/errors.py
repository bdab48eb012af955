"""Conversion of exceptions to responses: RFC 9457 problem documents with a stable `code`."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from quantumtask.api.schemas.requests import first_error
from quantumtask.shared.disconnect import ClientLeft
from quantumtask.shared.errors import (
    BodiesTooLarge,
    BodyTooLarge,
    CircuitTooLarge,
    Forbidden,
    IdempotencyConflict,
    InvalidJson,
    JsonTooLarge,
    NotFound,
    ParametersTooLarge,
    QuantumTaskError,
    QueueFull,
    QuotaExceeded,
    RateExceeded,
    RequestError,
    TaskAlreadyFinished,
    TaskNotCompleted,
    Unauthenticated,
    Unavailable,
    UnrunnableCircuit,
    UnsupportedEncoding,
)
from quantumtask.shared.http_server.access import AccessRefusal
from quantumtask.shared.http_server.problem import PROBLEM_TYPE, problem_json

log = logging.getLogger(__name__)

STATUS_BY_ERROR: dict[type[QuantumTaskError], HTTPStatus] = {
    RequestError: HTTPStatus.BAD_REQUEST,
    Unauthenticated: HTTPStatus.UNAUTHORIZED,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    IdempotencyConflict: HTTPStatus.CONFLICT,
    TaskAlreadyFinished: HTTPStatus.CONFLICT,
    TaskNotCompleted: HTTPStatus.CONFLICT,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    JsonTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    CircuitTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ParametersTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedEncoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    UnrunnableCircuit: HTTPStatus.UNPROCESSABLE_ENTITY,
    QueueFull: HTTPStatus.TOO_MANY_REQUESTS,
    QuotaExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    RateExceeded: HTTPStatus.TOO_MANY_REQUESTS,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}


def find_status(error: QuantumTaskError) -> HTTPStatus:
    """Return the HTTP status of an error: that of its nearest ancestor in the table."""
    for kind in type(error).__mro__:
        if kind in STATUS_BY_ERROR:
            return STATUS_BY_ERROR[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass(frozen=True)
class ErrorAnswer:
    """The answer to an error, apart from its form: a problem document, or that of a door.

    Attributes:
        status: The HTTP status.
        code: For programs; it never changes once published.
        detail: For people: the field, the rule, the value, the remedy.
        headers: Headers of the response.
        extensions: Further members of a problem document.
    """

    status: HTTPStatus
    code: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """The detail, with the reason if the body is not JSON, for forms without extensions."""
        if self.code != InvalidJson.code:
            return self.detail
        return ": ".join([self.detail, *(each["message"] for each in self.extensions["errors"])])

    def to_problem(self) -> Response:
        """Return a response with a problem document."""
        body = problem_json(self.status, self.code, self.detail, **self.extensions)
        return Response(body, int(self.status), dict(self.headers), PROBLEM_TYPE)


FORM = "error_form"
"""Key of a request's scope: the function that writes an error in the form of a door."""


def refused_response(refusal: AccessRefusal, scope: Scope) -> Response:
    """Return the response to a request of a host or an origin that is not allowed."""
    return _write(scope, ErrorAnswer(HTTPStatus.FORBIDDEN, refusal.code, refusal.detail))


def register_handlers(app: FastAPI) -> None:
    """Make the application answer every exception with a problem document."""
    for kind in _ANSWERS:
        app.add_exception_handler(kind, error_response)


def error_response(request: Request, error: Exception) -> Response:
    """Return the response to an exception: a problem document, or an answer in a door's form."""
    return _write(request.scope, describe_error(request, error))


def _write(scope: Scope, answer: ErrorAnswer) -> Response:
    response: Response = scope.get(FORM, ErrorAnswer.to_problem)(answer)
    return response


def describe_error(request: Request, error: Exception) -> ErrorAnswer:
    """Return the answer to an exception that a request has raised."""
    return next(_ANSWERS[kind] for kind in type(error).__mro__ if kind in _ANSWERS)(request, error)


def _domain_error(_: Request, error: Exception) -> ErrorAnswer:
    error = cast(QuantumTaskError, error)
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, Unavailable) else {}
    if isinstance(error, RateExceeded):
        # draft-ietf-httpapi-ratelimit-headers, from its revision 08 on
        headers["RateLimit-Policy"] = f'"{error.policy}";q={error.quota};w={error.window_s}'
        headers["RateLimit"] = f'"{error.policy}";r=0;t={error.retry_after_s}'
    if isinstance(error, BodyTooLarge | BodiesTooLarge):
        headers["Connection"] = "close"  # the rest of the body is not read
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="quantumtask"'
    extensions = {}
    if isinstance(error, UnrunnableCircuit | InvalidJson):
        extensions["errors"] = [asdict(each) for each in error.problems]
    return ErrorAnswer(find_status(error), error.code, error.message, headers, extensions)


def _validation_error(_: Request, error: Exception) -> ErrorAnswer:
    reason = first_error(cast(RequestValidationError, error).errors())
    return ErrorAnswer(HTTPStatus.BAD_REQUEST, "invalid_request", reason)


def _http_exception(request: Request, error: Exception) -> ErrorAnswer:
    error = cast(HTTPException, error)
    status, headers = HTTPStatus(error.status_code), dict(error.headers or {})
    if status is HTTPStatus.METHOD_NOT_ALLOWED and (methods := _find_methods(request)):
        headers["Allow"] = ", ".join(methods)  # the framework names one route's
    code = status.phrase.lower().replace(" ", "_")
    path = "not found: the API has no such path; /docs lists all"
    detail = path if status is HTTPStatus.NOT_FOUND else status.phrase.lower()
    return ErrorAnswer(status, code, detail, headers)


def _find_methods(request: Request) -> list[str]:
    """Return the methods of all routes on the path of a request."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    matching = [route for route in routes if route.path_regex.match(request.scope["path"])]
    methods = {method for route in matching for method in route.methods or ()}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def _disconnected(_: Request, __: Exception) -> ErrorAnswer:
    # Which the client does not read any more.
    return ErrorAnswer(HTTPStatus.BAD_REQUEST, "client_left", "the client left")


def _unexpected_error(request: Request, error: Exception) -> ErrorAnswer:
    log.error("unexpected error in a request", extra={"path": request.url.path}, exc_info=error)
    detail = "internal error: the log of the API has the details"
    return ErrorAnswer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail)


_ANSWERS: dict[type[Exception], Callable[[Request, Exception], ErrorAnswer]] = {
    QuantumTaskError: _domain_error,
    RequestValidationError: _validation_error,
    HTTPException: _http_exception,
    ClientDisconnect: _disconnected,
    ClientLeft: _disconnected,
    Exception: _unexpected_error,
}
