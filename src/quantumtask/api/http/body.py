"""Reading a request's body, never more of it than the limit."""

import asyncio
import zlib
from collections.abc import Callable

from fastapi import Request
from starlette.requests import ClientDisconnect
from starlette.types import Receive

from quantumtask.api.http.query import (
    service_of,
)
from quantumtask.shared.errors import BodyTooLarge, InvalidRequest, UnsupportedEncoding
from quantumtask.shared.task import TaskSpec

# zlib's window bits: 16 + n reads gzip, n reads zlib (which HTTP calls deflate).
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read_body(receive: Receive, encoding: str, declared: str, limit: int) -> bytes:
    """The whole body, decompressed.

    `encoding` and `declared` are the Content-Encoding and Content-Length headers, "" where absent.
    Raises BodyTooLarge as soon as it is known that there is more than `limit` bytes, before or
    after decompression, without holding more than that; ClientDisconnect if it never comes.
    """
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    stream = _stream(encoding.strip().lower())
    body, received = bytearray(), 0
    more = True
    while more:
        chunk, more = await _chunk(receive)
        received += len(chunk)
        body += _unpacked(stream, chunk, limit + 1 - len(body)) if stream else chunk
        if max(received, len(body)) > limit:
            raise _too_large(limit)
    if stream and (not stream.eof or stream.unused_data):
        raise InvalidRequest("the compressed body is cut off, or more than one")
    return bytes(body)


async def _chunk(receive: Receive) -> tuple[bytes, bool]:
    """The next piece, and whether another one follows."""
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    return message.get("body", b""), message.get("more_body", False)


def _stream(encoding: str) -> "zlib._Decompress | None":
    """What unpacks this encoding; None where nothing has to."""
    if encoding in ("", "identity"):
        return None
    if encoding not in _WINDOW:
        raise UnsupportedEncoding(f"Content-Encoding {encoding[:40]!r}: use gzip, deflate or none")
    return zlib.decompressobj(_WINDOW[encoding])


def _unpacked(stream: "zlib._Decompress", chunk: bytes, most: int) -> bytes:
    """At most `most` bytes: where there are more, what is returned is that long."""
    try:
        return stream.decompress(chunk, most)
    except zlib.error:
        raise InvalidRequest("the body is not compressed as Content-Encoding says") from None


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {limit:,} bytes, the most this service takes")


LARGE_BODY = 64 * 1024
"""Bytes from which a body takes so long to check that nobody else should wait for it."""


async def parse_body(parse: Callable[[bytes], TaskSpec], body: bytes) -> TaskSpec:
    """Return the task in a body. A large body is parsed in a thread, so that others do not wait."""
    return parse(body) if len(body) < LARGE_BODY else await asyncio.to_thread(parse, body)


async def body_of(request: Request) -> bytes:
    """The whole body of a request, unpacked."""
    headers = request.headers
    return await read_body(
        request.receive,
        headers.get("content-encoding", ""),
        headers.get("content-length", ""),
        service_of(request).settings.max_body_bytes,
    )
