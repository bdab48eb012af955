"""Routes that change the tags of tasks and batches."""

from fastapi import APIRouter, Request, Response

from quantumtask.api.http.body import open_body
from quantumtask.api.http.query import RawJsonResponse, get_scope, get_sender, get_service
from quantumtask.api.routes.openapi_parts import describe_body, describe_responses
from quantumtask.api.routes.parameters import KNOWN_QUERY, BatchId, TaskId
from quantumtask.api.routes.refusals import (
    BATCH_NOT_FOUND,
    INVALID_JSON,
    STORE_UNAVAILABLE,
    TASK_NOT_FOUND,
    UNKNOWN_QUERY,
)
from quantumtask.api.routes.task_examples import ID
from quantumtask.api.schemas.requests import parse_model, read_json
from quantumtask.api.schemas.tagging import BatchTags, TagsChange, TaskTags
from quantumtask.shared.errors import InvalidRequest

router = APIRouter()

_TAGS = ["ansatz", "run-2"]
_INVALID = (400, "invalid_request", "tags: field required")


@router.put(
    "/tasks/{task_id}/tags",
    tags=["tasks"],
    dependencies=KNOWN_QUERY,
    summary="Replace the tags of a task",
    response_class=Response,
    responses=describe_responses(
        {"tags": TaskTags(task_id=ID, tags=_TAGS).model_dump()},
        TaskTags,
        UNKNOWN_QUERY,
        INVALID_JSON,
        _INVALID,
        TASK_NOT_FOUND,
        STORE_UNAVAILABLE,
    ),
    openapi_extra=describe_body(TagsChange),
)
async def replace_task_tags(request: Request, task_id: TaskId) -> Response:
    """Replace the tags of a task, in any state."""
    tags = await _read_tags(request)
    tagging, sender = get_service(request).tagging, get_sender(request)
    await tagging.change_task_tags(get_scope(request), task_id, lambda _: tags, sender)
    return RawJsonResponse(TaskTags(task_id=task_id.lower(), tags=list(tags)).model_dump_json())


@router.put(
    "/batches/{batch_id}/tags",
    tags=["batches"],
    dependencies=KNOWN_QUERY,
    summary="Replace the tags of a batch",
    response_class=Response,
    responses=describe_responses(
        {"tags": BatchTags(batch_id=ID, tags=_TAGS).model_dump()},
        BatchTags,
        UNKNOWN_QUERY,
        INVALID_JSON,
        _INVALID,
        BATCH_NOT_FOUND,
        STORE_UNAVAILABLE,
    ),
    openapi_extra=describe_body(TagsChange),
)
async def replace_batch_tags(request: Request, batch_id: BatchId) -> Response:
    """Replace the tags of a batch. Its tasks have tags of their own."""
    tags = await _read_tags(request)
    tagging, sender = get_service(request).tagging, get_sender(request)
    await tagging.change_batch_tags(get_scope(request), batch_id, lambda _: tags, sender)
    return RawJsonResponse(BatchTags(batch_id=batch_id.lower(), tags=list(tags)).model_dump_json())


async def _read_tags(request: Request) -> tuple[str, ...]:
    """Return the tags in a request's body, each once, or raise RequestError."""
    async with open_body(request) as body:
        fields = read_json(body)
    if not isinstance(fields, dict):
        raise InvalidRequest("body: must be a JSON object")
    return tuple(dict.fromkeys(parse_model(TagsChange, fields).tags))
