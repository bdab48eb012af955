"""The HTTP server of the API and of the worker: uvicorn with limits, and with a requested stop."""

import asyncio
from functools import partial
from types import FrameType
from typing import Any

import uvicorn

from quantumtask.shared.http_server.connections import ConnectionTable
from quantumtask.shared.http_server.limits import HttpLimits
from quantumtask.shared.http_server.protocol import HttpProtocol

TICKS_PER_CHECK = 5
"""Calls of `on_tick` between two checks of the connections; uvicorn calls it ten times a second."""


class HttpServer(uvicorn.Server):
    """A uvicorn server for which SIGTERM and SIGINT are a requested stop, and no error."""

    def __init__(self, app: Any, host: str, port: int, limits: HttpLimits, shutdown_s: int) -> None:
        """Configure the server.

        Args:
            app: The ASGI application.
            host: The address to listen on.
            port: The port to listen on.
            limits: What clients may take.
            shutdown_s: Time that a stopping server gives to open requests, in seconds.
        """
        self._table = ConnectionTable(limits)
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            http=partial(HttpProtocol, self._table),  # type: ignore[arg-type]
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=int(limits.keep_alive_s) + 1,
            timeout_graceful_shutdown=shutdown_s,
        )
        super().__init__(config)

    def handle_exit(self, _sig: int, _frame: FrameType | None) -> None:
        """Begin the shutdown; uvicorn itself would raise the signal again after it."""
        self.should_exit = True

    async def on_tick(self, counter: int) -> bool:
        """Close the connections of slow clients; return True if the server has to end."""
        if counter % TICKS_PER_CHECK == 0:
            self._table.check_deadlines(asyncio.get_running_loop().time())
        return await super().on_tick(counter)
