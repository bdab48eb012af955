"""The worker process: its HTTP application, signals, and the worker's loop in a thread."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal

from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from quantumtask.shared.disconnect import unless_disconnected
from quantumtask.shared.errors import AnalysisQueueFull
from quantumtask.shared.http_server.access import AccessRules, own_names, split_list
from quantumtask.shared.http_server.limits import HttpLimits
from quantumtask.shared.http_server.server import HttpServer
from quantumtask.shared.processes import limit_library_threads
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, TaskSpec
from quantumtask.shared.telemetry import logs
from quantumtask.shared.worker_secret import load_worker_secret
from quantumtask.version import __version__
from quantumtask.worker.access import WorkerAccess
from quantumtask.worker.analysis.catalog import Catalog
from quantumtask.worker.analysis.messages import AnalysisKind, AnalysisRequest
from quantumtask.worker.analysis.queue import AnalysisQueue
from quantumtask.worker.sandbox.restrictions import check_sandbox
from quantumtask.worker.telemetry import metrics
from quantumtask.worker.worker import Worker

log = logging.getLogger(__name__)


KEEP_ALIVE_S = 600.0
"""The API keeps one connection for the doorbell."""


API_HOST = "worker"
"""The `Host` of the requests of the API."""


class WakeRequest(BaseModel):
    """The body of POST /execute."""

    task_id: str


class AnalysisBody(BaseModel):
    """The body of POST /validate, /estimate and /draw: a circuit and the options to run it with."""

    circuit: str
    parameters: str | None = None
    shots: int = 1
    engine: str = AUTO
    method: str | None = None
    options: str | None = None
    client: str = ""


class Health(BaseModel):
    """The answer of GET /health."""

    status: Literal["ok"] = "ok"
    slots: int
    busy: int


def create_app(
    worker: Worker, analyses: AnalysisQueue, catalog: Catalog, ended: threading.Event
) -> FastAPI:
    """Return the application; the worker's loop runs as long as the application does.

    Args:
        worker: The worker.
        analyses: The queue for requests about circuits.
        catalog: The answers about engines and backends.
        ended: An event to set when the worker's loop has ended.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        thread = threading.Thread(target=_run, args=(worker, ended), name="worker")
        thread.start()
        yield
        await to_thread.run_sync(analyses.stop)
        await to_thread.run_sync(catalog.stop)
        worker.stop()
        await to_thread.run_sync(thread.join)

    app = FastAPI(title="QuantumTask Worker", version=__version__, lifespan=lifespan)
    app.add_route("/execute", _execute_route(worker), ["POST"])
    _add_analyses(app, worker, analyses)
    _add_catalog(app, worker, catalog)
    metrics.observe_slots(lambda: worker.slots, lambda: worker.busy)

    @app.get("/metrics", include_in_schema=False)
    async def render_metrics(request: Request) -> Response:
        content, media_type = metrics.render_metrics(request.headers.get("accept", ""))
        return Response(content, media_type=media_type)

    @app.get("/health")
    async def health() -> Health:
        return Health(slots=worker.slots, busy=worker.busy)

    return app


def _add_analyses(app: FastAPI, worker: Worker, analyses: AnalysisQueue) -> None:
    """Add the routes of questions about circuits."""

    @app.post("/validate")
    async def validate(request: Request, body: AnalysisBody) -> Response:
        """Return all problems of a circuit."""
        return await analyze(request, AnalysisKind.VALIDATE, body)

    @app.post("/estimate")
    async def estimate(request: Request, body: AnalysisBody) -> Response:
        """Return the time and memory of a task; 422 with its failure if it would fail."""
        return await analyze(request, AnalysisKind.ESTIMATE, body)

    @app.post("/draw")
    async def draw(request: Request, body: AnalysisBody) -> Response:
        """Return the SVG document of a circuit; 422 with its failure if it is wrong."""
        return await analyze(request, AnalysisKind.DRAW, body)

    async def analyze(request: Request, kind: AnalysisKind, body: AnalysisBody) -> Response:
        """Return the answer as JSON; 503 with a reason if the analysis queue is full."""
        if not worker.warm:  # the worker's loop starts the fork server
            return _unavailable("the worker is still starting")
        spec = TaskSpec(**body.model_dump(exclude={"client"}))
        try:
            answer = asyncio.wrap_future(analyses.submit(AnalysisRequest(kind, spec), body.client))
            response = await unless_disconnected(request.receive, answer)
        except AnalysisQueueFull as error:
            return _unavailable(error.message)
        return JSONResponse(response.body, 200 if response.ok else 422)


