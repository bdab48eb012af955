"""The entrance of the worker's port: for the API, with its secret, in moderate amounts."""

import secrets
from collections.abc import Awaitable, Callable, MutableMapping
from http import HTTPStatus
from typing import Any

from quantumtask.shared.http_server.access import AccessRules
from quantumtask.shared.http_server.problem import PROBLEM_TYPE, problem_json
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.worker_secret import SECRET_HEADER

Message = MutableMapping[str, Any]
"""A scope or a message of ASGI."""

ReceiveMessage = Callable[[], Awaitable[Message]]
SendMessage = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Message, ReceiveMessage, SendMessage], Awaitable[None]]

OPEN_PATHS = ("/health", "/metrics")
RING_PATH = "/execute"
MAX_RING_BYTES = 1024
MAX_QUESTION_BYTES = 64 * MIB
"""Largest request about a circuit: circuit and parameters, each up to 8 MiB, escaped as JSON."""

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class WorkerAccess:
    """ASGI application that lets requests through to the worker's application.

    Probes and metrics need no secret. On a loopback address, a ring needs none either: it carries
    an id, and all that it does is to make the worker look for tasks a little earlier.
    """

    def __init__(self, app: ASGIApp, rules: AccessRules, secret: str, host: str) -> None:
        """Keep the application and what it is protected by.

        Args:
            app: The worker's application.
            rules: The hosts and the origins of requests that are served.
            secret: The secret of the API.
            host: The address that the worker listens on.
        """
        self._app, self._rules = app, rules
        self._secret = secret.encode()
        self._open_paths = (*OPEN_PATHS, RING_PATH) if host in LOOPBACK else OPEN_PATHS

    async def __call__(self, scope: Message, receive: ReceiveMessage, send: SendMessage) -> None:
        """Serve one ASGI connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif refusal := self._rules.find_refusal(scope["method"], scope["headers"]):
            await _refuse(send, HTTPStatus.FORBIDDEN, *refusal)
        elif scope["path"] not in self._open_paths and not self._has_secret(scope):
            detail = (
                f"{SECRET_HEADER}: must be QUANTUMTASK_WORKER_SECRET of this worker. This is the "
                f"port of a worker; the API, at port {Settings.port} by default, runs tasks"
            )
            await _refuse(send, HTTPStatus.UNAUTHORIZED, "wrong_secret", detail)
        else:
            await self._serve(scope, receive, send)

    def _has_secret(self, scope: Message) -> bool:
        name = SECRET_HEADER.lower().encode()
        value = next((value for key, value in scope["headers"] if key == name), b"")
        return secrets.compare_digest(value, self._secret)

    async def _serve(self, scope: Message, receive: ReceiveMessage, send: SendMessage) -> None:
        """Serve a request whose body is read first, up to its limit."""
        limit = MAX_RING_BYTES if scope["path"] == RING_PATH else MAX_QUESTION_BYTES
        body = await _read_body(receive, limit)
        if body is None:
            detail = f"body: must be at most {limit:,} bytes"
            await _refuse(send, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail)
            return
        messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive_body() -> Message:
            return messages.pop() if messages else await receive()

        await self._app(scope, receive_body, send)


async def _read_body(receive: ReceiveMessage, limit: int) -> bytes | None:
    """Return a whole body; None as soon as it is larger than the limit, or will not come."""
    body, more = bytearray(), True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > limit or message["type"] == "http.disconnect":
            return None
    return bytes(body)


async def _refuse(send: SendMessage, status: HTTPStatus, code: str, detail: str) -> None:
    body = problem_json(status, code, detail)
    headers = {
        "content-type": PROBLEM_TYPE,
        "content-length": str(len(body)),
        "connection": "close",
    }
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": int(status), "headers": raw})
    await send({"type": "http.response.body", "body": body})
