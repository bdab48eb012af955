"""The routes: HTTP in, the service called, JSON out."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import body_of, parse_body
from quantumtask.api.http.query import (
    ENCODED,
    PLAIN,
    Asked,
    Json,
    asked_of,
    service_of,
    wants_encoded,
)
from quantumtask.api.routes.refusals import (
    BUSY,
    CIRCUIT_TOO_LARGE,
    DAMAGED,
    INVALID_JSON,
    INVALID_WAIT,
    NO_CIRCUIT,
    NO_RESULT,
    NO_WORKER_ANSWERS,
    NOT_FOUND,
    PARAMETERS_TOO_LARGE,
    UNAVAILABLE,
    UNSUPPORTED,
    TaskId,
)
from quantumtask.api.schemas import openapi_examples
from quantumtask.api.schemas.openapi_examples import answers
from quantumtask.api.schemas.requests import parse_estimate, parse_question, parse_submission
from quantumtask.api.schemas.responses import (
    Cancelled,
    Estimate,
    StateFilter,
    Submitted,
    TaskList,
    TaskView,
    Validation,
)
from quantumtask.api.serialization.task_json import (
    is_inline,
    list_json,
    status_json,
    task_json,
)
from quantumtask.shared.task import Status, Task

router = APIRouter()


@router.post(
    "/tasks",
    tags=["tasks"],
    summary="Submit a circuit",
    response_class=Response,
    responses=answers(
        openapi_examples.SUBMITTED,
        Submitted | TaskView,
        INVALID_JSON,
        NO_CIRCUIT,
        INVALID_WAIT,
        (409, "idempotency_conflict", "this Idempotency-Key was used with another body"),
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        UNSUPPORTED,
        (422, "unknown_gate", "line 5, column 1: unknown gate `frobnicate`"),
        (429, "queue_full", "100,000 tasks are waiting already, the most this service takes"),
        DAMAGED,
        UNAVAILABLE,
        NO_RESULT,
        BUSY,
        NO_WORKER_ANSWERS,
    ),
    openapi_extra=openapi_examples.SUBMISSION,
)
async def submit(request: Request) -> Response:
    """Stores the circuit durably and answers at once with a task id; a worker runs it.

    With `wait`, it answers with the task, as soon as it ends or the time is up. The circuit is not
    read here: one that is wrong is accepted, and its task then fails with the line, the column and
    the reason. With `strict`, it is refused instead, with all its problems; 503 where no worker
    answers.
    """
    service = service_of(request)
    with metrics.refusals:
        asked = asked_of(request)
        spec = await parse_body(parse_submission, await body_of(request))
        if asked.strict:
            await service.check(spec)
        caller = request.headers.get("traceparent", "") if service.traced else ""
        task_id = await service.submit(spec, request.headers.get("idempotency-key"), caller)
    if asked.wait_s:
        return await _shown(request, await service.get(task_id, asked.wait_s), asked)
    return Json(f'{{"task_id": "{task_id}", "status": "submitted"}}')


@router.post(
    "/validate",
    tags=["tasks"],
    summary="Validate a circuit",
    response_class=Response,
    responses=answers(
        openapi_examples.VALIDATED,
        Validation,
        INVALID_JSON,
        NO_CIRCUIT,
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        UNSUPPORTED,
        BUSY,
        NO_WORKER_ANSWERS,
    ),
    openapi_extra=openapi_examples.QUESTION,
)
async def validate(request: Request) -> Response:
    """Tells all that is wrong with a circuit, and what it declares; runs nothing, stores nothing.

    A worker reads it: 503 where none answers, or too many ask.
    """
    spec = await parse_body(parse_question, await body_of(request))
    return Json(await service_of(request).validate(spec))


@router.post(
    "/estimate",
    tags=["tasks"],
    summary="Estimate a task",
    response_class=Response,
    responses=answers(
        openapi_examples.ESTIMATED,
        Estimate,
        INVALID_JSON,
        NO_CIRCUIT,
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        UNSUPPORTED,
        (422, "unknown_gate", "line 5, column 1: unknown gate `frobnicate`"),
        (422, "out_of_memory", openapi_examples.TOO_LARGE),
        (422, "engine_unsuitable", openapi_examples.UNSUITABLE),
        BUSY,
        NO_WORKER_ANSWERS,
    ),
    openapi_extra=openapi_examples.ESTIMATE,
)
async def estimate(request: Request) -> Response:
    """Tells which engine a task would run on, its memory and its time; runs and stores nothing.

    422 where it would fail, with the code that the task would fail with, and the circuit's problems
    in `errors`. A worker reads the circuit: 503 where none answers, or too many ask.
    """
    spec = await parse_body(parse_estimate, await body_of(request))
    return Json(await service_of(request).estimate(spec))


@router.get(
    "/tasks",
    tags=["tasks"],
    summary="List tasks",
    response_class=Response,
    responses=answers(
        openapi_examples.LIST,
        TaskList,
        (400, "invalid_request", "limit: input should be less than or equal to 100"),
        UNAVAILABLE,
    ),
)
async def list_tasks(
    request: Request,
    status: Annotated[StateFilter | None, Query(description="Only tasks in this state.")] = None,
    name: Annotated[
        str | None, Query(max_length=50, description="Only tasks of this name.")
    ] = None,
    tag: Annotated[
        str | None, Query(max_length=50, description="Only tasks with this tag.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100, description="Length of the page.")] = 20,
    cursor: Annotated[
        str | None, Query(pattern=r"^[0-9]{1,18}$", description="`next_cursor` of the page before.")
    ] = None,
) -> Response:
    """Newest first, without results."""
    states = status.states() if status else tuple(Status)
    before = None if cursor is None else int(cursor)
    tasks = await service_of(request).page(states, name, tag, before, limit)
    return Json(list_json(tasks, limit))


@router.get(
    "/tasks/{task_id}",
    tags=["tasks"],
    summary="Get a task",
    response_class=Response,
    responses=answers(
        openapi_examples.TASK,
        TaskView,
        INVALID_WAIT,
        NOT_FOUND,
        DAMAGED,
        UNAVAILABLE,
        NO_RESULT,
    ),
    openapi_extra=openapi_examples.WHICH_TASK,
)
async def get_task(request: Request) -> Response:
    """How the task stands; with `wait`, as soon as it ends or the time is up.

    `result` and `data` are null where they are arrays, or those of a sweep, and large: then they
    are at `result_url`. With `view=status`, nothing that can be large is there.
    """
    asked = asked_of(request)
    task = await service_of(request).get(request.path_params["task_id"], asked.wait_s)
    return await _shown(request, task, asked)


async def _shown(request: Request, task: Task, asked: Asked) -> Response:
    if asked.status_only:
        return Json(status_json(task))
    if task.result and is_inline(task.result):
        task = await service_of(request).whole(task)
    encoded = wants_encoded(request)
    return Json(task_json(task, encoded=encoded), kind=ENCODED if encoded else PLAIN)


@router.post(
    "/tasks/{task_id}/cancel",
    tags=["tasks"],
    summary="Cancel a task",
    response_class=Response,
    responses=answers(
        openapi_examples.CANCELLED,
        Cancelled,
        NOT_FOUND,
        (409, "task_already_finished", "the task is completed already: it cannot be cancelled"),
        UNAVAILABLE,
    ),
)
async def cancel_task(request: Request, task_id: TaskId) -> Response:
    """Ends a waiting or running task. Cancelling it again changes nothing."""
    task = await service_of(request).cancel(task_id)
    return Json(f'{{"task_id": "{task.id}", "status": "cancelled"}}')
