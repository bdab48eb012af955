"""Routes of the service itself: engines, backends, queue, health and metrics."""

from fastapi import APIRouter, Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.query import (
    RawJsonResponse,
    get_service,
)
from quantumtask.api.routes import service_examples
from quantumtask.api.routes.openapi_parts import describe_responses
from quantumtask.api.routes.parameters import BackendName
from quantumtask.api.routes.refusals import (
    BACKEND_NOT_FOUND,
    STORE_UNAVAILABLE,
    WORKER_BUSY,
    WORKER_UNAVAILABLE,
)
from quantumtask.api.schemas.responses import (
    BackendList,
    BackendView,
    EngineList,
    HealthView,
    QueueView,
    ReadinessView,
)
from quantumtask.api.serialization.task_json import (
    backends_json,
    queue_json,
)

router = APIRouter()


@router.get(
    "/engines",
    tags=["service"],
    summary="List engines",
    response_class=Response,
    responses=describe_responses(
        service_examples.ENGINES_ANSWER, EngineList, WORKER_BUSY, WORKER_UNAVAILABLE
    ),
)
async def engines(request: Request) -> Response:
    """List all engines: whether each is installed, its methods, and the qubits that fit a slot."""
    return RawJsonResponse(await get_service(request).engines())


@router.get(
    "/backends",
    tags=["service"],
    summary="List backends",
    response_class=Response,
    responses=describe_responses(
        service_examples.BACKENDS, BackendList, WORKER_BUSY, WORKER_UNAVAILABLE, STORE_UNAVAILABLE
    ),
)
async def backends(request: Request) -> Response:
    """List the backends: the ideal simulator, and snapshots of devices with their noise."""
    return RawJsonResponse(backends_json(*await get_service(request).backends()))


@router.get(
    "/backends/{name}",
    tags=["service"],
    summary="Get a backend",
    response_class=Response,
    responses=describe_responses(
        service_examples.BACKEND,
        BackendView,
        BACKEND_NOT_FOUND,
        WORKER_BUSY,
        WORKER_UNAVAILABLE,
        STORE_UNAVAILABLE,
    ),
)
async def get_backend(request: Request, name: BackendName) -> Response:
    """Return the gates and qubits of a backend, with their measured errors and times."""
    return RawJsonResponse(backends_json(*await get_service(request).backend(name)))


@router.get(
    "/queue",
    tags=["service"],
    summary="Get the queue",
    response_class=Response,
    responses=describe_responses(service_examples.QUEUE, QueueView, STORE_UNAVAILABLE),
)
async def queue(request: Request) -> Response:
    """Return how many tasks wait and run, in total and by owner.

    The numbers can be some seconds old if very many tasks wait.
    """
    return RawJsonResponse(queue_json(await get_service(request).queue()))


@router.get(
    "/health",
    tags=["service"],
    summary="Check liveness",
    response_class=Response,
    responses=describe_responses(service_examples.HEALTH, HealthView),
)
async def health() -> Response:
    """Return 200 while the API process answers. Checks nothing else."""
    return RawJsonResponse('{"status": "ok"}')


@router.get("/metrics", include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Return the metrics of the API in a text format of Prometheus (docs/how-to/metrics.md)."""
    queue = await get_service(request).queue_if_available()
    content, media_type = metrics.render_metrics(request.headers.get("accept", ""), queue)
    return Response(content, media_type=media_type)


@router.get(
    "/ready",
    tags=["service"],
    summary="Check readiness",
    response_class=Response,
    responses={
        **describe_responses(service_examples.READY_ANSWER, ReadinessView),
        503: {"model": ReadinessView, "description": "The database or the worker is missing."},
    },
)
async def ready(request: Request) -> Response:
    """Return 200 if the database can be written and a worker has a recent heartbeat, else 503."""
    state = await get_service(request).readiness()
    view = ReadinessView(ready=state.ready, database=state.database, worker=state.worker)
    return RawJsonResponse(view.model_dump_json(), 200 if state.ready else 503)
