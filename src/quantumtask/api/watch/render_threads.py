"""Threads that render large answers, one bounded step at a time."""

import asyncio
import queue
import threading
import time
import zlib
from collections.abc import AsyncIterator, Iterator
from typing import TypeAlias

from quantumtask.api.futures import resolve_threadsafe

CHUNK_BYTES = 64 * 1024
"""Size from which pieces of an answer are sent together."""

STEP_S = 0.01
"""Time after which a step ends without a whole chunk: steps of other answers wait meanwhile."""

_Step: TypeAlias = "tuple[Iterator[bytes], asyncio.Future[bytes | None]]"

_THREADS = 2  # they share the interpreter's lock with the event loop; compression runs without it


class RenderThreads:
    """Runs the steps of all large answers in turn. Belongs to one event loop.

    An answer is an iterator of pieces, each of which takes some milliseconds at most. A step
    collects pieces up to CHUNK_BYTES; the next step begins when the client has read that far.
    """

    def __init__(self) -> None:
        self._steps: queue.SimpleQueue[_Step | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"render-{number}", daemon=True)
            for number in range(_THREADS)
        ]
        for thread in self._threads:
            thread.start()

    async def chunks(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the pieces of an answer, joined to chunks."""
        while (chunk := await self._step(pieces)) is not None:
            if chunk:
                yield chunk

    def stop(self) -> None:
        """End the threads after the steps that wait."""
        for _ in self._threads:
            self._steps.put(None)
        for thread in self._threads:
            thread.join()

    def _step(self, pieces: Iterator[bytes]) -> "asyncio.Future[bytes | None]":
        future: asyncio.Future[bytes | None] = asyncio.get_running_loop().create_future()
        self._steps.put((pieces, future))
        return future

    def _run(self) -> None:
        while step := self._steps.get():
            pieces, future = step
            if not future.cancelled():  # the client has left
                resolve_threadsafe([future], [_next_chunk(pieces)])


def _next_chunk(pieces: Iterator[bytes]) -> bytes | Exception | None:
    """Return the next chunk; None at the end."""
    chunk: list[bytes] = []
    size, end = 0, time.monotonic() + STEP_S
    try:
        for piece in pieces:
            chunk.append(piece)
            size += len(piece)
            if size >= CHUNK_BYTES or time.monotonic() > end:
                return b"".join(chunk)
    except Exception as error:  # of damaged data: raised to the sender of the answer
        return error
    return b"".join(chunk) if chunk else None


def compress(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield pieces compressed by gzip; nothing while the compressor collects its input."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    for piece in pieces:
        yield compressor.compress(piece)
    yield compressor.flush()
