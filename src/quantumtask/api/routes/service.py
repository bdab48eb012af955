"""Routes about the service itself: engines, backends, queue, health and metrics."""

from typing import Any

from fastapi import APIRouter, Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.query import (
    Json,
    service_of,
)
from quantumtask.api.routes.refusals import (
    BUSY,
    NO_BACKEND,
    NO_WORKER_ANSWERS,
    UNAVAILABLE,
    BackendName,
)
from quantumtask.api.schemas import openapi_examples
from quantumtask.api.schemas.openapi_examples import answers
from quantumtask.api.schemas.responses import (
    Backends,
    BackendView,
    Engines,
    Health,
    QueueView,
    Ready,
)
from quantumtask.api.serialization.task_json import (
    queue_json,
    with_queue,
)

router = APIRouter()


@router.get(
    "/engines",
    tags=["service"],
    summary="Engines",
    response_class=Response,
    responses=answers(openapi_examples.ENGINES, Engines, BUSY, NO_WORKER_ANSWERS),
)
async def engines(request: Request) -> Response:
    """Every engine, whether it is installed, its methods, and how many qubits fit a slot."""
    return Json(await service_of(request).engines())


@router.get(
    "/backends",
    tags=["service"],
    summary="Backends",
    response_class=Response,
    responses=answers(openapi_examples.BACKENDS, Backends, BUSY, NO_WORKER_ANSWERS, UNAVAILABLE),
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
        openapi_examples.BACKEND, BackendView, NO_BACKEND, BUSY, NO_WORKER_ANSWERS, UNAVAILABLE
    ),
)
async def get_backend(request: Request, name: BackendName) -> Response:
    """Its gates and its qubits, with the errors and times that were measured of them."""
    return Json(with_queue(*await service_of(request).backend(name)))


@router.get(
    "/queue",
    tags=["service"],
    summary="Queue",
    response_class=Response,
    responses=answers(openapi_examples.QUEUE, QueueView, UNAVAILABLE),
)
async def queue(request: Request) -> Response:
    """How many tasks wait and run, in all and of each owner; seconds old where very many wait."""
    return Json(queue_json(await service_of(request).queue()))


@router.get(
    "/health",
    tags=["service"],
    summary="Alive?",
    response_class=Response,
    responses=answers(openapi_examples.HEALTH, Health),
)
async def health() -> Response:
    """Whether this process answers. Looks at nothing else."""
    return Json('{"status": "ok"}')


@router.get("/metrics", include_in_schema=False)
async def show_metrics(request: Request) -> Response:
    """For Prometheus: docs/how-to/metrics.md."""
    seen = await service_of(request).lookout()
    content, kind = metrics.page(request.headers.get("accept", ""), seen)
    return Response(content, media_type=kind)


@router.get(
    "/ready",
    tags=["service"],
    summary="Ready?",
    response_class=Response,
    responses={
        **answers(openapi_examples.READY, Ready),
        503: {"model": Ready, "description": "Tasks can't be taken, or nobody would run them."},
    },
)
async def ready(request: Request) -> Response:
    """Whether the database can be written and a worker was seen lately."""
    found = await service_of(request).readiness()
    answer: Any = Ready(ready=found.ready, database=found.database, worker=found.worker)
    return Json(answer.model_dump_json(), 200 if found.ready else 503)