def _add_catalog(app: FastAPI, worker: Worker, catalog: Catalog) -> None:
    """Add the routes of engines and backends, which wait for no circuit."""

    @app.get("/engines")
    async def engines() -> Response:
        """Return the list of engines."""
        return await read(AnalysisRequest(AnalysisKind.ENGINES))

    @app.get("/backends")
    async def backends() -> Response:
        """Return the list of backends."""
        return await read(AnalysisRequest(AnalysisKind.BACKENDS))

    @app.get("/backends/{name}")
    async def backend(name: str) -> Response:
        """Return one backend with its details; 422 for an unknown name."""
        return await read(AnalysisRequest(AnalysisKind.BACKEND, backend=name))

    async def read(request: AnalysisRequest) -> Response:
        if not worker.warm:
            return _unavailable("the worker is still starting")
        try:
            answer = await catalog.read(request)
        except AnalysisQueueFull as error:
            return _unavailable(error.message)
        status = 200 if answer.ok else 422
        return Response(answer.text, status, media_type="application/json")


def _unavailable(reason: str) -> Response:
    return Response(reason, 503, media_type="text/plain")


def _execute_route(worker: Worker) -> Callable[[Request], Awaitable[Response]]:
    """Return the route by which the API wakes the worker; skip FastAPI's slow validation."""

    async def execute(request: Request) -> Response:
        """Wake the worker. Idempotent: the request carries only an id and may be lost."""
        try:
            WakeRequest.model_validate_json(await request.body())
        except ValidationError:
            return Response("task_id: must be a string", 422, media_type="text/plain")
        worker.ring()
        return JSONResponse({"accepted": True})

    return execute


def _run(worker: Worker, ended: threading.Event) -> None:
    try:
        worker.run()
    except Exception as error:  # any fault of the loop: the process must end with an error
        log.critical("worker loop failed", exc_info=error)
        worker.fatal_error = error
    finally:
        ended.set()


def _log_sandbox(settings: Settings) -> None:
    """Log what the sandbox of this machine lacks. Raises SettingsError if it has to be complete."""
    missing = check_sandbox(settings)
    if settings.sandbox == "off":
        log.warning("sandbox off: a hostile circuit has the rights of this user")
    for restriction in missing:
        details = {"missing": restriction.name, "possible": restriction.prevents}
        log.warning("sandbox incomplete", extra=details)


def protect(app: FastAPI, settings: Settings) -> WorkerAccess:
    """Return the application behind its entrance: rules on hosts and origins, and the secret."""
    host = settings.worker_host
    hosts = (API_HOST, *own_names(host), *split_list(settings.allowed_hosts))
    return WorkerAccess(app, AccessRules(hosts, ()), load_worker_secret(settings), host)


class WorkerServer(HttpServer):
    """HTTP server that also ends when the worker's loop has ended."""

    def __init__(self, app: WorkerAccess, settings: Settings, ended: threading.Event) -> None:
        limits = HttpLimits(keep_alive_s=KEEP_ALIVE_S)
        super().__init__(app, settings.worker_host, settings.worker_port, limits, shutdown_s=1)
        self._ended = ended

    async def on_tick(self, counter: int) -> bool:
        """Return True if the server has to end."""
        return await super().on_tick(counter) or self._ended.is_set()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then drain. Log JSON lines to standard error.

    Raises:
        SettingsError: The sandbox has to be complete, and this machine lacks a part of it.
        SystemExit: With status 1, if no slot can be used any more.
    """
    logs.start_logging("worker")
    limit_library_threads(settings.threads_of(settings.slot_count))
    _log_sandbox(settings)
    ended = threading.Event()
    worker = Worker(settings)
    app = create_app(worker, AnalysisQueue(settings), Catalog(settings), ended)
    WorkerServer(protect(app, settings), settings, ended).run()
    if worker.fatal_error:
        raise SystemExit(1)
