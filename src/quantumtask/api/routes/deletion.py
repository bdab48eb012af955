"""Routes that delete tasks and batches."""

from fastapi import APIRouter, Request

from quantumtask.api.http.query import get_scope, get_sender, get_service
from quantumtask.api.routes.openapi_parts import describe_responses
from quantumtask.api.routes.parameters import KNOWN_QUERY, BatchId, TaskId
from quantumtask.api.routes.refusals import (
    BATCH_NOT_FOUND,
    STORE_UNAVAILABLE,
    TASK_NOT_FOUND,
    UNKNOWN_QUERY,
)
from quantumtask.api.schemas.deletion import BatchDeleted, TaskDeleted

router = APIRouter()

_ID = "0190ec3e-bd6c-7d27-a6b4-7d2e4c1f8a55"


@router.delete(
    "/tasks/{task_id}",
    tags=["tasks"],
    dependencies=KNOWN_QUERY,
    summary="Delete a task",
    responses=describe_responses(
        {"deleted": TaskDeleted(task_id=_ID).model_dump()},
        TaskDeleted,
        UNKNOWN_QUERY,
        TASK_NOT_FOUND,
        (409, "task_not_finished", f"the task is running: cancel it with POST /tasks/{_ID}/cancel"),
        (
            409,
            "task_in_batch",
            f"the task belongs to a batch: delete that with DELETE /batches/{_ID}",
        ),
        STORE_UNAVAILABLE,
    ),
)
async def delete_task(request: Request, task_id: TaskId) -> TaskDeleted:
    """Delete a task that has ended, with its circuit, its result and its history, for good."""
    deletion, sender = get_service(request).deletion, get_sender(request)
    return TaskDeleted(task_id=await deletion.delete_task(get_scope(request), task_id, sender))


@router.delete(
    "/batches/{batch_id}",
    tags=["batches"],
    dependencies=KNOWN_QUERY,
    summary="Delete a batch",
    responses=describe_responses(
        {"deleted": BatchDeleted(batch_id=_ID).model_dump()},
        BatchDeleted,
        UNKNOWN_QUERY,
        BATCH_NOT_FOUND,
        (
            409,
            "task_not_finished",
            f"tasks wait or run: cancel them with POST /batches/{_ID}/cancel",
        ),
        STORE_UNAVAILABLE,
    ),
)
async def delete_batch(request: Request, batch_id: BatchId) -> BatchDeleted:
    """Delete a batch whose tasks have all ended, with these tasks and their results, for good."""
    deletion, sender = get_service(request).deletion, get_sender(request)
    return BatchDeleted(batch_id=await deletion.delete_batch(get_scope(request), batch_id, sender))
