"""Routes of tasks: submit, validate, estimate, list, get, cancel."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.query import (
    ENCODED_JSON_TYPE,
    JSON_TYPE,
    QueryOptions,
    RawJsonResponse,
    accepts_encoded_arrays,
    check_query_names,
    find_client,
    find_header,
    get_principal,
    get_scope,
    get_sender,
    get_service,
    parse_query,
)
from quantumtask.api.http.streaming import LargeResponse
from quantumtask.api.http.task_body import open_task
from quantumtask.api.routes import service_examples, task_examples
from quantumtask.api.routes.openapi_parts import (
    IDEMPOTENCY_KEY,
    STRICT,
    TASK_ID,
    VIEW,
    WAIT,
    describe_responses,
    describe_task_body,
)
from quantumtask.api.routes.parameters import (
    KNOWN_QUERY,
    IdPrefix,
    NamePrefix,
    OwnerName,
    Page,
    Since,
    TaskId,
)
from quantumtask.api.routes.refusals import (
    ANSWERS_TOO_LARGE,
    BODIES_TOO_LARGE,
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
    UNKNOWN_QUERY,
    UNSUPPORTED_ENCODING,
    WORKER_BUSY,
    WORKER_UNAVAILABLE,
)
from quantumtask.api.schemas.requests import (
    EstimateRequest,
    SubmitRequest,
    ValidateRequest,
)
from quantumtask.api.schemas.responses import (
    EstimateView,
    TaskCancelled,
    TaskList,
    TaskStatusView,
    TaskSubmitted,
    TaskView,
    ValidationView,
)
from quantumtask.api.schemas.state_filter import StateFilter
from quantumtask.api.serialization.task_json import (
    MAX_INLINE_CHARACTERS,
    is_inline,
    list_json,
    status_json,
    task_cancelled_json,
    task_json,
    task_pieces,
    task_submitted_json,
)
from quantumtask.shared.disconnect import unless_disconnected
from quantumtask.shared.task import Task, TaskState

router = APIRouter()

GET_QUERY = frozenset({"wait", "view"})
SUBMIT_QUERY = GET_QUERY | {"strict"}
"""Query parameters of the two routes that bypass the framework."""


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
        BODIES_TOO_LARGE,
        UNKNOWN_GATE,
        QUEUE_FULL,
        RESULT_DAMAGED,
        STORE_UNAVAILABLE,
        RESULT_UNAVAILABLE,
        ANSWERS_TOO_LARGE,
        WORKER_BUSY,
        WORKER_UNAVAILABLE,
    ),
    openapi_extra={
        "parameters": [IDEMPOTENCY_KEY, WAIT, VIEW, STRICT],
        **describe_task_body(SubmitRequest),
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
        async with open_task(request, SubmitRequest, SUBMIT_QUERY) as spec:
            if options.strict:
                check = service.questions.check(spec, find_client(request))
                await unless_disconnected(request.receive, check)
            traceparent = find_header(request, b"traceparent") if service.tracing_enabled else None
            key = find_header(request, b"idempotency-key")
            principal = get_principal(request)
            if options.wait_s:
                deadline = time.monotonic() + options.wait_s
                task = await service.run(principal, spec, options.wait_s, key, traceparent or "")
            else:
                task_id = await service.submit(principal, spec, key, traceparent or "")
                return RawJsonResponse(task_submitted_json(task_id))
    if isinstance(task, str):
        remaining_s = max(0.0, deadline - time.monotonic())
        task = await service.get(get_scope(request), task, remaining_s)
    return await _task_response(request, task, options)


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
        BODIES_TOO_LARGE,
        WORKER_BUSY,
        WORKER_UNAVAILABLE,
    ),
    openapi_extra=describe_task_body(ValidateRequest),
)
async def validate(request: Request) -> Response:
    """Return all problems of a circuit and its declarations. Nothing is run or stored.

    A worker analyses the circuit: the response is 503 if no worker answers or too many circuits
    wait.
    """
    async with open_task(request, ValidateRequest) as spec:
        validation = get_service(request).questions.validate(spec, find_client(request))
        return RawJsonResponse(await unless_disconnected(request.receive, validation))


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
        BODIES_TOO_LARGE,
        UNKNOWN_GATE,
        OUT_OF_MEMORY,
        ENGINE_UNSUITABLE,
        WORKER_BUSY,
        WORKER_UNAVAILABLE,
    ),
    openapi_extra=describe_task_body(EstimateRequest),
)
async def estimate(request: Request) -> Response:
    """Return the engine, memory and time that a task would take. Nothing is run or stored.

    The response is 422 if the task would fail, with the `code` of that failure and the circuit's
    problems in `errors`. A worker analyses the circuit: the response is 503 if no worker answers or
    too many circuits wait.
    """
    async with open_task(request, EstimateRequest) as spec:
        estimate = get_service(request).questions.estimate(spec, find_client(request))
        return RawJsonResponse(await unless_disconnected(request.receive, estimate))


@router.get(
    "/tasks",
    tags=["tasks"],
    dependencies=KNOWN_QUERY,
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
    owner: OwnerName = None,
    since: Since = 0.0,
    id_prefix: IdPrefix = "",
    name_prefix: NamePrefix = None,
) -> Response:
    """List tasks without their results, newest first."""
    tasks = await get_service(request).list_tasks(
        get_scope(request),
        status.states() if status else tuple(TaskState),
        page.name,
        page.tag,
        page.before,
        page.limit,
        owner,
        since,
        id_prefix.lower(),
        name_prefix or None,
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
        ANSWERS_TOO_LARGE,
    ),
    openapi_extra={"parameters": [TASK_ID, WAIT, VIEW]},
)
async def get_task(request: Request) -> Response:
    """Return a task; with `wait`, as soon as it ends or when the time is up.

    A large result of a sweep, or with arrays, is left out: `result` and `data` are null, and
    `result_url` has all of it. With `view=status`, everything that can be large is left out.
    """
    options = parse_query(request)
    check_query_names(request.scope["query_string"], GET_QUERY, frozenset())
    task = await get_service(request).get(
        get_scope(request), request.path_params["task_id"], options.wait_s
    )
    return await _task_response(request, task, options)


async def _task_response(request: Request, task: Task, options: QueryOptions) -> Response:
    if options.status_only:
        return RawJsonResponse(status_json(task))
    encoded = accepts_encoded_arrays(request)
    media_type = ENCODED_JSON_TYPE if encoded else JSON_TYPE
    result = task.result
    if result and is_inline(result) and result.json_size > MAX_INLINE_CHARACTERS:
        return LargeResponse(request, _task_chunks(request, task, encoded), media_type)
    return RawJsonResponse(task_json(task, encoded=encoded), media_type=media_type)


@asynccontextmanager
async def _task_chunks(
    request: Request, task: Task, encoded: bool
) -> AsyncIterator[AsyncIterator[bytes]]:
    service = get_service(request)
    async with service.answers.open_result(task, find_client(request)) as texts:
        yield service.answers.render(task_pieces(task, texts, encoded))


@router.post(
    "/tasks/{task_id}/cancel",
    tags=["tasks"],
    dependencies=KNOWN_QUERY,
    summary="Cancel a task",
    response_class=Response,
    responses=describe_responses(
        task_examples.CANCELLED,
        TaskCancelled,
        UNKNOWN_QUERY,
        TASK_NOT_FOUND,
        (409, "task_already_finished", "the task is already completed and cannot be cancelled"),
        STORE_UNAVAILABLE,
    ),
)
async def cancel_task(request: Request, task_id: TaskId) -> Response:
    """Cancel a waiting or running task. Cancelling it again changes nothing."""
    service, sender = get_service(request), get_sender(request)
    task = await service.cancel(get_scope(request), task_id, sender)
    return RawJsonResponse(task_cancelled_json(task.id))
