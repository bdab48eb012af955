"""The routes: HTTP in, the service called, JSON out."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from quantumtask.api import examples, metrics
from quantumtask.api.asked import (
    ENCODED,
    PLAIN,
    Asked,
    Json,
    asked_of,
    service_of,
    wants_encoded,
)
from quantumtask.api.body import read_body
from quantumtask.api.examples import answers
from quantumtask.api.questions import NO_WORKER
from quantumtask.api.requests import parse_estimate, parse_question, parse_submission
from quantumtask.api.schemas import (
    Backends,
    BackendView,
    Cancelled,
    Engines,
    Estimate,
    Health,
    QueueView,
    Ready,
    StateFilter,
    Submitted,
    TaskList,
    TaskView,
    Validation,
)
from quantumtask.api.wire import (
    is_inline,
    list_json,
    queue_json,
    status_json,
    task_json,
    with_queue,
)
from quantumtask.shared.task import Status, Task, TaskSpec

router = APIRouter()

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
NO_RESULT = (503, "result_unavailable", f"the result of task {examples.ID} cannot be fetched now")
DAMAGED = (
    500,
    "result_damaged",
    f"the result of task {examples.ID} is damaged or gone; run the circuit again",
)


@router.post(
    "/tasks",
    tags=["tasks"],
    summary="Submit a circuit",
    response_class=Response,
    responses=answers(
        examples.SUBMITTED,
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
    openapi_extra=examples.SUBMISSION,
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
        spec = await _parsed(parse_submission, await body_of(request))
        if asked.strict:
            await service.check(spec)
        caller = request.headers.get("traceparent", "") if service.traced else ""
        task_id = await service.submit(spec, request.headers.get("idempotency-key"), caller)
    if asked.wait_s:
        return await _shown(request, await service.get(task_id, asked.wait_s), asked)
    return Json(f'{{"task_id": "{task_id}", "status": "submitted"}}')


LARGE_BODY = 64 * 1024
"""Bytes from which a body takes so long to check that nobody else should wait for it."""


async def _parsed(parse: Callable[[bytes], TaskSpec], body: bytes) -> TaskSpec:
    """The task of a body; of a large one, beside everything else."""
    return parse(body) if len(body) < LARGE_BODY else await asyncio.to_thread(parse, body)


async def body_of(request: Request) -> bytes:
    """The whole body of a request, unpacked."""
    headers = request.headers
    return await read_body(
        request.receive,
        headers.get("content-encoding", ""),
        headers.get("content-length", ""),
        service_of(request).settings.max_body_bytes,
    )


@router.post(
    "/validate",
    tags=["tasks"],
    summary="Validate a circuit",
    response_class=Response,
    responses=answers(
        examples.VALIDATED,
        Validation,
        INVALID_JSON,
        NO_CIRCUIT,
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        UNSUPPORTED,
        BUSY,
        NO_WORKER_ANSWERS,
    ),
    openapi_extra=examples.QUESTION,
)
async def validate(request: Request) -> Response:
    """Tells all that is wrong with a circuit, and what it declares; runs nothing, stores nothing.

    A worker reads it: 503 where none answers, or too many ask.
    """
    spec = await _parsed(parse_question, await body_of(request))
    return Json(await service_of(request).validate(spec))


@router.post(
    "/estimate",
    tags=["tasks"],
    summary="Estimate a task",
    response_class=Response,
    responses=answers(
        examples.ESTIMATED,
        Estimate,
        INVALID_JSON,
        NO_CIRCUIT,
        CIRCUIT_TOO_LARGE,
        PARAMETERS_TOO_LARGE,
        UNSUPPORTED,
        (422, "unknown_gate", "line 5, column 1: unknown gate `frobnicate`"),
        (422, "out_of_memory", examples.TOO_LARGE),
        (422, "engine_unsuitable", examples.UNSUITABLE),
        BUSY,
        NO_WORKER_ANSWERS,
    ),
    openapi_extra=examples.ESTIMATE,
)
async def estimate(request: Request) -> Response:
    """Tells which engine a task would run on, its memory and its time; runs and stores nothing.

    422 where it would fail, with the code that the task would fail with, and the circuit's problems
    in `errors`. A worker reads the circuit: 503 where none answers, or too many ask.
    """
    spec = await _parsed(parse_estimate, await body_of(request))
    return Json(await service_of(request).estimate(spec))


@router.get(
    "/engines",
    tags=["service"],
    summary="Engines",
    response_class=Response,
    responses=answers(examples.ENGINES, Engines, BUSY, NO_WORKER_ANSWERS),
)
async def engines(request: Request) -> Response:
    """Every engine, whether it is installed, its methods, and how many qubits fit a slot."""
    return Json(await service_of(request).engines())


@router.get(
    "/backends",
    tags=["service"],
    summary="Backends",
    response_class=Response,
    responses=answers(examples.BACKENDS, Backends, BUSY, NO_WORKER_ANSWERS, UNAVAILABLE),
)
async def backends(request: Request) -> Response:
    """What a task can be run on: the ideal simulator, and twins of devices with their noise."""
    return Json(with_queue(*await service_of(request).backends()))


@router.get(
    "/backends/{name}",
    tags=["service"],
    summary="Get a backend",
    response_class=Response,
    responses=answers(
        examples.BACKEND, BackendView, NO_BACKEND, BUSY, NO_WORKER_ANSWERS, UNAVAILABLE
    ),
)
async def get_backend(request: Request, name: BackendName) -> Response:
    """Its gates and its qubits, with the errors and times that were measured of them."""
    return Json(with_queue(*await service_of(request).backend(name)))


@router.get(
    "/tasks",
    tags=["tasks"],
    summary="List tasks",
    response_class=Response,
    responses=answers(
        examples.LIST,
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
        examples.TASK,
        TaskView,
        INVALID_WAIT,
        NOT_FOUND,
        DAMAGED,
        UNAVAILABLE,
        NO_RESULT,
    ),
    openapi_extra=examples.WHICH_TASK,
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
        examples.CANCELLED,
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


@router.get(
    "/queue",
    tags=["service"],
    summary="Queue",
    response_class=Response,
    responses=answers(examples.QUEUE, QueueView, UNAVAILABLE),
)
async def queue(request: Request) -> Response:
    """How many tasks wait and run, in all and of each owner; seconds old where very many wait."""
    return Json(queue_json(await service_of(request).queue()))


@router.get(
    "/health",
    tags=["service"],
    summary="Alive?",
    response_class=Response,
    responses=answers(examples.HEALTH, Health),
)
async def health() -> Response:
    """Whether this process answers. Looks at nothing else."""
    return Json('{"status": "ok"}')


@router.get("/metrics", include_in_schema=False)
async def show_metrics(request: Request) -> Response:
    """For Prometheus: docs/metrics.md."""
    seen = await service_of(request).lookout()
    content, kind = metrics.page(request.headers.get("accept", ""), seen)
    return Response(content, media_type=kind)


@router.get(
    "/ready",
    tags=["service"],
    summary="Ready?",
    response_class=Response,
    responses={
        **answers(examples.READY, Ready),
        503: {"model": Ready, "description": "Tasks can't be taken, or nobody would run them."},
    },
)
async def ready(request: Request) -> Response:
    """Whether the database can be written and a worker was seen lately."""
    found = await service_of(request).readiness()
    answer: Any = Ready(ready=found.ready, database=found.database, worker=found.worker)
    return Json(answer.model_dump_json(), 200 if found.ready else 503)
