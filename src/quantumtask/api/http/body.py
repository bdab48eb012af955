"""Request bodies: read up to a limit, decompressed and parsed."""

import asyncio
import zlib
from collections.abc import Callable

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from quantumtask.api.http.query import get_service
from quantumtask.shared.errors import BodyTooLarge, InvalidRequest, UnsupportedEncoding
from quantumtask.shared.task import TaskSpec

# zlib's window bits: 16 + n reads gzip, n reads zlib (which HTTP calls deflate).
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read_body(receive: Receive, encoding: str, content_length: str, max_bytes: int) -> bytes:
    """Read a whole body and decompress it, never holding more than `max_bytes` of it.

    Args:
        receive: The ASGI callable that returns the chunks of the body.
        encoding: The Content-Encoding header, "" if absent.
        content_length: The Content-Length header, "" if absent.
        max_bytes: The limit, before and after decompression.

    Raises:
        BodyTooLarge: as soon as the body exceeds the limit.
        InvalidRequest: the body is not compressed as the header says.
        UnsupportedEncoding: the encoding is not gzip, deflate or identity.
        ClientDisconnect: the client disconnected before the end of the body.
    """
    if content_length.isdigit() and int(content_length) > max_bytes:
        raise _too_large(max_bytes)
    decompressor = _decompressor(encoding.strip().lower())
    body, received = bytearray(), 0
    more = True
    while more:
        chunk, more = await _read_chunk(receive)
        received += len(chunk)
        if decompressor:
            chunk = _decompress(decompressor, chunk, max_bytes + 1 - len(body))
        body += chunk
        if max(received, len(body)) > max_bytes:
            raise _too_large(max_bytes)
    if decompressor and (not decompressor.eof or decompressor.unused_data):
        raise InvalidRequest("body: must be exactly one complete compressed stream")
    return bytes(body)


async def _read_chunk(receive: Receive) -> tuple[bytes, bool]:
    """Return the next chunk, and True if more chunks follow."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _decompressor(encoding: str) -> "zlib._Decompress | None":
    """Return the decompressor for an encoding; None for a body that is not compressed."""
    if encoding in ("", "identity"):
        return None
    if encoding not in _WINDOW_BITS:
        raise UnsupportedEncoding(
            f"Content-Encoding: must be gzip, deflate or identity; got {encoding[:40]!r}"
        )
    return zlib.decompressobj(_WINDOW_BITS[encoding])


def _decompress(decompressor: "zlib._Decompress", chunk: bytes, max_bytes: int) -> bytes:
    """Return at most `max_bytes`; exactly that many if there are more."""
    try:
        return decompressor.decompress(chunk, max_bytes)
    except zlib.error:
        raise InvalidRequest("body: must be compressed as its Content-Encoding says") from None


def _too_large(max_bytes: int) -> BodyTooLarge:
    return BodyTooLarge(f"body: must be at most {max_bytes:,} bytes, compressed and decompressed")


LARGE_BODY_BYTES = 64 * 1024
"""Size from which a body takes so long to parse that it would delay other requests."""


async def parse_without_blocking(parse: Callable[[bytes], TaskSpec], body: bytes) -> TaskSpec:
    """Return the task in a body, parsed in a thread if the body is large."""
    return parse(body) if len(body) < LARGE_BODY_BYTES else await asyncio.to_thread(parse, body)


async def read_request_body(request: Request) -> bytes:
    """Return the whole decompressed body of a request; raise as `read_body` does."""
    headers = request.headers
    return await read_body(
        request.receive,
        headers.get("content-encoding", ""),
        headers.get("content-length", ""),
        get_service(request).settings.max_body_bytes,
    )
