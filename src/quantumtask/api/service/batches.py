"""What the API does with batches, without HTTP: checks, stores, reads and cancels them whole."""

import asyncio
import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from quantumtask.api import metrics
from quantumtask.api.ids import known_id
from quantumtask.api.service.write_batcher import Bundler
from quantumtask.api.watch.queries import TheBatch
from quantumtask.api.watch.watcher import Reader
from quantumtask.shared.api_store import Batch, Batches, NewBatch
from quantumtask.shared.errors import BatchNotFound, RequestError, StoreUnavailable
from quantumtask.shared.task import Submission, TaskSpec

MOST_TASKS = 1_000

_AGAIN_S = 0.01


@dataclass(frozen=True, slots=True)
class BatchSpec:
    """What a client asks for."""

    tasks: Sequence[TaskSpec]
    name: str | None = None
    tags: tuple[str, ...] = ()
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """A batch that is stored, and the ids of its tasks as they were given."""

    id: str
    task_ids: Sequence[str]
    repeated: bool = False
    """It was there already: the same key and the same body came again."""


class BatchService:
    """The API's side of a batch."""

    def __init__(
        self,
        submissions: Bundler[Submission | NewBatch, str],
        calls: Bundler[Callable[[Batches], Any], Any],
        reader: Reader,
        patience_s: float,
    ) -> None:
        self._submissions = submissions
        self._calls = calls
        self._reader = reader
        self._patience_s = patience_s

    async def store(self, batch: NewBatch) -> Taken:
        """Stores all tasks of a batch or none; returns once they are durable."""
        stored = await self._submissions(batch)
        if stored == batch.id:
            metrics.taken(len(batch.submissions))
            return Taken(stored, [each.id for each in batch.submissions])
        metrics.repeated()
        return Taken(stored, await self._calls(lambda store: store.tasks_of(stored)), repeated=True)

    async def get(self, batch_id: str, wait_s: float = 0.0) -> Batch:
        """The batch as it is, or as soon as all have ended if that is within `wait_s` seconds."""
        asked = TheBatch(known_id(batch_id, BatchNotFound))
        batch = await (self._reader.wait(asked, wait_s) if wait_s > 0 else self._reader.now(asked))
        if batch is None:
            raise BatchNotFound
        return batch

    async def cancel(self, batch_id: str) -> Batch:
        """Cancels all tasks that have not ended.

        One that is being written just now, claimed perhaps, is cancelled as soon as that is done.
        """
        end = time.monotonic() + self._patience_s
        batch = await self.get(batch_id)
        cancel = partial(Batches.cancel_batch, batch_id=batch.id)
        while batch.finished_at is None:
            if time.monotonic() > end:
                raise StoreUnavailable("the database is locked")
            cancelled: int = await self._calls(cancel)
            metrics.cancelled(cancelled)
            batch = await self.get(batch_id)
            if not cancelled and batch.finished_at is None:
                await asyncio.sleep(_AGAIN_S)
        return batch

    async def page(
        self,
        pending: bool | None,
        name: str | None,
        tag: str | None,
        before: int | None,
        most: int,
    ) -> list[Batch]:
        """Batches, newest first."""
        batches: list[Batch] = await self._calls(
            lambda store: store.page_of_batches(pending, name, tag, before, most)
        )
        return batches


def checked(
    spec: BatchSpec,
    check: Callable[[TaskSpec], None],
) -> None:
    """Raises what `check` has to say of the first task that it does not like, with its number."""
    for number, task in enumerate(spec.tasks):
        try:
            check(task)
        except RequestError as error:
            raise numbered(error, number) from None


def numbered(error: RequestError, number: int) -> RequestError:
    """The error of a request, told of a task of a batch."""
    return type(error)(f"tasks.{number}.{error.message}")


def digest(spec: BatchSpec, of_task: Callable[[TaskSpec], str]) -> str:
    """Tells batches under one Idempotency-Key apart, and from tasks."""
    parts = ["batch", spec.name or "", *spec.tags, "", *map(of_task, spec.tasks)]
    parts += [spec.metadata] if spec.metadata else []
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()
