"""Routes of tasks: submit, validate, estimate, list, get, cancel."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.body import parse_without_blocking, read_request_body
from quantumtask.api.http.query import (
    ENCODED_JSON_TYPE,
    JSON_TYPE,
    QueryOptions,
    RawJsonResponse,
    accepts_encoded_arrays,
    get_service,
    parse_query,
)
from quantumtask.api.routes import service_examples, task_examples
from quantumtask.api.routes.openapi_parts import (
    IDEMPOTENCY_KEY,
    STRICT,
    TASK_ID,
    VIEW,
    WAIT,
    describe_body,
    describe_responses,
)
from quantumtask.api.routes.parameters import Page, TaskId
from quantumtask.api.routes.refusals import (
    CIRCUIT_TOO_LARGE,
    ENGINE_UNSUITABLE,
    IDEMPOTENCY_CONFLICT,
    INVALID_JSON,
    INVALID_WAIT,
    MISSING_CIRCUIT,
    OUT_OF_MEMORY,
    PARAMETERS_TOO_LARGE,
    QUEUE_FULL,
    RESULT_DAMAGED,
    RESULT_UNAVAILABLE,
    STORE_UNAVAILABLE,
    TASK_NOT_FOUND,
    UNKNOWN_GATE,
    UNSUPPORTED_ENCODING,
    WORKER_BUSY,
    WORKER_UNAVAILABLE,
)
from quantumtask.api.schemas.requests import (
    EstimateRequest,
    SubmitRequest,
    ValidateRequest,
    parse_estimate,
    parse_submission,
    parse_validation,
)
from quantumtask.api.schemas.responses import (
    EstimateView,
    StateFilter,
    TaskCancelled,
    TaskList,
    TaskStatusView,
    TaskSubmitted,
    TaskView,
    ValidationView,
)
from quantumtask.api.serialization.task_json import (
    is_inline,
    list_json,
    status_json,
    task_cancelled_json,
    task_json,
    task_submitted_json,
)
from quantumtask.shared.task import Task, TaskState

router = APIRouter()


@router.post(
    "/tasks",
    tags=["tasks"],
    summary="Submit a circuit",
    response_class=Response,
    responses=describe_responses(
        task_examples.SUBMITTED,
        TaskSubmitted | TaskView | TaskStatusView,
        INVALID_JSON,
        MISSING_CIRCUIT,
        INVALID_WAIT,
        IDEMPOTENCY_CONFLICT,
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        UNSUPPORTED_ENCODING,
        UNKNOWN_GATE,
        QUEUE_FULL,
        RESULT_DAMAGED,
        STORE_UNAVAILABLE,
        RESULT_UNAVAILABLE,
        WORKER_BUSY,
        WORKER_UNAVAILABLE,
    ),
    openapi_extra={
        "parameters": [IDEMPOTENCY_KEY, WAIT, VIEW, STRICT],
        **describe_body(SubmitRequest),
    },
)
async def submit(request: Request) -> Response:
    """Store a task durably and return its id at once; a worker runs the circuit.

    With `wait`, the response is the task, as soon as it ends or when the time is up. The API does
    not read the circuit: a wrong circuit is accepted, and its task fails with the line, the column
    and the reason. With `strict`, a worker checks the circuit first, and a wrong one is refused
    with all its problems; the response is 503 if no worker answers.
    """
    service = get_service(request)
    with metrics.count_refusals:
        options = parse_query(request)
        spec = await parse_without_blocking(parse_submission, await read_request_body(request))
        if options.strict:
            await service.check_circuit(spec)
        traceparent = request.headers.get("traceparent", "") if service.tracing_enabled else ""
        task_id = await service.submit(spec, request.headers.get("idempotency-key"), traceparent)
    if options.wait_s:
        task = await service.get(task_id, options.wait_s)
        return await _task_response(request, task, options)
    return RawJsonResponse(task_submitted_json(task_id))


@router.post(
    "/validate",
    tags=["tasks"],
    summary="Validate a circuit",
    response_class=Response,
    responses=describe_responses(
        service_examples.VALIDATED,
        ValidationView,
        INVALID_JSON,
        MISSING_CIRCUIT,
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        UNSUPPORTED_ENCODING,
        WORKER_BUSY,
        WORKER_UNAVAILABLE,
    ),
    openapi_extra=describe_body(ValidateRequest),
)
async def validate(request: Request) -> Response:
    """Return all problems of a circuit and its declarations. Nothing is run or stored.

    A worker analyses the circuit: the response is 503 if no worker answers or too many circuits
    wait.
    """
    spec = await parse_without_blocking(parse_validation, await read_request_body(request))
    return RawJsonResponse(await get_service(request).validate(spec))


@router.post(
    "/estimate",
    tags=["tasks"],
    summary="Estimate a task",
    response_class=Response,
    responses=describe_responses(
        service_examples.ESTIMATED,
        EstimateView,
        INVALID_JSON,
        MISSING_CIRCUIT,
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        UNSUPPORTED_ENCODING,
        UNKNOWN_GATE,
        OUT_OF_MEMORY,
        ENGINE_UNSUITABLE,
        WORKER_BUSY,
        WORKER_UNAVAILABLE,
    ),
    openapi_extra=describe_body(EstimateRequest),
)
async def estimate(request: Request) -> Response:
    """Return the engine, memory and time that a task would take. Nothing is run or stored.

    The response is 422 if the task would fail, with the `code` of that failure and the circuit's
    problems in `errors`. A worker analyses the circuit: the response is 503 if no worker answers or
    too many circuits wait.
    """
    spec = await parse_without_blocking(parse_estimate, await read_request_body(request))
    return RawJsonResponse(await get_service(request).estimate(spec))


@router.get(
    "/tasks",
    tags=["tasks"],
    summary="List tasks",
    response_class=Response,
    responses=describe_responses(
        task_examples.LIST,
        TaskList,
        (400, "invalid_request", "limit: input should be less than or equal to 100"),
        STORE_UNAVAILABLE,
    ),
)
async def list_tasks(
    request: Request,
    page: Page,
    status: Annotated[StateFilter | None, Query(description="Only tasks in this state.")] = None,
) -> Response:
    """List tasks without their results, newest first."""
    states = status.states() if status else tuple(TaskState)
    tasks = await get_service(request).list_tasks(
        states, page.name, page.tag, page.before, page.limit
    )
    return RawJsonResponse(list_json(tasks, page.limit))


@router.get(
    "/tasks/{task_id}",
    tags=["tasks"],
    summary="Get a task",
    response_class=Response,
    responses=describe_responses(
        task_examples.TASK,
        TaskView | TaskStatusView,
        INVALID_WAIT,
        TASK_NOT_FOUND,
        RESULT_DAMAGED,
        STORE_UNAVAILABLE,
        RESULT_UNAVAILABLE,
    ),
    openapi_extra={"parameters": [TASK_ID, WAIT, VIEW]},
)
async def get_task(request: Request) -> Response:
    """Return a task; with `wait`, as soon as it ends or when the time is up.

    A large result of a sweep, or with arrays, is left out: `result` and `data` are null, and
    `result_url` has all of it. With `view=status`, everything that can be large is left out.
    """
    options = parse_query(request)
    task = await get_service(request).get(request.path_params["task_id"], options.wait_s)
    return await _task_response(request, task, options)


async def _task_response(request: Request, task: Task, options: QueryOptions) -> Response:
    if options.status_only:
        return RawJsonResponse(status_json(task))
    if task.result and is_inline(task.result):
        task = await get_service(request).with_result(task)
    encoded = accepts_encoded_arrays(request)
    media_type = ENCODED_JSON_TYPE if encoded else JSON_TYPE
    return RawJsonResponse(task_json(task, encoded=encoded), media_type=media_type)


@router.post(
    "/tasks/{task_id}/cancel",
    tags=["tasks"],
    summary="Cancel a task",
    response_class=Response,
    responses=describe_responses(
        task_examples.CANCELLED,
        TaskCancelled,
        TASK_NOT_FOUND,
        (409, "task_already_finished", "the task is already completed and cannot be cancelled"),
        STORE_UNAVAILABLE,
    ),
)
async def cancel_task(request: Request, task_id: TaskId) -> Response:
    """Cancel a waiting or running task. Cancelling it again changes nothing."""
    task = await get_service(request).cancel(task_id)
    return RawJsonResponse(task_cancelled_json(task.id))
