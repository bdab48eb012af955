"""Deletion of tasks and batches that have ended, and of their results."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from quantumtask.api.ids import parse_id
from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.audit import Sender
from quantumtask.shared.batch import Batch
from quantumtask.shared.blobs import open_blob_store
from quantumtask.shared.errors import (
    BatchNotFound,
    QuantumTaskError,
    TaskNotCompleted,
    TaskNotFound,
)
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Task

log = logging.getLogger(__name__)


class Deletion:
    """The API's deletions. What has been deleted cannot be read from then on."""

    def __init__(
        self, settings: Settings, calls: "MicroBatcher[Callable[[ApiStore], Any], Any]"
    ) -> None:
        self._calls = calls
        self._blobs = open_blob_store(settings)

    async def delete_task(self, project: str, task_id: str, sender: Sender) -> str:
        """Delete a task that has ended, with its result; return its id.

        Raises:
            TaskNotFound: there is no such task.
            TaskNotCompleted: the task waits or runs, or belongs to a batch.
        """
        stored_id = parse_id(task_id, TaskNotFound)
        deleted: tuple[Task | None, list[str]] = await self._calls(
            lambda store: store.delete(project, stored_id, sender)
        )
        task, blobs = deleted
        if task is None:
            raise TaskNotFound
        if not task.state.final:
            message = f"the task is {task.state}: cancel with POST /tasks/{task.id}/cancel first"
            raise TaskNotCompleted("task_not_finished", message)
        if task.batch is not None:
            message = f"the task belongs to a batch: delete that with DELETE /batches/{task.batch}"
            raise TaskNotCompleted("task_in_batch", message)
        log.info("task deleted", extra={"task_id": task.id})
        await self._delete_blobs(blobs)
        return task.id

    async def delete_batch(self, project: str, batch_id: str, sender: Sender) -> str:
        """Delete a batch whose tasks have all ended, with their results; return its id.

        Raises:
            BatchNotFound: there is no such batch.
            TaskNotCompleted: a task waits or runs.
        """
        stored_id = parse_id(batch_id, BatchNotFound)
        deleted: tuple[Batch | None, list[str]] = await self._calls(
            lambda store: store.delete_batch(project, stored_id, sender)
        )
        batch, blobs = deleted
        if batch is None:
            raise BatchNotFound
        if batch.finished_at is None:
            message = f"tasks wait or run: cancel with POST /batches/{batch.id}/cancel first"
            raise TaskNotCompleted("task_not_finished", message)
        log.info("batch deleted", extra={"batch_id": batch.id})
        await self._delete_blobs(blobs)
        return batch.id

    async def _delete_blobs(self, names: Sequence[str]) -> None:
        """Delete large results; what cannot be deleted now is deleted as an orphan later."""
        if not names:
            return
        try:
            await asyncio.to_thread(self._blobs.delete, names)
        except QuantumTaskError as error:
            log.warning("results not deleted", extra={"reason": error.message})
