"""Large results: loaded from the blob store, checked and rendered outside the event loop."""

import asyncio
import gzip
import logging
import threading
from dataclasses import replace

from quantumtask.api.futures import resolve_threadsafe
from quantumtask.api.serialization.task_json import result_json
from quantumtask.shared.blobs import open_blob_store, restore_result
from quantumtask.shared.errors import QuantumTaskError, ResultDamaged, ResultStoreUnavailable
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Blob, Result, Task

log = logging.getLogger(__name__)

_MAX_CONCURRENT = 4  # each result is in memory several times: compressed, decompressed, as JSON


class ResultLoader:
    """Completes tasks whose result is a blob. Belongs to one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._blobs = open_blob_store(settings)
        self._slots = asyncio.Semaphore(_MAX_CONCURRENT)

    async def load(self, task: Task) -> Task:
        """Return the task with its whole result; raise ResultStoreUnavailable or ResultDamaged."""
        if task.result is None or task.result.blob is None:
            return task
        async with self._slots:
            return replace(task, result=await self._fetch(task.id, task.result, task.result.blob))

    async def render(self, task: Task, encoded: bool, compressed: bool) -> bytes:
        """Return the result of a loaded task as JSON text.

        Args:
            task: A task with its whole result.
            encoded: Leave arrays in base64.
            compressed: Compress the text with gzip.
        """

        def to_bytes() -> bytes:
            content = result_json(task, encoded)
            return gzip.compress(content, compresslevel=1, mtime=0) if compressed else content

        async with self._slots:
            return await asyncio.to_thread(to_bytes)

    async def _fetch(self, task_id: str, result: Result, blob: Blob) -> Result:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def fetch() -> None:
            resolve_threadsafe([future], [self._fetch_or_error(task_id, result, blob)])

        # A daemon thread: a blob store that hangs must not keep the process from ending.
        threading.Thread(target=fetch, name="result", daemon=True).start()
        return await future

    def _fetch_or_error(self, task_id: str, result: Result, blob: Blob) -> Result | Exception:
        try:
            return restore_result(result, blob, self._blobs.get(blob.name))
        except QuantumTaskError as error:
            log.error(
                "large result could not be read",
                extra={"task_id": task_id, "object": blob.name, "reason": error.message},
            )
            return _public_error(task_id, error)
        except Exception as error:  # raised from the future
            return error


def _public_error(task_id: str, error: QuantumTaskError) -> QuantumTaskError:
    """Return the error for the client, with the task's id, which it may not have yet."""
    if isinstance(error, ResultStoreUnavailable):
        return ResultStoreUnavailable(
            f"the result of task {task_id} cannot be fetched now; try again"
        )
    return ResultDamaged(f"the result of task {task_id} is damaged or gone; run the circuit again")
