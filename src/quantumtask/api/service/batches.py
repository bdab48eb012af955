"""Batches without HTTP: validate, store, read and cancel them as a whole."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from quantumtask.api import metrics
from quantumtask.api.ids import parse_id
from quantumtask.api.service.micro_batcher import MicroBatcher
from quantumtask.api.service.submission_writer import Item
from quantumtask.api.watch.queries import BatchQuery
from quantumtask.api.watch.watcher import DatabaseWatcher
from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.audit import Sender
from quantumtask.shared.batch import Batch, NewBatch
from quantumtask.shared.errors import BatchNotFound, RequestError, StoreUnavailable
from quantumtask.shared.task import TaskSpec

MAX_BATCH_TASKS = 1_000

_RETRY_S = 0.01


@dataclass(frozen=True, slots=True)
class BatchSpec:
    """The request of a client to run several circuits."""

    tasks: Sequence[TaskSpec]
    name: str | None = None
    tags: tuple[str, ...] = ()
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class BatchReceipt:
    """A stored batch and the ids of its tasks, in the order of the request.

    Attributes:
        deduplicated: The batch was stored by an earlier request with the same key and body.
    """

    id: str
    task_ids: Sequence[str]
    deduplicated: bool = False


class BatchService:
    """The API's operations on batches.

    Args:
        submissions: Stores tasks and batches.
        calls: Calls functions with a store.
        watcher: Reads batches.
        lock_timeout_s: Time after which a locked database is unavailable.
    """

    def __init__(
        self,
        submissions: MicroBatcher[Item, Any],
        calls: MicroBatcher[Callable[[ApiStore], Any], Any],
        watcher: DatabaseWatcher,
        lock_timeout_s: float,
    ) -> None:
        self._submissions = submissions
        self._calls = calls
        self._watcher = watcher
        self._lock_timeout_s = lock_timeout_s

    async def store(self, batch: NewBatch) -> BatchReceipt:
        """Store all tasks of a batch or none; return once they are durable."""
        project = batch.project
        stored_id = await self._submissions(batch)
        if stored_id == batch.id:
            metrics.count_submissions(len(batch.submissions))
            return BatchReceipt(stored_id, [each.id for each in batch.submissions])
        metrics.count_deduplicated()
        task_ids = await self._calls(lambda store: store.batch_task_ids(project, stored_id))
        return BatchReceipt(stored_id, task_ids, deduplicated=True)

    async def get(self, project: str, batch_id: str, wait_s: float = 0.0) -> Batch:
        """Return the batch now, or as soon as all its tasks are final within `wait_s` seconds.

        Raises:
            BatchNotFound: there is no such batch.
        """
        query = BatchQuery(project, parse_id(batch_id, BatchNotFound))
        batch = await (
            self._watcher.read_when_due(query, wait_s) if wait_s > 0 else self._watcher.read(query)
        )
        if batch is None:
            raise BatchNotFound
        return batch

    async def task_ids(self, project: str, batch_id: str) -> list[str]:
        """Return the ids of the tasks of a batch in the order of the submission."""
        stored_id = parse_id(batch_id, BatchNotFound)
        ids: list[str] = await self._calls(lambda store: store.batch_task_ids(project, stored_id))
        return ids

    async def first_failure(self, project: str, batch_id: str) -> str | None:
        """Return the id of the first task of a batch that failed; None if none has failed."""
        stored_id = parse_id(batch_id, BatchNotFound)
        first: str | None = await self._calls(
            lambda store: store.first_batch_failure(project, stored_id)
        )
        return first

    async def cancel(self, project: str, batch_id: str, sender: Sender) -> Batch:
        """Cancel all tasks of a batch that are not final.

        A task whose row is locked, for example by the claim of a worker, is cancelled in a further
        round.

        Raises:
            BatchNotFound: there is no such batch.
            StoreUnavailable: a row stays locked for longer than the lock timeout.
        """
        deadline = time.monotonic() + self._lock_timeout_s
        batch = await self.get(project, batch_id)
        cancel = partial(ApiStore.cancel_batch, project=project, batch_id=batch.id, sender=sender)
        while batch.finished_at is None:
            if time.monotonic() > deadline:
                raise StoreUnavailable("the database is locked")
            cancelled: int = await self._calls(cancel)
            metrics.count_cancellations(cancelled)
            batch = await self.get(project, batch_id)
            if not cancelled and batch.finished_at is None:
                await asyncio.sleep(_RETRY_S)
        return batch

    async def list_batches(
        self,
        project: str,
        pending: bool | None,
        name: str | None,
        tag: str | None,
        before: int | None,
        limit: int,
    ) -> list[Batch]:
        """Return batches, newest first.

        Args:
            project: Only batches of this project.
            pending: Only batches with (True) or without (False) tasks that are not final.
            name: Only batches of this name.
            tag: Only batches with this tag.
            before: Only batches with a lower sequence.
            limit: Length of the page.
        """
        batches: list[Batch] = await self._calls(
            lambda store: store.list_batches(project, pending, name, tag, before, limit)
        )
        return batches


def replace_items(spec: BatchSpec, change: Callable[[TaskSpec], TaskSpec]) -> BatchSpec:
    """Return a batch with changed tasks; raise the error of the first one, with its index."""
    tasks: list[TaskSpec] = []
    for index, task in enumerate(spec.tasks):
        try:
            tasks.append(change(task))
        except RequestError as error:
            raise with_item_index(error, index) from None
    return replace(spec, tasks=tasks)


def with_item_index(error: RequestError, index: int) -> RequestError:
    """Return the error with the prefix `tasks.<index>.` in its message."""
    return type(error)(f"tasks.{index}.{error.message}")
