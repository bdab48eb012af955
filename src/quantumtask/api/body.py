"""Reading a request's body, never more of it than the limit."""

import zlib
from collections.abc import AsyncIterable, Callable

from quantumtask.shared.errors import BodyTooLarge, InvalidRequest, UnsupportedEncoding

# zlib's window bits: 16 + n reads gzip, n reads zlib (which HTTP calls deflate).
_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read_body(
    chunks: AsyncIterable[bytes], encoding: str, declared: str, limit: int
) -> bytes:
    """The whole body, decompressed.

    `encoding` and `declared` are the Content-Encoding and Content-Length headers, "" where absent.
    Raises BodyTooLarge as soon as it is known that there is more than `limit` bytes, before or
    after decompression, without holding more than that.
    """
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    unpack = _unpacker(encoding.strip().lower(), limit)
    body, received = bytearray(), 0
    async for chunk in chunks:
        received += len(chunk)
        body += unpack(chunk, limit + 1 - len(body))
        if max(received, len(body)) > limit:
            raise _too_large(limit)
    return bytes(body)


def _unpacker(encoding: str, limit: int) -> Callable[[bytes, int], bytes]:
    if encoding in ("", "identity"):
        return lambda chunk, _: chunk
    if encoding not in _WINDOW:
        raise UnsupportedEncoding(f"Content-Encoding {encoding[:40]!r}: use gzip, deflate or none")
    stream = zlib.decompressobj(_WINDOW[encoding])

    def unpack(chunk: bytes, room: int) -> bytes:
        try:
            data = stream.decompress(chunk, room)
        except zlib.error:
            raise InvalidRequest(f"the body is not valid {encoding}") from None
        if stream.unconsumed_tail:
            raise _too_large(limit)
        return data

    return unpack


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"the body is larger than {limit:,} bytes, the most this service takes")
