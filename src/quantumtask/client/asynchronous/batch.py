"""Batches for asyncio."""

from collections.abc import AsyncIterator, Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from quantumtask.client.asynchronous.greenlets import drive
from quantumtask.client.asynchronous.methods import AsyncObject, awaited, iterated
from quantumtask.client.batch import Batch, Outcome
from quantumtask.client.connection import Json

_P = ParamSpec("_P")
_S = TypeVar("_S")


class AsyncBatch:
    """Batch of tasks. Its methods are those of `Batch`, and are awaited.

    `async for` yields an `Outcome` for each task, as the tasks end.
    """

    def __init__(self, synchronous: Batch) -> None:
        self.synchronous = synchronous

    @property
    def id(self) -> str:
        """Id of the batch."""
        return self.synchronous.id

    @property
    def known(self) -> Json:
        """Last answer of the service about the batch."""
        return self.synchronous.known

    info = awaited(Batch.info)
    status = awaited(Batch.status)
    results = awaited(Batch.results)
    cancel = awaited(Batch.cancel)
    delete = awaited(Batch.delete)
    outcomes = iterated(Batch.outcomes)
    lines = iterated(Batch.lines)
    events = iterated(Batch.events)

    def __aiter__(self) -> AsyncIterator[Outcome]:
        return self.outcomes()

    def __len__(self) -> int:
        return len(self.synchronous)

    def __repr__(self) -> str:
        return f"Async{self.synchronous!r}"

    def _repr_html_(self) -> str:
        return self.synchronous._repr_html_()


def awaited_batch(
    method: Callable[Concatenate[_S, _P], Batch],
) -> Callable[Concatenate[AsyncObject[_S], _P], Coroutine[Any, Any, AsyncBatch]]:
    """Return a method with a batch as a coroutine."""

    @wraps(method)
    async def call(self: AsyncObject[_S], /, *args: _P.args, **kwargs: _P.kwargs) -> AsyncBatch:
        return AsyncBatch(await drive(method, self.synchronous, *args, **kwargs))

    return call
