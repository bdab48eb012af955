"""Objects of the blob store in memory, each once for all who read it at the same time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from quantumtask.api.memory_budget import MemoryBudget
from quantumtask.shared.task import Blob

Fetch = Callable[[str, Blob], Awaitable[bytes]]
"""Returns the bytes of the object of a task."""


@dataclass(eq=False)
class _SharedObject:
    """An object on its way from the blob store, or in memory.

    Attributes:
        readers: The number of its readers.
        data: Its bytes.
        holder: The task that holds its memory until it is cancelled.
    """

    readers: int = 0
    data: "asyncio.Future[bytes]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    holder: "asyncio.Task[None] | None" = None


class SharedObjects:
    """Reads objects, each once for all of its readers. Belongs to one event loop.

    The first reader's client pays for the memory, until the last reader has left.
    """

    def __init__(self, fetch: Fetch, memory: MemoryBudget) -> None:
        self._fetch, self._memory = fetch, memory
        self._objects: dict[tuple[Blob, bool], _SharedObject] = {}

    @contextlib.asynccontextmanager
    async def open(
        self, task_id: str, blob: Blob, client: str, *, patient: bool
    ) -> AsyncIterator[bytes]:
        """Hold the memory of an object and yield its bytes.

        Raises:
            AnswersTooLarge: Other large answers hold the memory.
            ResultStoreUnavailable: The blob store does not answer.
            ResultDamaged: The object is gone, or not the one that was stored.
        """
        key = blob, patient
        shared = self._objects.get(key)
        if shared is None:
            shared = self._objects[key] = _SharedObject()
            hold = self._hold(shared, task_id, blob, client, patient)
            shared.holder = asyncio.create_task(hold)
        shared.readers += 1
        try:
            yield await asyncio.shield(shared.data)  # one that leaves takes it from nobody
        finally:
            shared.readers -= 1
            if not shared.readers:
                self._close(key, shared)

    async def _hold(
        self, shared: _SharedObject, task_id: str, blob: Blob, client: str, patient: bool
    ) -> None:
        """Read an object, and hold its memory until the task is cancelled."""
        try:
            async with self._memory.reserve(blob.size, client, patient=patient):
                shared.data.set_result(await self._fetch(task_id, blob))
                await asyncio.Event().wait()
        except Exception as error:  # of a store of blobs, too: raised to all readers
            shared.data.set_exception(error)

    def _close(self, key: tuple[Blob, bool], shared: _SharedObject) -> None:
        del self._objects[key]
        shared.data.cancel()
        if shared.holder:
            shared.holder.cancel()
