"""Large results: read from the blob store, checked, and handed out in pieces."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator

from quantumtask.api.futures import resolve_threadsafe
from quantumtask.api.memory_budget import MemoryBudget
from quantumtask.api.serialization.task_json import ResultTexts, result_texts
from quantumtask.api.watch.shared_objects import SharedObjects
from quantumtask.shared.blobs import check_blob, open_blob_store, unpack_result
from quantumtask.shared.errors import QuantumTaskError, ResultDamaged, ResultStoreUnavailable
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Blob, Task

log = logging.getLogger(__name__)

_MAX_CONCURRENT = 4  # reads of the blob store
_RENDERING_BYTES = 512 * 1024
"""Memory of the pieces of one answer on their way from the object to the client."""


class ResultLoader:
    """Opens the results of tasks. Belongs to one event loop."""

    def __init__(self, settings: Settings, objects: MemoryBudget, pieces: MemoryBudget) -> None:
        """Open the blob store.

        Args:
            settings: The settings of the API.
            objects: The memory of objects, each of which is held once for all of its readers.
            pieces: The memory of what each reader has of its own. Who waits for it holds an object,
                and who holds it waits for nothing: that one comes second.
        """
        self._blobs = open_blob_store(settings)
        self._objects = SharedObjects(self._fetch, objects)
        self._pieces = pieces
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT)

    @contextlib.asynccontextmanager
    async def open(
        self, task: Task, client: str, *, patient: bool = False
    ) -> AsyncIterator[ResultTexts]:
        """Hold the memory of the result of a completed task and yield its texts.

        Raises:
            AnswersTooLarge: Other large answers hold the memory.
            ResultStoreUnavailable: The blob store does not answer.
            ResultDamaged: The object is gone, or not the one that was stored.
        """
        assert task.result
        blob = task.result.blob
        if blob is None:
            size = task.result.json_size + _RENDERING_BYTES
            async with self._pieces.reserve(size, client, patient=patient):
                yield result_texts(task.result)
            return
        async with (
            self._objects.open(task.id, blob, client, patient=patient) as data,
            self._pieces.reserve(_RENDERING_BYTES, client, patient=patient),
        ):
            yield unpack_result(data)

    async def _fetch(self, task_id: str, blob: Blob) -> bytes:
        future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

        def fetch() -> None:
            resolve_threadsafe([future], [self._fetch_or_error(task_id, blob)])

        async with self._slots:
            # A daemon thread: a blob store that hangs must not keep the process from ending.
            threading.Thread(target=fetch, name="result", daemon=True).start()
            return await future

    def _fetch_or_error(self, task_id: str, blob: Blob) -> bytes | Exception:
        try:
            data = self._blobs.get(blob.name)
            check_blob(blob, data)
        except QuantumTaskError as error:
            log.error(
                "large result could not be read",
                extra={"task_id": task_id, "object": blob.name, "reason": error.message},
            )
            return _public_error(task_id, error)
        except Exception as error:  # raised from the future
            return error
        return data


def _public_error(task_id: str, error: QuantumTaskError) -> QuantumTaskError:
    """Return the error for the client, with the task's id, which it may not have yet."""
    if isinstance(error, ResultStoreUnavailable):
        return ResultStoreUnavailable(
            f"the result of task {task_id} cannot be fetched now; try again"
        )
    return ResultDamaged(f"the result of task {task_id} is damaged or gone; run the circuit again")
