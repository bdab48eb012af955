"""Tasks for asyncio."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from quantumtask.client.asynchronous.greenlets import drive
from quantumtask.client.asynchronous.methods import AsyncObject, awaited, iterated
from quantumtask.client.connection import Json
from quantumtask.client.task import Task

_P = ParamSpec("_P")
_S = TypeVar("_S")


class AsyncTask:
    """Task of the service. Its methods are those of `Task`, and are awaited."""

    def __init__(self, synchronous: Task) -> None:
        self.synchronous = synchronous

    @property
    def id(self) -> str:
        """Id of the task."""
        return self.synchronous.id

    @property
    def known(self) -> Json:
        """Last answer of the service about the task."""
        return self.synchronous.known

    status = awaited(Task.status)
    progress = awaited(Task.progress)
    info = awaited(Task.info)
    wait = awaited(Task.wait)
    result = awaited(Task.result)
    circuit = awaited(Task.circuit)
    cancel = awaited(Task.cancel)
    delete = awaited(Task.delete)
    events = iterated(Task.events)

    def __repr__(self) -> str:
        return f"Async{self.synchronous!r}"

    def _repr_html_(self) -> str:
        return self.synchronous._repr_html_()


def awaited_task(
    method: Callable[Concatenate[_S, _P], Task],
) -> Callable[Concatenate[AsyncObject[_S], _P], Coroutine[Any, Any, AsyncTask]]:
    """Return a method with a task as a coroutine."""

    @wraps(method)
    async def call(self: AsyncObject[_S], /, *args: _P.args, **kwargs: _P.kwargs) -> AsyncTask:
        return AsyncTask(await drive(method, self.synchronous, *args, **kwargs))

    return call
