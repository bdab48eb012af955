"""A transport with one socket write for each response, which knows how much the client read."""

import asyncio
from typing import Any


class CoalescingTransport:
    """Transport that sends everything written in one iteration of the event loop together.

    uvicorn writes the head and the body of a response one after the other. Two writes wake the
    client twice and cost both sides more than copying the body.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._buffer: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._written = 0

    def write(self, data: bytes) -> None:
        """Send data with all other data of this iteration."""
        if not self._buffer:
            self._loop.call_soon(self._flush)
        self._buffer.append(data)

    def close(self) -> None:
        """Send what was written, and close."""
        self._flush()
        self._transport.close()

    def write_eof(self) -> None:
        """Send what was written, and then the end."""
        self._flush()
        if self._transport.can_write_eof() and not self._transport.is_closing():
            self._transport.write_eof()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    @property
    def unsent(self) -> int:
        """Bytes that wait in this process until the client reads."""
        return self._transport.get_write_buffer_size()

    @property
    def sent(self) -> int:
        """Bytes that the operating system took."""
        return self._written - self.unsent

    def _flush(self) -> None:
        buffer, self._buffer = self._buffer, []
        if buffer and not self._transport.is_closing():  # the client may have disconnected
            data = b"".join(buffer)
            self._written += len(data)
            self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)
