"""Futures of an event loop, completed from another thread."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

O = TypeVar("O")  # noqa: E741


def deliver(futures: Sequence["asyncio.Future[O]"], answers: Sequence[O | Exception]) -> None:
    """Resolves futures of one event loop from another thread, waking the loop once."""
    if futures:
        futures[0].get_loop().call_soon_threadsafe(_resolve, futures, answers)


def _resolve(futures: Sequence["asyncio.Future[O]"], answers: Sequence[O | Exception]) -> None:
    for future, answer in zip(futures, answers, strict=True):
        if future.done():  # the client left, or its time was up
            continue
        if isinstance(answer, Exception):
            future.set_exception(answer)
        else:
            future.set_result(answer)
