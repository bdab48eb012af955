"""Ringing the Worker, so that it looks for tasks now and not at its next poll."""

import asyncio
import json
import logging
import time
from typing import cast
from urllib.parse import urlsplit

log = logging.getLogger(__name__)

_LIMIT_S = 2.0
_AWAKE_S = 0.02


class Doorbell(asyncio.Protocol):
    """Rings one Worker, over one connection. Belongs to the event loop.

    A ring within a moment of another is left out, because a worker that has just been woken goes on
    looking by itself; so is one while another is under way. Nobody waits for its answer, and a lost
    one is fine.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._url, self._host, self._port = url, parts.hostname or "127.0.0.1", parts.port or 80
        self._transport: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._ring: bytes | None = None  # the one under way
        self._kept = False  # the connection has carried an answer
        self._heard = True
        self._asked_at = self._rung_at = 0.0

    def ring(self, task_id: str) -> None:
        """Asks for a ring and returns at once."""
        now = time.monotonic()
        slept, self._asked_at = now - self._asked_at > _AWAKE_S, now
        if slept and (self._ring is None or now - self._rung_at > _LIMIT_S):
            self._rung_at, self._ring = now, _request(task_id)
            self._send(self._ring)

    def stop(self) -> None:
        self._ring = None
        if self._connecting:
            self._connecting.cancel()
        if self._transport:
            self._transport.abort()

    def _send(self, ring: bytes) -> None:
        if self._transport:
            self._transport.write(ring)
        elif self._connecting is None or self._connecting.done():
            self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(_LIMIT_S):
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: self, self._host, self._port)
        except OSError:
            self._ring = None
            self._note(False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self._kept = cast(asyncio.Transport, transport), False
        if self._ring:
            self._transport.write(self._ring)

    def data_received(self, _: bytes) -> None:
        self._ring, self._kept = None, True
        self._note(True)

    def connection_lost(self, _: Exception | None) -> None:
        """The Worker closes a connection that was idle: a ring that met this is sent once more."""
        ring, self._ring, self._transport = self._ring, None, None
        if ring and self._kept:
            self._ring = ring
            self._send(ring)

    def _note(self, heard: bool) -> None:
        if heard != self._heard:
            words = "worker answers" if heard else "worker does not answer"
            log.info(words, extra={"url": self._url})
        self._heard = heard


def _request(task_id: str) -> bytes:
    body = json.dumps({"task_id": task_id})
    return (
        "POST /execute HTTP/1.1\r\nHost: worker\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
