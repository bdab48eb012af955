"""Futures of an event loop, resolved from another thread."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

O = TypeVar("O")  # noqa: E741


def resolve_threadsafe(
    futures: Sequence["asyncio.Future[O]"], outcomes: Sequence[O | Exception]
) -> None:
    """Resolve futures of one event loop from another thread, waking the loop once.

    Args:
        futures: Futures of one loop; those that are done already are left alone.
        outcomes: The result of each future, or the exception to raise from it.
    """
    if futures:
        futures[0].get_loop().call_soon_threadsafe(_resolve, futures, outcomes)


def _resolve(futures: Sequence["asyncio.Future[O]"], outcomes: Sequence[O | Exception]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():  # the client disconnected, or the wait timed out
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
