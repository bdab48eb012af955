"""uvicorn's HTTP protocol with one socket write for each response."""

import asyncio
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class CoalescingHttpProtocol(HttpToolsProtocol):
    """HTTP protocol that joins the head and the body of a response into one socket write.

    uvicorn writes them one after the other. Two writes wake the client twice and cost both sides
    more than copying the body.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wrap the transport of a new connection."""
        super().connection_made(cast(asyncio.Transport, _CoalescingTransport(transport)))  # type: ignore[arg-type]


class _CoalescingTransport:
    """Transport that sends everything written in one iteration of the event loop together."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._buffer: list[bytes] = []
        self._loop = asyncio.get_running_loop()

    def write(self, data: bytes) -> None:
        if not self._buffer:
            self._loop.call_soon(self._flush)
        self._buffer.append(data)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        buffer, self._buffer = self._buffer, []
        if buffer and not self._transport.is_closing():  # the client may have disconnected
            self._transport.write(b"".join(buffer))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
