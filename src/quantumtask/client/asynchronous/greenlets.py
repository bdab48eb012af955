"""Synchronous code that awaits: it runs in a greenlet, which switches to the event loop to wait.

SQLAlchemy runs its synchronous core for asyncio in the same way. The same code serves both
clients, a waiting call needs no thread, and a cancellation arrives in the code where it waits.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Iterator
from typing import Any, ParamSpec, TypeVar

from greenlet import getcurrent, greenlet

_P = ParamSpec("_P")
_R = TypeVar("_R")

_END: Any = object()


async def drive(function: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
    """Call a function in a greenlet, and await what it passes to `wait_for`.

    An exception of what is awaited, also a cancellation, is raised in the function.
    """
    code = greenlet(lambda: function(*args, **kwargs), getcurrent())
    code.is_driven = True
    code.gr_context = getcurrent().gr_context
    answer = code.switch()
    while not code.dead:
        try:
            value = await answer
        except BaseException as error:  # CancelledError, too: the code closes what it has opened
            answer = code.throw(error)
        else:
            answer = code.switch(value)
    result: _R = answer
    return result


async def drive_iterator(create: Callable[[], Iterable[_R]]) -> AsyncIterator[_R]:
    """Yield what a synchronous iterator yields; each step, and its end, runs in a greenlet."""
    iterators: list[Iterator[_R]] = [await drive(lambda: iter(create()))]
    try:
        while (item := await drive(next, iterators[0], _END)) is not _END:
            yield item
    finally:
        await drive(iterators.clear)  # a generator closes its stream when its last reference goes


def wait_for(awaitable: Awaitable[_R]) -> _R:
    """Wait for an awaitable in code that `drive` has called."""
    code = getcurrent()
    if not getattr(code, "is_driven", False):
        if isinstance(awaitable, Coroutine):
            awaitable.close()
        raise RuntimeError("an AsyncClient was used outside of `await`")
    value: _R = code.parent.switch(awaitable)
    return value
