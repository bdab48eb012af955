"""An answer whose end is not known when it begins, sent as it comes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import cast

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from quantumtask.api import metrics


class Stream(Response):
    """Sends pieces as they come, and no sooner than the client takes them.

    Once the client has left, nothing goes on for it.
    """

    def __init__(self, pieces: AsyncIterator[bytes], media_type: str) -> None:
        self._pieces = cast(AsyncGenerator[bytes, None], pieces)
        self.media_type = media_type
        self.status_code, self.background = 200, None
        # Neither kept by anybody nor gathered by a proxy.
        self.init_headers({"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]

    def render(self, _: object) -> bytes:
        return b""

    async def __call__(self, _: Scope, receive: Receive, send: Send) -> None:
        with metrics.streaming():
            sending = asyncio.ensure_future(self._send(send))
            leaving = asyncio.ensure_future(_left(receive))
            try:
                await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
                if sending.done():
                    sending.result()
            finally:
                sending.cancel()
                leaving.cancel()
                await asyncio.wait({sending, leaving})

    async def _send(self, send: Send) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        async with aclosing(self._pieces):
            await send({"type": "http.response.start", **start})
            async for piece in self._pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
                await asyncio.sleep(0)  # what was written leaves, and is felt if it cannot
            await send({"type": "http.response.body", "body": b""})


async def _left(receive: Receive) -> None:
    """Returns when the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass
