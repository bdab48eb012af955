"""Problem documents (RFC 9457) as bytes: for answers that are given before any application."""

import json
from http import HTTPStatus
from typing import Any

PROBLEM_TYPE = "application/problem+json"


def problem_json(status: HTTPStatus, code: str, detail: str, **extensions: Any) -> bytes:
    """Return a problem document.

    Args:
        status: The HTTP status.
        code: For programs; it never changes once published.
        detail: For people: the field, the rule, the value, the remedy.
        extensions: Further members of the document.
    """
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "detail": detail,
        "code": code,
        **extensions,
    }
    return json.dumps(body).encode()


def problem_message(status: HTTPStatus, code: str, detail: str) -> bytes:
    """Return a whole HTTP response with a problem document, after which the connection closes."""
    body = problem_json(status, code, detail)
    head = (
        f"HTTP/1.1 {int(status)} {status.phrase}\r\ncontent-type: {PROBLEM_TYPE}\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
