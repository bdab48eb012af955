"""Large results on their way to a client: fetched and checked beside everything else."""

import asyncio
import gzip
import logging
import threading
from dataclasses import replace

from quantumtask.api.futures import deliver
from quantumtask.api.serialization.task_json import result_json
from quantumtask.shared.blobs import open_blobs, whole
from quantumtask.shared.errors import QuantumTaskError, ResultDamaged, ResultUnavailable
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Blob, Result, Task

log = logging.getLogger(__name__)

_AT_ONCE = 4  # each is in memory several times: packed, unpacked, as an answer


class Results:
    """Makes tasks whole whose result is not in the database. Belongs to one event loop."""

    def __init__(self, settings: Settings) -> None:
        self._blobs = open_blobs(settings)
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def whole(self, task: Task) -> Task:
        """The task with its result. Raises ResultUnavailable and ResultDamaged."""
        if task.result is None or task.result.blob is None:
            return task
        async with self._turns:
            return replace(task, result=await self._fetch(task.id, task.result, task.result.blob))

    async def rendered(self, task: Task, encoded: bool, packed: bool) -> bytes:
        """The result of a task that is whole, as it is sent; `packed`: in gzip."""

        def render() -> bytes:
            content = result_json(task, encoded)
            return gzip.compress(content, compresslevel=1, mtime=0) if packed else content

        async with self._turns:
            return await asyncio.to_thread(render)

    async def _fetch(self, task_id: str, result: Result, blob: Blob) -> Result:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def fetch() -> None:
            deliver([future], [self._fetched(task_id, result, blob)])

        threading.Thread(target=fetch, name="result", daemon=True).start()
        return await future

    def _fetched(self, task_id: str, result: Result, blob: Blob) -> Result | Exception:
        try:
            return whole(result, blob, self._blobs.get(blob.name))
        except QuantumTaskError as error:
            log.error(
                "a result cannot be read",
                extra={"task_id": task_id, "object": blob.name, "reason": error.message},
            )
            return _for_the_client(task_id, error)
        except Exception as error:
            return error


def _for_the_client(task_id: str, error: QuantumTaskError) -> QuantumTaskError:
    """With the task's id, which a client that submitted and waited does not have yet."""
    if isinstance(error, ResultUnavailable):
        return ResultUnavailable(f"the result of task {task_id} cannot be fetched now")
    return ResultDamaged(f"the result of task {task_id} is damaged or gone; run the circuit again")
