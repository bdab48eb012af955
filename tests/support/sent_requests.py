"""Requests that a client sends, noted on their way."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from quantumtask.client.connection import Connection


@contextmanager
def sent_requests(connection: Connection) -> Iterator[list[str]]:
    """Yield the method and the path with its query of each request that is sent meanwhile."""
    sent: list[str] = []
    transport = connection._link.transport
    send = transport.request

    def note(method: str, path: str, *rest: Any) -> Any:
        sent.append(f"{method} {path}")
        return send(method, path, *rest)

    with patch.object(transport, "request", note):
        yield sent
