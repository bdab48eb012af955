"""The API process: the application, its server, its signals."""

import contextlib
import logging
import resource
from collections.abc import AsyncIterator
from types import FrameType

import uvicorn
from fastapi import FastAPI

from quantumtask.api.app import Front
from quantumtask.api.http import errors, swagger
from quantumtask.api.http.protocol import OnePacket
from quantumtask.api.routes import batches, circuit, results, service, tasks
from quantumtask.api.schemas import openapi
from quantumtask.api.service.tasks import Service
from quantumtask.shared.processes import keep_loaded
from quantumtask.shared.settings import Settings
from quantumtask.shared.telemetry import logs
from quantumtask.version import __version__

log = logging.getLogger(__name__)

DESCRIPTION = """Runs OpenQASM 3 (and 2) circuits.

`POST /tasks` takes a circuit and answers with a task id at once; `GET /tasks/{id}?wait=30` returns
its counts. Every error is a problem document (RFC 9457) with a stable `code`.
"""


def create_app(settings: Settings) -> Front:
    """The application; its service lives as long as the application runs."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with Service(settings).running() as service:
            app.state.service = service
            keep_loaded()
            log.info("ready to take tasks", extra={"database": settings.database_name})
            yield

    app = Front(
        title="QuantumTask",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        routes=[
            *tasks.router.routes,
            *results.router.routes,
            *circuit.router.routes,
            *batches.router.routes,
            *service.router.routes,
        ],
        telemetry={"tracing": False, "metrics": False, "logs": False},
        max_body_size=None,  # ours to limit, with a code and a sentence: see body.py
    )
    openapi.install(app)
    swagger.install(app)
    errors.install(app)
    return app


class Server(uvicorn.Server):
    """A server that sends home those who wait for a task before it waits for them."""

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        service: Service | None = getattr(self.config.app.state, "service", None)  # type: ignore[union-attr]
        if service:
            service.stop_waiting()
        self.should_exit = True  # and no more: being told to stop is not an error


MOST_CONNECTIONS = 65_536


def allow_connections() -> None:
    """As many as the system lets us have: what a shell allows is often 1,024, and each who waits or
    follows keeps one."""
    now, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    most = MOST_CONNECTIONS if hard == unlimited else min(hard, MOST_CONNECTIONS)
    if now != unlimited and now < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def serve(settings: Settings) -> None:
    """Serves until SIGTERM or SIGINT. Logs JSON lines to standard error."""
    logs.start("api")
    allow_connections()
    config = uvicorn.Config(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        http=OnePacket,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=65_536,
    )
    Server(config).run()
