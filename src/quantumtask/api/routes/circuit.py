"""`GET /tasks/{id}/circuit`: the circuit of a task, as it was submitted."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse

from quantumtask.api.http.query import get_service
from quantumtask.api.routes.openapi_parts import describe_problems, wrap_examples
from quantumtask.api.routes.parameters import TaskId
from quantumtask.api.routes.refusals import STORE_UNAVAILABLE, TASK_NOT_FOUND
from quantumtask.api.schemas.requests import BELL

router = APIRouter()

TEXT_RESPONSE: Any = {200: {"content": {"text/plain": {"examples": wrap_examples({"bell": BELL})}}}}


@router.get(
    "/tasks/{task_id}/circuit",
    tags=["tasks"],
    summary="Get the circuit of a task",
    response_class=PlainTextResponse,
    responses={**TEXT_RESPONSE, **describe_problems(TASK_NOT_FOUND, STORE_UNAVAILABLE)},
)
async def get_circuit(request: Request, task_id: TaskId) -> PlainTextResponse:
    """Return the OpenQASM text of a task, byte for byte as it was submitted."""
    return PlainTextResponse(await get_service(request).circuit(task_id))
