"""uvicorn's HTTP protocol within limits: heads, rates, connections, pipelined requests."""

import asyncio
import ipaddress
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from quantumtask.shared.http_server.connections import ConnectionTable
from quantumtask.shared.http_server.deadlines import ReadDeadline, WriteDeadline
from quantumtask.shared.http_server.problem import problem_message
from quantumtask.shared.http_server.reserve import answer_probes_only
from quantumtask.shared.http_server.transport import CoalescingTransport

LINE_END, HEAD_END = b"\r\n", b"\r\n\r\n"
CHUNK_PART_BYTES = 4096
MAX_SILENT_BYTES = 16 * 1024
"""Longest part of a chunked body without a byte of the body: chunk extensions and trailers."""
PIPELINE_PAUSE_S = 0.1
"""Pause before a request that came before the response to the one before.

Hundreds of connections full of requests would otherwise keep the event loop from all others.
"""
MAX_LINGER_BYTES = 1024 * 1024
"""Bytes that are read and dropped after a refusal: closing at once could destroy the refusal."""


class HttpProtocol(HttpToolsProtocol):
    """HTTP protocol whose client can neither send without end nor hold a connection for nothing.

    The parser, httptools, has no limits. It gets whole heads, and one request at a time: the next
    one is parsed after the response, and until then nothing is read.
    """

    def __init__(self, connections: ConnectionTable, **options: Any) -> None:
        super().__init__(**options)
        self.address, self.reserved = "", False
        self._connections, self._limits = connections, connections.limits
        self._unread = bytearray()
        self._is_in_head, self._is_answering, self._is_pausing = True, False, False
        self._body_left: int | None = None
        self._silent_bytes = 0
        self._linger_bytes: int | None = None
        self._reading = ReadDeadline(self._limits)
        self._writing = WriteDeadline(self._limits)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wrap the transport of a new connection, and give the connection its place."""
        self._wire = CoalescingTransport(cast(asyncio.Transport, transport))
        super().connection_made(cast(asyncio.Transport, self._wire))
        self.address = _network(self.client[0] if self.client else "")
        self._reading.start_head(self.loop.time())
        self._connections.add(self)
        if self.reserved:
            self.app = answer_probes_only(self.app)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place of the connection back."""
        self._unread.clear()
        self._connections.remove(self)
        super().connection_lost(exc)

    def evict(self) -> None:
        """Close the connection at once, because another one needs its place."""
        self._wire.abort()

    def pause_writing(self) -> None:
        """Stop the response until the client has read more of it."""
        super().pause_writing()
        self._update_waiting()

    def resume_writing(self) -> None:
        """Go on with the response."""
        super().resume_writing()
        self._update_waiting()

    def _update_waiting(self) -> None:
        """Tell the table of connections if the server waits for the client now."""
        if self._is_answering and not (self._is_pausing or self.flow.write_paused):
            self._connections.stop_waiting(self)
        else:
            self._connections.start_waiting(self)

    # What arrives.

    def data_received(self, data: bytes) -> None:
        """Parse what arrived, or keep it until the response to the request before."""
        if self._linger_bytes is not None:
            self._linger(len(data))
            return
        self._unread += data
        if not self._is_answering:
            self._reading.note(self.loop.time(), len(data), self._is_in_head)
        self._parse()

    def _parse(self) -> None:
        """Parse all complete parts, and stop reading if some may not be parsed yet."""
        while not (self._is_answering or self._linger_bytes is not None):
            size = self._head_size() if self._is_in_head else self._body_size()
            if not size:
                return
            piece = bytes(self._unread[:size])
            del self._unread[:size]
            self._silent_bytes += size
            super().data_received(piece)
        if self._unread:
            self.flow.pause_reading()

    def _head_size(self) -> int:
        """Return the size of a complete head; 0 if there is none, or if it is refused."""
        while self._unread.startswith(LINE_END):  # which a client may send between requests
            del self._unread[: len(LINE_END)]
        if self._unread and not self._unread[:1].isalpha():
            self.send_400_response("the request must begin with a method of HTTP/1.1")
            return 0
        end = self._unread.find(HEAD_END, 0, self._limits.head_bytes + len(HEAD_END))
        if end < 0 and len(self._unread) <= self._limits.head_bytes:
            return 0
        headers = self._unread.count(LINE_END, 0, max(end, 0))
        if end < 0 or end > self._limits.head_bytes or headers > self._limits.headers:
            self._refuse_head()
            return 0
        return end + len(HEAD_END)

    def _body_size(self) -> int:
        """Return the size of the next part of a body, which never reaches the next request."""
        if self._silent_bytes > MAX_SILENT_BYTES:
            self._refuse_head()
            return 0
        size = CHUNK_PART_BYTES if self._body_left is None else self._body_left
        return min(size, len(self._unread))

    def on_headers_complete(self) -> None:
        """Start the request, and note the size of its body."""
        length = next((value for name, value in self.headers if name == b"content-length"), None)
        self._body_left = int(length) if length else None
        self._is_in_head, self._silent_bytes = False, 0
        self._reading.start_body(self.loop.time())
        super().on_headers_complete()
        if self.parser.should_upgrade():  # which is refused, but the parser takes nothing after it
            self.cycle.keep_alive = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; a trailer, which follows the body, means nothing here."""
        if self._is_in_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        """Hand a part of the body over."""
        self._silent_bytes = 0
        if self._body_left is not None:
            self._body_left -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Stop parsing until the response is complete."""
        super().on_message_complete()
        self._is_in_head = True
        if self.cycle.response_complete:
            self._wait_for_request()
        else:
            self._is_answering = True
            self._reading.stop()
            self._update_waiting()

    def on_response_complete(self) -> None:
        """Go on with the next request; after a pause, if it came before the response."""
        super().on_response_complete()
        if self._is_answering and self._unread:
            self.flow.pause_reading()
            self._is_pausing = True
            self._update_waiting()
            self.loop.call_later(PIPELINE_PAUSE_S, self._go_on)
        elif self._is_answering:
            self._go_on()
        if self.reserved:
            self.transport.close()

    def _go_on(self) -> None:
        self._is_answering, self._is_pausing = False, False
        if self.transport.is_closing():
            return
        self._wait_for_request()
        self._update_waiting()
        if self._unread:
            self._reading.start_head(self.loop.time())
            self.flow.resume_reading()
            self._parse()

    def _wait_for_request(self) -> None:
        self._reading.start_waiting(self.loop.time())

    # What is refused.

    def check_deadlines(self, now: float) -> None:
        """Close the connection if its client sends or reads too slowly."""
        if self._writing.has_passed(now, self._wire.sent, self._wire.unsent):
            self._wire.abort()
        elif self.flow.read_paused:
            self._reading.postpone(now)  # the service is slow, and not the client
        elif self._reading.has_passed(now) and not self.transport.is_closing():
            self._time_out()

    def _time_out(self) -> None:
        if self._is_in_head and not self._unread:
            self._wire.abort()
        else:
            detail = "the request did not arrive in time"
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "request_timeout", detail)

    def _refuse_head(self) -> None:
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            "headers_too_large",
            f"headers: must be at most {self._limits.headers}, and at most "
            f"{self._limits.head_bytes:,} bytes with the request line",
        )

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, and close."""
        self._refuse(HTTPStatus.BAD_REQUEST, "bad_request", msg)

    def _refuse(self, status: HTTPStatus, code: str, detail: str) -> None:
        self._unread.clear()
        if self._linger_bytes is not None or (self.cycle and _is_half_sent(self.cycle)):
            self._wire.abort()
            return
        self._linger_bytes = 0
        self._wire.write(problem_message(status, code, detail))
        self._wire.write_eof()
        self._reading.start_linger(self.loop.time())

    def _linger(self, size: int) -> None:
        """Drop what a client sends after its refusal, until it closes or has sent too much."""
        self._linger_bytes = (self._linger_bytes or 0) + size
        if self._linger_bytes > MAX_LINGER_BYTES:
            self._wire.abort()


def _is_half_sent(cycle: RequestResponseCycle) -> bool:
    return cycle.response_started and not cycle.response_complete


def _network(address: str) -> str:
    """Return the address, or the network of an IPv6 address, of which a client has 2^64."""
    if ":" not in address:
        return address
    number = ipaddress.IPv6Address(address.partition("%")[0])
    return str(number.ipv4_mapped or ipaddress.IPv6Network((number, 64), strict=False))
