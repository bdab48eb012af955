"""Streaming responses: server-sent events and NDJSON."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from quantumtask.api import metrics


class StreamResponse(Response):
    """Response that sends chunks as they come, no faster than the client reads them.

    When the client disconnects, the source of the chunks is closed at once.
    """

    def __init__(self, chunks: AsyncIterator[bytes], media_type: str) -> None:
        self._chunks = cast(AsyncGenerator[bytes, None], chunks)
        self.media_type = media_type
        self.status_code, self.background = 200, None
        # Neither cached nor buffered by a proxy (`x-accel-buffering` is nginx's header for that).
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]

    def render(self, _: object) -> bytes:
        """Return nothing: the content is sent by `__call__`."""
        return b""

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until it ends or the client disconnects."""
        with metrics.track_stream():
            sending = asyncio.ensure_future(self._send(send))
            disconnect = asyncio.ensure_future(_until_disconnect(receive))
            try:
                await asyncio.wait({sending, disconnect}, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
            finally:
                sending.cancel()
                disconnect.cancel()
                await asyncio.wait({sending, disconnect})

    async def _send(self, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        async with aclosing(self._chunks):
            await send({"type": "http.response.start", **start})
            async for chunk in self._chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await asyncio.sleep(0)  # lets the chunk leave, so that the next `send` blocks
            await send({"type": "http.response.body", "body": b""})


async def _until_disconnect(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
