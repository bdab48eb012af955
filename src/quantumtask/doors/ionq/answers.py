"""Answers in IonQ's form: JSON, and errors with `statusCode`, `error` and `message`."""

import json
from typing import Any

from fastapi import Response

from quantumtask.api.http.errors import ErrorAnswer

JSON_TYPE = "application/json"


def json_response(value: Any, status: int = 200) -> Response:
    """Return a response with a JSON value."""
    return Response(json.dumps(value), status, media_type=JSON_TYPE)


def write_error(answer: ErrorAnswer) -> Response:
    """Return an error in IonQ's form."""
    fields = {
        "statusCode": int(answer.status),
        "error": answer.status.phrase,
        "message": answer.sentence,
    }
    headers = {**answer.headers}
    if "WWW-Authenticate" in headers:
        headers["WWW-Authenticate"] = 'apiKey realm="quantumtask"'
    return Response(json.dumps(fields), int(answer.status), headers, JSON_TYPE)
