"""The HTTP server of the API and of the worker: uvicorn with the options that both share."""

from types import FrameType
from typing import Any

import uvicorn


class HttpServer(uvicorn.Server):
    """A uvicorn server for which SIGTERM and SIGINT are a requested stop, and no error."""

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """Begin the shutdown; uvicorn itself would raise the signal again after it."""
        self.should_exit = True


def server_config(app: Any, host: str, port: int, **options: Any) -> uvicorn.Config:
    """Return the configuration of a server.

    Args:
        app: The ASGI application.
        host: The address to listen on.
        port: The port to listen on.
        options: More options of uvicorn.Config.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        **options,
    )
