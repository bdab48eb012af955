"""The API process: application, server, signals."""

import contextlib
import logging
import resource
from collections.abc import AsyncIterator, Sequence
from types import FrameType

from fastapi import FastAPI

from quantumtask.api.app import App
from quantumtask.api.http import errors, swagger, web_page
from quantumtask.api.http.door import Door
from quantumtask.api.http.openapi_security import install_security
from quantumtask.api.routes import (
    audit,
    batches,
    circuit,
    deletion,
    drawing,
    project_events,
    results,
    service,
    sessions,
    tagging,
    tasks,
    tokens,
)
from quantumtask.api.schemas import openapi
from quantumtask.api.service.tasks import TaskService
from quantumtask.shared.access import OFF, check_access, is_loopback, public_host
from quantumtask.shared.http_server.access import AccessRules, own_names, split_list
from quantumtask.shared.http_server.connections import RESERVE
from quantumtask.shared.http_server.limits import HttpLimits
from quantumtask.shared.http_server.server import HttpServer
from quantumtask.shared.processes import freeze_gc
from quantumtask.shared.settings import Settings
from quantumtask.shared.telemetry import logs
from quantumtask.version import __version__

log = logging.getLogger(__name__)

DESCRIPTION = """Run OpenQASM 3 (and 2) circuits.

`POST /tasks` stores a circuit and returns a task id at once; `GET /tasks/{id}?wait=30` returns its
counts. Every error is a problem document (RFC 9457) with a stable `code`.
"""


def create_app(settings: Settings, doors: Sequence[Door] = ()) -> App:
    """Return the application; its `TaskService` lives as long as the application runs."""

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with TaskService(settings).lifespan() as service:
            app.state.service = service
            freeze_gc()
            log.info("service started", extra={"database": settings.database_label})
            yield

    app = App(
        access=access_rules(settings),
        doors=doors,
        title="QuantumTask",
        version=__version__,
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,  # http/swagger.py has the document, as text
        docs_url=None,
        redoc_url=None,
        routes=[
            *tasks.router.routes,
            *results.router.routes,
            *circuit.router.routes,
            *drawing.router.routes,
            *project_events.router.routes,
            *batches.router.routes,
            *deletion.router.routes,
            *tagging.router.routes,
            *service.router.routes,
            *sessions.router.routes,
            *audit.router.routes,
            *tokens.router.routes,
        ],
        telemetry={"tracing": False, "metrics": False, "logs": False},
        max_body_size=None,  # http/body.py limits bodies, with a problem document
    )
    openapi.install_openapi(app)
    install_security(app)
    swagger.mount_swagger(app)
    web_page.mount_page(app)
    errors.register_handlers(app)
    return app


def access_rules(settings: Settings) -> AccessRules:
    """Return the rules on hosts and origins of requests."""
    hosts = (*own_names(settings.host), *split_list(settings.allowed_hosts))
    return AccessRules(hosts, split_list(settings.allowed_origins))


class ApiServer(HttpServer):
    """HTTP server that completes pending long polls before it waits for open connections."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin the shutdown on SIGTERM or SIGINT."""
        service: TaskService | None = getattr(self.config.app.state, "service", None)  # type: ignore[union-attr]
        if service:
            service.release_all()
        super().handle_exit(sig, frame)


OTHER_FILES = 256
"""Open files that are no connections of clients: databases, logs, connections to the worker."""


def http_limits(settings: Settings) -> HttpLimits:
    """Return the limits of the HTTP server, which has no more connections than open files."""
    most = raise_file_limit(settings.max_connections + RESERVE + OTHER_FILES)
    return HttpLimits(
        connections=min(settings.max_connections, most - RESERVE - OTHER_FILES),
        address_connections=settings.max_address_connections,
        head_s=settings.client_timeout_s,
        grace_s=settings.client_timeout_s,
        keep_alive_s=settings.keep_alive_s,
    )


def raise_file_limit(files: int) -> int:
    """Raise the limit of open files as far as needed and allowed, and return it.

    A shell often allows 1,024, and each long poll and each stream holds a connection.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = resource.RLIM_INFINITY
    if soft != unlimited and soft < files:
        soft = files if hard == unlimited else min(hard, files)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return files if soft == unlimited else soft


def serve(settings: Settings, doors: Sequence[Door]) -> None:
    """Serve until SIGTERM or SIGINT. Log JSON lines to standard error."""
    check_access(settings)
    logs.start_logging("api")
    if settings.auth == OFF and not is_loopback(public_host(settings)):
        log.warning(
            "authentication is off: everyone who reaches this address may do everything",
            extra={"host": public_host(settings)},
        )
    app = create_app(settings, doors)
    ApiServer(app, settings.host, settings.port, http_limits(settings), shutdown_s=5).run()
