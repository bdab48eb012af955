"""The worker process: its HTTP application, signals, and the worker's loop in a thread."""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Literal

import uvicorn
from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from quantumtask.shared.errors import AnalysisQueueFull
from quantumtask.shared.http_server import HttpServer, server_config
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, TaskSpec
from quantumtask.shared.telemetry import logs
from quantumtask.version import __version__
from quantumtask.worker.analysis.messages import AnalysisKind, AnalysisRequest
from quantumtask.worker.analysis.pool import AnalysisQueue
from quantumtask.worker.telemetry import metrics
from quantumtask.worker.worker import Worker

log = logging.getLogger(__name__)


class WakeRequest(BaseModel):
    """The body of POST /execute."""

    task_id: str


class AnalysisBody(BaseModel):
    """The body of POST /validate and POST /estimate: a circuit and the options to run it with."""

    circuit: str
    parameters: str | None = None
    shots: int = 1
    engine: str = AUTO
    method: str | None = None
    options: str | None = None


class Health(BaseModel):
    """The answer of GET /health."""

    status: Literal["ok"] = "ok"
    slots: int
    busy: int


def create_app(worker: Worker, analyses: AnalysisQueue, ended: threading.Event) -> FastAPI:
    """Return the application; the worker's loop runs as long as the application does.

    Args:
        worker: The worker.
        analyses: The queue for requests about circuits.
        ended: An event to set when the worker's loop has ended.
    """

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        thread = threading.Thread(target=_run, args=(worker, ended), name="worker")
        thread.start()
        yield
        await to_thread.run_sync(analyses.stop)
        worker.stop()
        await to_thread.run_sync(thread.join)

    app = FastAPI(title="QuantumTask Worker", version=__version__, lifespan=lifespan)
    app.add_route("/execute", _execute_route(worker), ["POST"])
    _add_analyses(app, worker, analyses)
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
    """Add the routes of analyses, which are answered at once."""

    @app.post("/validate")
    async def validate(body: AnalysisBody) -> Response:
        """Return all problems of a circuit."""
        spec = TaskSpec(**body.model_dump())
        return await analyze(AnalysisRequest(AnalysisKind.VALIDATE, spec))

    @app.post("/estimate")
    async def estimate(body: AnalysisBody) -> Response:
        """Return the time and memory of a task; 422 with its failure if it would fail."""
        spec = TaskSpec(**body.model_dump())
        return await analyze(AnalysisRequest(AnalysisKind.ESTIMATE, spec))

    @app.get("/engines")
    async def engines() -> Response:
        """Return the list of engines."""
        return await analyze(AnalysisRequest(AnalysisKind.ENGINES))

    @app.get("/backends")
    async def backends() -> Response:
        """Return the list of backends."""
        return await analyze(AnalysisRequest(AnalysisKind.BACKENDS))

    @app.get("/backends/{name}")
    async def backend(name: str) -> Response:
        """Return one backend with its details; 422 for an unknown name."""
        return await analyze(AnalysisRequest(AnalysisKind.BACKEND, backend=name))

    async def analyze(request: AnalysisRequest) -> Response:
        """Return the response as JSON; 503 with a reason if the analysis queue is full."""
        try:
            if not worker.warm:  # the worker's loop starts the fork server
                raise AnalysisQueueFull("the worker is still starting")
            response = await asyncio.wrap_future(analyses.submit(request))
        except AnalysisQueueFull as error:
            return Response(error.message, 503, media_type="text/plain")
        return JSONResponse(response.body, 200 if response.ok else 422)


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


class WorkerServer(HttpServer):
    """HTTP server that also ends when the worker's loop has ended."""

    def __init__(self, config: uvicorn.Config, ended: threading.Event) -> None:
        super().__init__(config)
        self._ended = ended

    async def on_tick(self, counter: int) -> bool:
        """Return True if the server has to end."""
        return await super().on_tick(counter) or self._ended.is_set()


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT, then drain. Log JSON lines to standard error.

    Raises:
        SystemExit: With status 1, if no slot can be used any more.
    """
    logs.start_logging("worker")
    # One simulator thread for each core of a slot; numpy and OpenMP read this in the slots.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    ended = threading.Event()
    worker = Worker(settings)
    config = server_config(
        create_app(worker, AnalysisQueue(settings), ended),
        settings.worker_host,
        settings.worker_port,
        timeout_keep_alive=600,  # the API keeps one connection for the doorbell
        timeout_graceful_shutdown=1,
    )
    WorkerServer(config, ended).run()
    if worker.fatal_error:
        raise SystemExit(1)
