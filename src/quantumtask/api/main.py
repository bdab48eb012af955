"""The API process: application, server, signals."""

import contextlib
import logging
import resource
from collections.abc import AsyncIterator
from types import FrameType

from fastapi import FastAPI

from quantumtask.api.app import App
from quantumtask.api.http import errors, swagger
from quantumtask.api.http.protocol import CoalescingHttpProtocol
from quantumtask.api.routes import batches, circuit, results, service, tasks
from quantumtask.api.schemas import openapi
from quantumtask.api.service.tasks import TaskService
from quantumtask.shared.http_server import HttpServer, server_config
from quantumtask.shared.processes import freeze_gc
from quantumtask.shared.settings import Settings
from quantumtask.shared.telemetry import logs
from quantumtask.version import __version__

log = logging.getLogger(__name__)

DESCRIPTION = """Run OpenQASM 3 (and 2) circuits.

`POST /tasks` stores a circuit and returns a task id at once; `GET /tasks/{id}?wait=30` returns its
counts. Every error is a problem document (RFC 9457) with a stable `code`.
"""


def create_app(settings: Settings) -> App:
    """Return the application; its `TaskService` lives as long as the application runs."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with TaskService(settings).lifespan() as service:
            app.state.service = service
            freeze_gc()
            log.info("service started", extra={"database": settings.database_label})
            yield

    app = App(
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
        max_body_size=None,  # http/body.py limits bodies, with a problem document
    )
    openapi.install_openapi(app)
    swagger.mount_swagger(app)
    errors.register_handlers(app)
    return app


class ApiServer(HttpServer):
    """HTTP server that completes pending long polls before it waits for open connections."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the shutdown on SIGTERM or SIGINT."""
        service: TaskService | None = getattr(self.config.app.state, "service", None)  # type: ignore[union-attr]
        if service:
            service.release_all()
        super().handle_exit(sig, frame)


MAX_CONNECTIONS = 65_536


def raise_connection_limit() -> None:
    """Raise the limit of open files as far as the system allows.

    A shell often allows 1,024, and each long poll and each stream holds a connection.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    limit = MAX_CONNECTIONS if hard == unlimited else min(hard, MAX_CONNECTIONS)
    if soft != unlimited and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Log JSON lines to standard error."""
    logs.start_logging("api")
    raise_connection_limit()
    config = server_config(
        create_app(settings),
        settings.host,
        settings.port,
        http=CoalescingHttpProtocol,
        timeout_graceful_shutdown=5,
        h11_max_incomplete_event_size=65_536,
    )
    ApiServer(config).run()
