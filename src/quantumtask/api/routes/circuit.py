"""`GET /tasks/{id}/circuit`: the circuit of a task, as it was submitted."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from quantumtask.api.http.query import service_of
from quantumtask.api.routes.refusals import NOT_FOUND, UNAVAILABLE, TaskId
from quantumtask.api.schemas.openapi_examples import problems
from quantumtask.api.schemas.requests import BELL

router = APIRouter()

TEXT: Any = {200: {"content": {"text/plain": {"examples": {"bell": {"value": BELL}}}}}}


@router.get(
    "/tasks/{task_id}/circuit",
    tags=["tasks"],
    summary="Get the circuit of a task",
    response_class=PlainTextResponse,
    responses={**TEXT, **problems(NOT_FOUND, UNAVAILABLE)},
)
async def get_circuit(request: Request, task_id: TaskId) -> PlainTextResponse:
    """The OpenQASM text, byte for byte as it was submitted, for as long as the task is kept."""
    return PlainTextResponse(await service_of(request).circuit(task_id))
