"""Work for a client that ends when the client leaves."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeVar

R = TypeVar("R")

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class ClientLeft(Exception):
    """A client that has disconnected before its answer."""


async def unless_disconnected(receive: Receive, work: Awaitable[R]) -> R:
    """Return the outcome of the work; cancel the work as soon as the client disconnects.

    Args:
        receive: The ASGI function of a request whose body was read.
        work: What the client waits for.

    Raises:
        ClientLeft: The client has disconnected.
    """
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(until_disconnect(receive))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ClientLeft
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()
        await asyncio.wait({working, leaving})


async def until_disconnect(receive: Receive) -> None:
    """Return when the client has disconnected."""
    while (await receive())["type"] != "http.disconnect":
        pass
