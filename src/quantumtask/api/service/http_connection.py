"""A minimal asyncio HTTP/1.1 client: one connection, and a pool of idle ones."""

import asyncio
import time
from collections.abc import Mapping
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import httptools

MAX_IDLE_CONNECTIONS = 4
MAX_IDLE_S = 5.0
"""Time after which an idle connection is not used again: its peer may be gone without a word."""


class HttpResponse(NamedTuple):
    """A status and a whole body."""

    status: int
    body: bytes


class _Connection(asyncio.Protocol):
    """A connection that carries one request at a time."""

    def __init__(self) -> None:
        self.reusable = False  # it has carried a response and is open
        self.idle_since = 0.0
        self._transport: asyncio.Transport | None = None
        self._response: asyncio.Future[HttpResponse] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._body = bytearray()

    def send(self, request: bytes) -> "asyncio.Future[HttpResponse]":
        """Write a request and return a future of its response; ConnectionError if there is none."""
        self._response = asyncio.get_running_loop().create_future()
        self.reusable = False
        if self._transport is None or self._transport.is_closing():
            self._fail()
        else:
            self._transport.write(request)
        return self._response

    def close(self) -> None:
        """Close the connection; a pending response fails with ConnectionError."""
        self.reusable = False
        if self._transport:
            self._transport.abort()
        self._fail()

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.close()

    def connection_lost(self, _: Exception | None) -> None:
        self.reusable = False
        self._fail()

    # The parser's side

    def on_message_begin(self) -> None:
        self._body.clear()

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        response = HttpResponse(self._parser.get_status_code(), bytes(self._body))
        self.reusable = self._parser.should_keep_alive()
        if self._response and not self._response.done():
            self._response.set_result(response)

    def _fail(self) -> None:
        if self._response and not self._response.done():
            self._response.set_exception(ConnectionError("connection closed"))


class HttpPool:
    """Sends requests to one server. Belongs to one event loop.

    A request takes an idle connection or opens one; afterwards, some connections stay open for the
    next requests.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        """Open no connection yet.

        Args:
            url: The URL of the server.
            headers: Headers of each request.
        """
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._closed = False

    async def request(self, method: str, path: str, body: bytes, timeout_s: float) -> HttpResponse:
        """Send a request with a JSON body (empty: none) and return the response.

        A request on a connection that the server has just closed is sent once more, on a new one:
        all requests must be idempotent.

        Raises:
            OSError: there is no connection, or it broke.
            TimeoutError: there is no response in time (a kind of OSError).
        """
        request = _format_request(method, path, self._headers, body)
        async with asyncio.timeout(timeout_s):
            if connection := self._take_idle():
                try:
                    return await self._exchange(connection, request)
                except ConnectionError:
                    pass  # the server closed it while it was idle
            return await self._exchange(await self._connect(), request)

    def close(self) -> None:
        """Close all connections; pending requests fail with ConnectionError."""
        self._closed = True
        for connection in (*self._busy, *self._idle):
            connection.close()

    async def _connect(self) -> _Connection:
        if self._closed:
            raise ConnectionError("pool closed")
        loop = asyncio.get_running_loop()
        return (await loop.create_connection(_Connection, self._host, self._port))[1]

    async def _exchange(self, connection: _Connection, request: bytes) -> HttpResponse:
        self._busy.add(connection)
        try:
            return await connection.send(request)
        finally:
            self._busy.discard(connection)
            self._keep_or_close(connection)

    def _take_idle(self) -> _Connection | None:
        oldest = time.monotonic() - MAX_IDLE_S
        while self._idle:
            connection = self._idle.pop()
            if connection.reusable and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    def _keep_or_close(self, connection: _Connection) -> None:
        connection.idle_since = time.monotonic()
        if connection.reusable and not self._closed and len(self._idle) < MAX_IDLE_CONNECTIONS:
            self._idle.append(connection)
        else:
            connection.close()


def _format_request(method: str, path: str, headers: str, body: bytes) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: worker\r\n{headers}"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body
