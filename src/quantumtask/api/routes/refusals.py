"""Answers to requests that are refused, for the OpenAPI document."""

from typing import Annotated

from fastapi import Path

from quantumtask.api.schemas import openapi_examples
from quantumtask.api.service.worker_client import NO_WORKER

TaskId = Annotated[str, Path(description="The id that the submission returned.")]


NOT_FOUND = (404, "task_not_found", "task not found")


BackendName = Annotated[str, Path(description="As the list of backends tells it.")]


NO_BACKEND = (
    404,
    "backend_not_found",
    "backend 'fake_moon': there is no such backend; `GET /backends` lists all",
)


INVALID_JSON = (400, "invalid_json", "invalid json")


INVALID_WAIT = (400, "invalid_request", "wait: must be a number of seconds from 0 to 30")


NO_CIRCUIT = (400, "invalid_request", "circuit: field required")


CIRCUIT_TOO_LARGE = (
    413,
    "circuit_too_large",
    "circuit: 1,200,000 bytes; this service takes 1,048,576 at most",
)


TOO_MANY = "parameters: more than 8,388,608 bytes as JSON, or 200,000 values outside encoded arrays"


PARAMETERS_TOO_LARGE = (413, "parameters_too_large", TOO_MANY)


UNSUPPORTED = (415, "unsupported_encoding", "Content-Encoding 'br': use gzip, deflate or none")


BUSY = (503, "busy", "64 circuits wait to be read already")


NO_WORKER_ANSWERS = (503, "worker_unavailable", NO_WORKER)


UNAVAILABLE = (503, "store_unavailable", "the database is locked")


NO_RESULT = (
    503,
    "result_unavailable",
    f"the result of task {openapi_examples.ID} cannot be fetched now",
)


DAMAGED = (
    500,
    "result_damaged",
    f"the result of task {openapi_examples.ID} is damaged or gone; run the circuit again",
)
