"""Methods of the synchronous classes as coroutines, with the same signatures."""

from collections.abc import AsyncIterator, Callable, Coroutine, Iterable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from quantumtask.client.asynchronous.greenlets import drive, drive_iterator

_P = ParamSpec("_P")
_R = TypeVar("_R")
_S = TypeVar("_S")
T_co = TypeVar("T_co", covariant=True)


class AsyncObject(Protocol[T_co]):
    """Object for asyncio that wraps an object of the synchronous client."""

    @property
    def synchronous(self) -> T_co:
        """Object of the synchronous client. Do not call its methods from a coroutine."""


def awaited(
    method: Callable[Concatenate[_S, _P], _R],
) -> Callable[Concatenate[AsyncObject[_S], _P], Coroutine[Any, Any, _R]]:
    """Return a method as a coroutine."""

    @wraps(method)
    async def call(self: AsyncObject[_S], /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        return await drive(method, self.synchronous, *args, **kwargs)

    return call


def iterated(
    method: Callable[Concatenate[_S, _P], Iterable[_R]],
) -> Callable[Concatenate[AsyncObject[_S], _P], AsyncIterator[_R]]:
    """Return a method with an iterator as one with an asynchronous iterator."""

    @wraps(method)
    def call(self: AsyncObject[_S], /, *args: _P.args, **kwargs: _P.kwargs) -> AsyncIterator[_R]:
        return drive_iterator(lambda: method(self.synchronous, *args, **kwargs))

    return call
