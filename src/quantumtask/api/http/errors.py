"""Every error of every route as one shape: an RFC 9457 problem document with a stable `code`."""

import json
import logging
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from quantumtask.api.schemas.requests import first_reason
from quantumtask.shared.errors import (
    BackendNotFound,
    BatchNotFound,
    BodyTooLarge,
    Busy,
    CannotRun,
    CircuitTooLarge,
    IdempotencyConflict,
    NoResult,
    ParametersTooLarge,
    QuantumTaskError,
    QueueFull,
    RequestError,
    TaskAlreadyFinished,
    TaskNotFound,
    UnsupportedEncoding,
)

log = logging.getLogger(__name__)

STATUS: dict[type[QuantumTaskError], HTTPStatus] = {
    RequestError: HTTPStatus.BAD_REQUEST,
    TaskNotFound: HTTPStatus.NOT_FOUND,
    BackendNotFound: HTTPStatus.NOT_FOUND,
    BatchNotFound: HTTPStatus.NOT_FOUND,
    IdempotencyConflict: HTTPStatus.CONFLICT,
    TaskAlreadyFinished: HTTPStatus.CONFLICT,
    NoResult: HTTPStatus.CONFLICT,
    BodyTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    CircuitTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ParametersTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedEncoding: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    CannotRun: HTTPStatus.UNPROCESSABLE_ENTITY,
    QueueFull: HTTPStatus.TOO_MANY_REQUESTS,
    Busy: HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(error: QuantumTaskError) -> HTTPStatus:
    """The HTTP status of an error: that of its nearest ancestor in the table."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    """A problem document. `detail` is for people, `code` for programs."""
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        **more,
    }
    return Response(json.dumps(body), int(status), headers, "application/problem+json")


def install(app: FastAPI) -> None:
    """Makes the application answer every error this way, its own mistakes included."""
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)


def answer(request: Request, error: Exception) -> Response:
    """The answer to an error, where the application is not there to give it."""
    return next(_HANDLERS[kind] for kind in type(error).__mro__ if kind in _HANDLERS)(
        request, error
    )


def _ours(_: Request, error: Exception) -> Response:
    error = cast(QuantumTaskError, error)
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, Busy) else {}
    if isinstance(error, BodyTooLarge):
        headers["Connection"] = "close"  # the rest of the body is not read
    more = {}
    if isinstance(error, CannotRun):
        more["errors"] = [asdict(each) for each in error.problems]
    return problem(status_of(error), error.code, error.message, headers, **more)


def _invalid(_: Request, error: Exception) -> Response:
    reason = first_reason(cast(RequestValidationError, error).errors())
    return problem(HTTPStatus.BAD_REQUEST, "invalid_request", reason)


def _http(_: Request, error: Exception) -> Response:
    error = cast(HTTPException, error)
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_")
    return problem(status, code, status.phrase.lower(), dict(error.headers or {}))


def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=HTTPStatus.BAD_REQUEST)  # nobody is there to read it


def _unexpected(request: Request, error: Exception) -> Response:
    log.error("unexpected error", extra={"path": request.url.path}, exc_info=error)
    detail = "something went wrong on our side; the service's log has the details"
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", detail)


_HANDLERS: dict[type[Exception], Callable[[Request, Exception], Response]] = {
    QuantumTaskError: _ours,
    RequestValidationError: _invalid,
    HTTPException: _http,
    ClientDisconnect: _gone,
    Exception: _unexpected,
}
