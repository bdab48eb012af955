"""The part of the OpenAPI document about tokens and limits on requests."""

from typing import Any

from fastapi import FastAPI

from quantumtask.api.http.authentication import SESSION_COOKIES, is_open, only_reads
from quantumtask.api.service.authenticator import BEARER, TOKEN_MISSING

_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "session": {"type": "apiKey", "in": "cookie", "name": SESSION_COOKIES[1]},
}
_SECURITY: list[dict[str, list[str]]] = [{"bearer": []}, {"apiKey": []}, {"session": []}, {}]
"""One of the headers, the cookie, or none of them: authentication can be off."""

_PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}


def install_security(app: FastAPI) -> None:
    """Add the ways to send a token, and the statuses 401, 403 and 429, to the OpenAPI document."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document["components"]["securitySchemes"] = _SCHEMES
        for path, operations in document["paths"].items():
            for method, operation in operations.items():
                if not is_open(path):
                    operation["security"] = _SECURITY
                    operation["responses"] |= _refusals(method.upper(), path)
                    operation["responses"].setdefault("429", _RATE_EXCEEDED)
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _refusals(method: str, path: str) -> dict[str, Any]:
    refusals = {"401": _response(401, "unauthenticated", TOKEN_MISSING.format(header=BEARER))}
    if not only_reads(method, path):
        detail = "the role of your token is read, which neither submits nor cancels tasks"
        refusals["403"] = _response(403, "forbidden", detail)
    return refusals


def _response(status: int, code: str, detail: str) -> dict[str, Any]:
    fields = {"type": "about:blank", "title": "", "status": status, "detail": detail, "code": code}
    media = {"schema": _PROBLEM, "examples": {code: {"value": fields}}}
    return {"description": "Problem", "content": {"application/problem+json": media}}


_RATE_EXCEEDED = _response(
    429, "rate_exceeded", "too many requests: at most 20 in a second for this user"
)
