"""Request bodies: read up to a limit, decompressed and parsed."""

import asyncio
import contextlib
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from quantumtask.api.http.query import find_client, find_header, get_service
from quantumtask.shared.errors import BodyTooLarge, InvalidRequest, UnsupportedEncoding
from quantumtask.shared.task import TaskSpec

# zlib's window bits: 16 + n reads gzip, n reads zlib (which HTTP calls deflate).
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


LARGE_BODY_BYTES = 64 * 1024
"""Size above which a body needs memory of the budget, and would delay other requests if it were
parsed in the event loop.
"""


async def read_body(
    receive: Receive,
    encoding: str,
    content_length: str,
    max_bytes: int,
    reserve: Callable[[int], Awaitable[object]],
) -> bytes:
    """Read a whole body and decompress it, never holding more than `max_bytes` of it.

    Args:
        receive: The ASGI callable that returns the chunks of the body.
        encoding: The Content-Encoding header, "" if absent.
        content_length: The Content-Length header, "" if absent.
        max_bytes: The limit, before and after decompression.
        reserve: Waits for so many bytes of memory; called once the body turns out to be large.

    Raises:
        BodyTooLarge: as soon as the body exceeds the limit.
        InvalidRequest: the body is not compressed as the header says.
        UnsupportedEncoding: the encoding is not gzip, deflate or identity.
        ClientDisconnect: the client disconnected before the end of the body.
    """
    if content_length.isdigit() and int(content_length) > max_bytes:
        raise _too_large(max_bytes)
    decoder = _Decoder(encoding.strip().lower())
    body, received, limit = bytearray(), 0, min(LARGE_BODY_BYTES, max_bytes)
    more = True
    while more:
        chunk, more = await _read_chunk(receive)
        received += len(chunk)
        body += decoder.decode(chunk, limit + 1 - len(body))
        if limit < len(body) <= max_bytes:
            size = content_length if content_length.isdigit() and not encoding else max_bytes
            await reserve(int(size))
            limit = max_bytes
            body += decoder.decode(decoder.rest, limit + 1 - len(body))
        if max(received, len(body)) > max_bytes:
            raise _too_large(max_bytes)
    decoder.check_end()
    return bytes(body)


async def _read_chunk(receive: Receive) -> tuple[bytes, bool]:
    """Return the next chunk, and True if more chunks follow."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


class _Decoder:
    """Decoder of a body, compressed or not.

    Attributes:
        rest: The part of the last chunk that was beyond its limit.
    """

    def __init__(self, encoding: str) -> None:
        self.rest = b""
        self._decompressor: zlib._Decompress | None = None
        if encoding in _WINDOW_BITS:
            self._decompressor = zlib.decompressobj(_WINDOW_BITS[encoding])
        elif encoding not in ("", "identity"):
            raise UnsupportedEncoding(
                f"Content-Encoding: must be gzip, deflate or identity; got {encoding[:40]!r}"
            )

    def decode(self, chunk: bytes, max_bytes: int) -> bytes:
        """Return at most `max_bytes`, at least one; exactly that many if there are more."""
        if not self._decompressor:
            self.rest = chunk[max_bytes:]
            return chunk[:max_bytes]
        try:
            data = self._decompressor.decompress(chunk, max_bytes)
        except zlib.error:
            raise InvalidRequest("body: must be compressed as its Content-Encoding says") from None
        self.rest = self._decompressor.unconsumed_tail
        return data

    def check_end(self) -> None:
        """Raise InvalidRequest unless the body was one whole stream of its encoding."""
        if self._decompressor and (not self._decompressor.eof or self._decompressor.unused_data):
            raise InvalidRequest("body: must be exactly one complete compressed stream")


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"body: must be at most {max_bytes:,} bytes, compressed and decompressed")


async def parse_without_blocking(parse: Callable[[bytes], TaskSpec], body: bytes) -> TaskSpec:
    """Return the task in a body, parsed in a thread if the body is large."""
    return parse(body) if len(body) <= LARGE_BODY_BYTES else await asyncio.to_thread(parse, body)


@contextlib.asynccontextmanager
async def open_body(request: Request) -> AsyncIterator[bytes]:
    """Hold the memory of a request's body, and yield the body, whole and decompressed.

    Raises:
        BodiesTooLarge: the body is large, and others hold the memory for large bodies.
        RequestError: as `read_body` does.
    """
    service = get_service(request)
    async with contextlib.AsyncExitStack() as stack:

        async def reserve(size: int) -> None:
            await stack.enter_async_context(service.bodies.reserve(size, find_client(request)))

        yield await read_body(
            request.receive,
            find_header(request, b"content-encoding") or "",
            find_header(request, b"content-length") or "",
            service.settings.max_body_bytes,
            reserve,
        )
