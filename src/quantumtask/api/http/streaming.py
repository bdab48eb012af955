"""Streaming responses: large answers, server-sent events and NDJSON."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, nullcontext, suppress
from types import MappingProxyType
from typing import cast

from fastapi import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from quantumtask.api import metrics
from quantumtask.api.http import errors
from quantumtask.api.http.authentication import credential_of
from quantumtask.api.service.authenticator import Authenticator
from quantumtask.shared.disconnect import ClientLeft, unless_disconnected

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class LargeResponse(Response):
    """Response that sends chunks as they come, no faster than the client reads them.

    When the client disconnects, the source of the chunks is closed at once, also while it opens.
    """

    def __init__(
        self,
        request: Request,
        source: AbstractAsyncContextManager[AsyncIterator[bytes]],
        media_type: str,
        headers: Mapping[str, str] = NO_HEADERS,
    ) -> None:
        """Create the response.

        Args:
            request: The request, for the log of an error.
            source: Opens the chunks; the response is a problem document if that, or the first
                chunk, raises.
            media_type: The media type of the content.
            headers: Further headers.
        """
        self._request, self._source = request, source
        self.media_type = media_type
        self.status_code, self.background = 200, None
        self.init_headers(headers)
        del self.headers["content-length"]

    def render(self, _: object) -> bytes:
        """Return nothing: the content is sent by `__call__`."""
        return b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the chunks until they end or the client disconnects."""
        with suppress(ClientLeft):
            await unless_disconnected(receive, self._send(scope, receive, send))

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as stack:
            try:
                chunks = await stack.enter_async_context(self._source)
                await stack.enter_async_context(aclosing(cast(AsyncGenerator[bytes], chunks)))
                first = await self._read_first(chunks)
            except Exception as error:  # as the handlers of errors in routes do
                response = errors.error_response(self._request, error)
                self.status_code = response.status_code
                await response(scope, receive, send)
            else:
                await self._send_chunks(send, first, chunks)

    async def _read_first(self, chunks: AsyncIterator[bytes]) -> bytes:
        """Return the first chunk, before which an error can still have a status of its own."""
        return await anext(chunks, b"")

    async def _send_chunks(self, send: Send, first: bytes, others: AsyncIterator[bytes]) -> None:
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        await _send_chunk(send, first)
        async for chunk in others:
            await _send_chunk(send, chunk)
        await send({"type": "http.response.body", "body": b""})


async def _send_chunk(send: Send, chunk: bytes) -> None:
    await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await asyncio.sleep(0)  # lets the chunk leave, so that the next `send` blocks


class StreamResponse(LargeResponse):
    """Response of events or results as they occur; a gauge counts these responses.

    Its head is sent at once: the first event may be far away. The response ends when the token of
    the request is revoked or expires; the client reconnects, and gets the reason.
    """

    def __init__(self, request: Request, chunks: AsyncIterator[bytes], media_type: str) -> None:
        # Neither cached nor buffered by a proxy (`x-accel-buffering` is nginx's header for that).
        headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
        known = _while_known(request, cast(AsyncGenerator[bytes], chunks))
        super().__init__(request, nullcontext(known), media_type, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the stream until it ends or the client disconnects."""
        with metrics.track_stream():
            await super().__call__(scope, receive, send)

    async def _read_first(self, _: AsyncIterator[bytes]) -> bytes:
        return b""


async def _while_known(request: Request, chunks: AsyncGenerator[bytes]) -> AsyncIterator[bytes]:
    """Yield chunks until the token or the session of a request is not valid any more."""
    authenticator: Authenticator = request.app.state.service.authenticator
    async with aclosing(chunks):
        async for chunk in chunks:
            if not await authenticator.knows(credential_of(request.scope)):
                return
            yield chunk
