"""The Worker process: the doorbell's HTTP, questions, the signals, the loop in a thread."""

import asyncio
import contextlib
import logging
import os
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from types import FrameType
from typing import Literal

import uvicorn
from anyio import to_thread
from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ValidationError

from quantumtask.shared.errors import AnalysisQueueFull
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import AUTO, TaskSpec
from quantumtask.shared.telemetry import logs
from quantumtask.version import __version__
from quantumtask.worker.analysis.messages import Kind, Question
from quantumtask.worker.analysis.pool import Questions
from quantumtask.worker.telemetry import metrics
from quantumtask.worker.worker import Worker

log = logging.getLogger(__name__)


class Ring(BaseModel):
    task_id: str


class Asked(BaseModel):
    """A circuit, and how it would be run."""

    circuit: str
    parameters: str | None = None
    shots: int = 1
    engine: str = AUTO
    method: str | None = None
    options: str | None = None


class Health(BaseModel):
    status: Literal["ok"] = "ok"
    slots: int
    busy: int


def create_app(worker: Worker, questions: Questions, stop_server: "threading.Event") -> FastAPI:
    """The doorbell and the questions. The worker's loop runs as long as the application does."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        thread = threading.Thread(target=_run, args=(worker, stop_server), name="worker")
        thread.start()
        yield
        await to_thread.run_sync(questions.stop)
        worker.stop()
        await to_thread.run_sync(thread.join)

    app = FastAPI(title="QuantumTask Worker", version=__version__, lifespan=lifespan)

    app.add_route("/execute", _bell(worker), ["POST"])

    _add_questions(app, worker, questions)
    metrics.slots(lambda: worker.slots, lambda: worker.busy)

    @app.get("/metrics", include_in_schema=False)
    async def show_metrics(request: Request) -> Response:
        content, kind = metrics.page(request.headers.get("accept", ""))
        return Response(content, media_type=kind)

    @app.get("/health")
    async def health() -> Health:
        return Health(slots=worker.slots, busy=worker.busy)

    return app


def _add_questions(app: FastAPI, worker: Worker, questions: Questions) -> None:
    """What can be asked, and is answered at once."""

    @app.post("/validate")
    async def validate(asked: Asked) -> Response:
        """What is wrong with a circuit."""
        return await answer(Question(Kind.VALIDATE, TaskSpec(**asked.model_dump())))

    @app.post("/estimate")
    async def estimate(asked: Asked) -> Response:
        """What a task would take; 422 with its failure if it would fail."""
        return await answer(Question(Kind.ESTIMATE, TaskSpec(**asked.model_dump())))

    @app.get("/engines")
    async def engines() -> Response:
        """Which engines there are."""
        return await answer(Question(Kind.ENGINES))

    @app.get("/backends")
    async def backends() -> Response:
        """What a task can be run on."""
        return await answer(Question(Kind.BACKENDS))

    @app.get("/backends/{name}")
    async def backend(name: str) -> Response:
        """One of them in full; 422 where there is none of that name."""
        return await answer(Question(Kind.BACKEND, name=name))

    async def answer(question: Question) -> Response:
        """The finding as JSON; 503 with a plain reason where too many ask."""
        try:
            if not worker.warm:  # the fork server is the worker's loop's to start
                raise AnalysisQueueFull("the worker is still starting")
            found = await asyncio.wrap_future(questions.submit(question))
        except AnalysisQueueFull as error:
            return Response(error.message, 503, media_type="text/plain")
        return JSONResponse(found.content, 200 if found.good else 422)


def _bell(worker: Worker) -> Callable[[Request], Awaitable[Response]]:
    """The doorbell. Not a route of FastAPI's: a client waits for the time that this takes."""

    async def execute(request: Request) -> Response:
        """Look for tasks now. Idempotent: a ring carries only an id and may be lost."""
        try:
            Ring.model_validate_json(await request.body())
        except ValidationError:
            return Response("a ring carries a task_id", 422, media_type="text/plain")
        worker.ring()
        return JSONResponse({"accepted": True})

    return execute


def _run(worker: Worker, ended: threading.Event) -> None:
    try:
        worker.run()
    except Exception as error:
        log.critical("the worker's loop ended", exc_info=error)
        worker.broken = error
    finally:
        ended.set()


class Server(uvicorn.Server):
    """A server that also ends when the worker's loop has."""

    def __init__(self, config: uvicorn.Config, ended: threading.Event) -> None:
        super().__init__(config)
        self._ended = ended

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        self.should_exit = True  # and no more: being told to stop is not an error

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._ended.is_set()


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT, then drains. Raises SystemExit(1) if the slots gave out."""
    logs.start_logging("worker")
    # One simulator thread a core that the slot owns; before numpy and OpenMP read it, in the slots.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    ended = threading.Event()
    worker = Worker(settings)
    config = uvicorn.Config(
        create_app(worker, Questions(settings), ended),
        host=settings.worker_host,
        port=settings.worker_port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=600,  # the API rings over one connection
        timeout_graceful_shutdown=1,
    )
    Server(config, ended).run()
    if worker.broken:
        raise SystemExit(1)
