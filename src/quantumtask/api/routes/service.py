"""Routes of the service itself: engines, backends, queue, health and metrics."""

from dataclasses import asdict

from fastapi import APIRouter, Request, Response

from quantumtask.api import metrics
from quantumtask.api.http.query import (
    RawJsonResponse,
    get_principal,
    get_scope,
    get_service,
)
from quantumtask.api.routes import service_examples
from quantumtask.api.routes.openapi_parts import describe_responses
from quantumtask.api.routes.parameters import KNOWN_QUERY, BackendName, Days
from quantumtask.api.routes.refusals import (
    BACKEND_NOT_FOUND,
    STORE_UNAVAILABLE,
    UNKNOWN_QUERY,
    WORKER_BUSY,
    WORKER_UNAVAILABLE,
)
from quantumtask.api.schemas.activity import ServiceStateView, service_view
from quantumtask.api.schemas.principal import LoginView, PrincipalView
from quantumtask.api.schemas.queue import QueueView
from quantumtask.api.schemas.responses import (
    BackendList,
    BackendView,
    EngineList,
    HealthView,
    ReadinessView,
)
from quantumtask.api.schemas.usage import UsageView, usage_view
from quantumtask.api.serialization.task_json import (
    backends_json,
    queue_json,
)

router = APIRouter()


@router.get(
    "/engines",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="List engines",
    response_class=Response,
    responses=describe_responses(
        service_examples.ENGINES_ANSWER, EngineList, UNKNOWN_QUERY, WORKER_BUSY, WORKER_UNAVAILABLE
    ),
)
async def engines(request: Request) -> Response:
    """List all engines: whether each is installed, its methods, and the qubits that fit a slot."""
    return RawJsonResponse(await get_service(request).catalog.engines())


@router.get(
    "/backends",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="List backends",
    response_class=Response,
    responses=describe_responses(
        service_examples.BACKENDS,
        BackendList,
        UNKNOWN_QUERY,
        WORKER_BUSY,
        WORKER_UNAVAILABLE,
        STORE_UNAVAILABLE,
    ),
)
async def backends(request: Request) -> Response:
    """List the backends: the ideal simulator, and snapshots of devices with their noise."""
    return RawJsonResponse(backends_json(*await get_service(request).catalog.backends()))


@router.get(
    "/backends/{name}",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Get a backend",
    response_class=Response,
    responses=describe_responses(
        service_examples.BACKEND,
        BackendView,
        UNKNOWN_QUERY,
        BACKEND_NOT_FOUND,
        WORKER_BUSY,
        WORKER_UNAVAILABLE,
        STORE_UNAVAILABLE,
    ),
)
async def get_backend(request: Request, name: BackendName) -> Response:
    """Return the gates and qubits of a backend, with their measured errors and times."""
    return RawJsonResponse(backends_json(*await get_service(request).catalog.backend(name)))


@router.get(
    "/queue",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Get the queue",
    response_class=Response,
    responses=describe_responses(
        service_examples.QUEUE, QueueView, UNKNOWN_QUERY, STORE_UNAVAILABLE
    ),
)
async def queue(request: Request) -> Response:
    """Return how many tasks of your project wait and run, in total and by owner.

    The numbers can be some seconds old if very many tasks wait.
    """
    return RawJsonResponse(queue_json(await get_service(request).reports.queue(get_scope(request))))


@router.get(
    "/service",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Get the state of the service",
    response_class=Response,
    responses=describe_responses(
        service_examples.SERVICE, ServiceStateView, UNKNOWN_QUERY, STORE_UNAVAILABLE
    ),
)
async def get_service_state(request: Request) -> Response:
    """Return the queue, the workers and what they do, the last hour, your limits, and the doors.

    Tasks and sums are those of your project, for an administrator of all projects. The number of
    running tasks of each worker counts all.
    """
    service, sender, scope = get_service(request), get_principal(request), get_scope(request)
    limits = await service.reports.limits()
    view = service_view(
        await service.reports.queue(scope),
        await service.reports.activity(scope),
        limits.of_project(sender.project),
        limits.of_user(sender.project, sender.name),
        service.settings,
    )
    return RawJsonResponse(view.model_dump_json())


@router.get(
    "/principal",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Get yourself",
    response_class=Response,
    responses=describe_responses(service_examples.PRINCIPAL, PrincipalView, UNKNOWN_QUERY),
)
async def principal(request: Request) -> Response:
    """Return name, project and role of the principal that the token of the request belongs to."""
    sender = get_principal(request)
    view = PrincipalView(name=sender.name, project=sender.project, role=sender.role)
    return RawJsonResponse(view.model_dump_json())


@router.get(
    "/login",
    tags=["service"],
    summary="Get the provider for logins",
    response_class=Response,
    responses=describe_responses(service_examples.LOGIN, LoginView),
)
async def get_login(request: Request) -> Response:
    """Return the provider of OpenID Connect at which people log in. Needs no token."""
    settings = get_service(request).settings
    view = LoginView(issuer=settings.oidc_issuer or None, client_id=settings.oidc_client_id or None)
    return RawJsonResponse(view.model_dump_json())


@router.get(
    "/usage",
    tags=["service"],
    dependencies=KNOWN_QUERY,
    summary="Get the usage",
    response_class=Response,
    responses=describe_responses(
        service_examples.USAGE,
        UsageView,
        (400, "invalid_request", "days: input should be greater than or equal to 1"),
        STORE_UNAVAILABLE,
    ),
)
async def get_usage(request: Request, days: Days = 30) -> Response:
    """Return tasks, shots, processor seconds and bytes of results, by day and project.

    An administrator sees all projects, every other principal its own. Days without a task are left
    out.
    """
    view = usage_view(await get_service(request).reports.usage(get_scope(request), days))
    return RawJsonResponse(view.model_dump_json())


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
    queue = await get_service(request).reports.queue_if_available()
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
    """Return 200 if the database can be written and a worker has a recent heartbeat, else 503.

    A database whose disk is full or whose file was removed cannot be written; `reason` says so.
    """
    state = await get_service(request).reports.readiness()
    view = ReadinessView(ready=state.ready, **asdict(state))
    return RawJsonResponse(view.model_dump_json(), 200 if state.ready else 503)
