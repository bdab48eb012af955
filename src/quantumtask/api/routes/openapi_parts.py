"""Helpers for the OpenAPI document: responses, parameters and bodies of the routes."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from quantumtask.api.schemas.openapi import schema_of
from quantumtask.api.schemas.requests import BELL
from quantumtask.api.schemas.responses import ProblemDocument

Refusal = tuple[int, str, str]
"""Status, code and detail of a problem document."""

Examples = Mapping[str, Any]
"""Name -> JSON value of an example."""


def describe_responses(examples: Examples, model: Any, *refusals: Refusal) -> Any:
    """Return the `responses` of a route: its 200 with examples, and the problems it can return."""
    content = {"application/json": {"examples": wrap_examples(examples)}}
    return {200: {"model": model, "content": content}, **describe_problems(*refusals)}


def describe_lines(example: str, *refusals: Refusal) -> Any:
    """Return the `responses` of a route that streams lines of JSON."""
    media = {"schema": {"type": "string"}, "examples": wrap_examples({"stream": example})}
    return {
        200: {"description": "A stream", "content": {"application/x-ndjson": media}},
        **describe_problems(*refusals),
    }


def describe_events(example: str, *refusals: Refusal) -> Any:
    """Return the `responses` of a route that streams server-sent events.

    The media type has no schema: generators of clients would read it as the schema of an event.
    """
    media = {"examples": wrap_examples({"stream": example})}
    return {
        200: {"description": "A stream", "content": {"text/event-stream": media}},
        204: {"description": "No event follows the one that `Last-Event-ID` names."},
        **describe_problems(*refusals),
    }


def describe_problems(*refusals: Refusal) -> Any:
    """Return the part of `responses` with problem documents: an example for each code."""
    responses: dict[int, Any] = {}
    for status, code, detail in refusals:
        media = {"schema": schema_of(ProblemDocument), "examples": {}}
        response = responses.setdefault(
            status, {"description": "Problem", "content": {"application/problem+json": media}}
        )
        fields = {"type": "about:blank", "title": "", "status": status, "detail": detail}
        problem = ProblemDocument.model_validate({**fields, "code": code})
        examples = response["content"]["application/problem+json"]["examples"]
        examples |= wrap_examples({code: problem.model_dump(exclude_unset=True)})
    return responses


def describe_unchanged() -> Any:
    """Return the part of `responses` for a client that has the result already."""
    return {304: {"description": "The result is the one that `If-None-Match` names."}}


def wrap_examples(examples: Examples) -> dict[str, Any]:
    """Return examples in the form of the OpenAPI document."""
    return {name: {"value": value} for name, value in examples.items()}


def describe_parameter(place: str, name: str, description: str, **schema: Any) -> Any:
    """Return a parameter that the route reads without the framework."""
    return {
        "in": place,
        "name": name,
        "description": description,
        "required": place == "path",
        "schema": schema,
    }


def describe_body(model: type[BaseModel], **changes: Any) -> dict[str, Any]:
    """Return the `requestBody` of a route that reads its body without the framework.

    Args:
        model: The model of the body.
        changes: Properties whose schema differs from the one that the model declares.
    """
    content = {"application/json": {"schema": schema_of(model, **changes)}}
    return {"requestBody": {"required": True, "content": content}}


def describe_task_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return the `requestBody` of a route that takes JSON, or a program with a query."""
    body = describe_body(model)
    program = {
        "schema": {"type": "string"},
        "examples": wrap_examples({"bell": BELL}),
    }
    body["requestBody"]["content"] |= {"text/plain": program, "application/openqasm": program}
    body["requestBody"]["description"] = (
        "A JSON object, or the circuit itself as text, with the other fields as query parameters: "
        "a string as it is, other values as JSON."
    )
    return body


WAIT = describe_parameter(
    "query",
    "wait",
    "Seconds to wait for the end of the task before the response.",
    type="number",
    minimum=0,
    maximum=30,
    default=0,
)
WAIT_FOR_BATCH = {**WAIT, "description": "Seconds to wait for the end of all tasks of the batch."}
VIEW = describe_parameter(
    "query",
    "view",
    "status: only the state of the task, in less than a kilobyte.",
    type="string",
    enum=["full", "status"],
    default="full",
)
STRICT = describe_parameter(
    "query",
    "strict",
    "Refuse a circuit that would fail, with all its problems, instead of accepting the task.",
    type="boolean",
    default=False,
)
IDEMPOTENCY_KEY = describe_parameter(
    "header",
    "Idempotency-Key",
    "A key of your choice, valid for 24 h: the same key with the same body returns the same id.",
    type="string",
    minLength=1,
    maxLength=64,
)
LAST_EVENT_ID = describe_parameter(
    "header",
    "Last-Event-ID",
    "The `id` of the last event that you have read; the stream continues after it. "
    "Empty: the stream begins with the first event.",
    type="string",
    pattern="^[0-9]{0,18}$",
)
IF_NONE_MATCH = describe_parameter(
    "header",
    "If-None-Match",
    "The `ETag` of an earlier response: if the result is the same, the response is 304.",
    type="string",
)
OFFSET = describe_parameter(
    "query",
    "offset",
    "The number of lines that you have read.",
    type="integer",
    minimum=0,
    default=0,
)
TASK_ID = describe_parameter(
    "path", "task_id", "The id that the submission returned.", type="string"
)
BATCH_ID = describe_parameter(
    "path", "batch_id", "The id that the submission returned.", type="string"
)
