"""Answers in qBraid's form: an object with `success` and `data`, or with an error."""

import json
from typing import Any

from fastapi import Response

from quantumtask.api.http.errors import ErrorAnswer

JSON_TYPE = "application/json"


def data_response(data: Any, status: int = 200, **more: Any) -> Response:
    """Return a response with data."""
    return Response(
        json.dumps({"success": True, "data": data, **more}), status, media_type=JSON_TYPE
    )


def write_failure(answer: ErrorAnswer) -> Response:
    """Return an error in qBraid's form."""
    error = {"message": answer.sentence, "code": answer.code}
    headers = {name: value for name, value in answer.headers.items() if name != "WWW-Authenticate"}
    fields = {"success": False, "message": answer.sentence, "error": error}
    return Response(json.dumps(fields), int(answer.status), headers, JSON_TYPE)
