"""What /docs shows beside the routes of batches and streams."""

import json
from typing import Any

from quantumtask.api.schemas.batches import BatchRequest
from quantumtask.api.schemas.openapi import schema_of
from quantumtask.api.schemas.openapi_examples import (
    ID,
    SUBMISSION,
    TASK,
    parameter,
    problem_responses,
)
from quantumtask.api.schemas.requests import SubmitRequest

BATCH_ID = "019ab0a2-6a3c-7c1e-9d0b-3a5c0c6b1f42"

_BATCH = {
    "batch_id": BATCH_ID,
    "status": "pending",
    "name": "angles",
    "tags": ["demo"],
    "size": 1000,
    "submitted_at": "2026-11-22T20:22:03.123Z",
    "finished_at": None,
    "states": {"submitted": 640, "running": 2, "completed": 357, "failed": 1, "cancelled": 0},
}
_ENDED = {
    "status": "completed",
    "finished_at": "2026-11-22T20:22:09.456Z",
    "states": {"submitted": 0, "running": 0, "completed": 999, "failed": 1, "cancelled": 0},
}
SUBMITTED = {"accepted": {"value": {"batch_id": BATCH_ID, "status": "submitted", "task_ids": [ID]}}}
BATCH = {"pending": {"value": _BATCH}, "completed": {"value": _BATCH | _ENDED}}
_STOPPED = {"submitted": 0, "running": 0, "completed": 357, "failed": 1, "cancelled": 642}
CANCELLED = {"cancelled": {"value": _BATCH | _ENDED | {"states": _STOPPED}}}
LIST = {"page": {"value": {"batches": [_BATCH], "next_cursor": "7"}}}
_LINE = {"offset": 0, **TASK["completed"]["value"], "batch_id": BATCH_ID, "item": 12}


LINE = json.dumps(_LINE) + "\n"
NO_ROOM = (
    "queue full: no room for 1,000 more tasks of this owner; 9,500 of at most 10,000 are waiting "
    "(QUANTUMTASK_MAX_WAITING_PER_OWNER)"
)


def _event(number: int, kind: str, data: str) -> str:
    return f"id: {number}\nevent: {kind}\ndata: {data}\n\n"


_CHANGES = (
    ("submitted", "pending", "2026-11-22T20:22:03.123Z", 0, "submit"),
    ("running", "pending", "2026-11-22T20:22:03.125Z", 1, "claim"),
    ("completed", "completed", "2026-11-22T20:22:03.129Z", 1, "complete"),
)


def _changes(item: str = "") -> str:
    return "".join(
        _event(
            number,
            state,
            f'{{"task_id": "{ID}", {item}"state": "{state}", "status": "{status}", "at": "{at}", '
            f'"attempt": {attempt}, "move": "{move}"}}',
        )
        for number, (state, status, at, attempt, move) in enumerate(_CHANGES, 1)
    )


TASK_EVENTS = _changes()
BATCH_EVENTS = _changes('"item": 0, ') + _event(4, "end", f'{{"batch_id": "{BATCH_ID}"}}')

_KEY, _WAIT, *_ = SUBMISSION["parameters"]
_schema = schema_of(BatchRequest, tasks={"items": schema_of(SubmitRequest)})
SUBMISSION_OF_MANY = {
    "parameters": [{**_KEY, "description": _KEY["description"].replace("task", "batch")}],
    "requestBody": {"required": True, "content": {"application/json": {"schema": _schema}}},
}
_WHICH = parameter("path", "batch_id", "The id that the submission returned.", type="string")
_UNTIL = {**_WAIT, "description": "Seconds to wait for the end of all its tasks before answering."}
_SEEN = parameter(
    "header",
    "Last-Event-ID",
    "The `id` of the last event that was seen: the stream begins behind it.",
    type="string",
    pattern="^[0-9]{1,18}$",
)
_OFFSET = parameter(
    "query", "offset", "How many lines were read already.", type="integer", minimum=0, default=0
)
WHICH_BATCH = {"parameters": [_WHICH, _UNTIL]}
EVENTS_OF_TASK = {"parameters": [_SEEN]}
EVENTS_OF_BATCH = {"parameters": [_SEEN]}
RESULTS_OF_BATCH = {"parameters": [_OFFSET]}


def stream(media_type: str, example: Any, *refusals: tuple[int, str, str]) -> Any:
    """The `responses` of a route that answers with a stream."""
    told = {"schema": {"type": "string"}, "examples": {"stream": {"value": example}}}
    return {
        200: {"description": "A stream", "content": {media_type: told}},
        **problem_responses(*refusals),
    }
