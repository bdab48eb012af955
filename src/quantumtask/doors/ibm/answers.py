"""Answers in IBM's form: JSON, and errors in the lists that its clients read."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Response

from quantumtask.api.http.errors import ErrorAnswer

JSON_TYPE = "application/json"


def json_response(
    value: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return a response with a JSON value."""
    return Response(json.dumps(value), status, dict(headers or {}), JSON_TYPE)


def write_error(answer: ErrorAnswer) -> Response:
    """Return an error in IBM's form.

    qiskit-ibm-runtime reads `error`, the clients of IBM Cloud `errors` or `message`.
    """
    error = {"code": answer.code, "message": answer.sentence}
    fields = {"errors": [error], "error": error, "message": answer.sentence}
    return json_response(fields, int(answer.status), answer.headers)
