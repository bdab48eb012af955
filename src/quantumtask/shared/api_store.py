"""The Store of the API: submissions, reads, lists, cancellations, and statistics of the queue."""

import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from quantumtask.shared.admission import TtlCache
from quantumtask.shared.batch import Batch, BatchEvent, BatchVersion, TaskVersion
from quantumtask.shared.database.rows import (
    BatchEventRow,
    BatchRow,
    BatchStateRow,
    ChangeRow,
    ListedTaskRow,
    OwnerCountRow,
    TaskRow,
    TasksAheadRow,
    state_change_from_row,
    task_from_listed_row,
    task_from_row,
)
from quantumtask.shared.queue_stats import MAX_TASKS_AHEAD, OwnerQueue, QueueStats, WorkerRate
from quantumtask.shared.settings import Settings
from quantumtask.shared.submission_store import SubmissionStore
from quantumtask.shared.task import QueuePosition, StateChange, Task, TaskState

_MAX_SEQUENCE = 2**63 - 1


class ApiStore(SubmissionStore):
    """The Store with the methods of the API. Each method is one transaction."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._queue_stats = TtlCache(self._read_queue_stats)

    # Tasks

    def cancel(self, task_id: str) -> Task | None:
        """Cancel a task unless it has ended; return the task, or None for an unknown id."""
        with self.transaction():
            self._move("cancel", id=task_id)
            return self.read([task_id]).get(task_id)

    def read(self, ids: Iterable[str]) -> dict[str, Task]:
        """Return the tasks with these ids, with results and history; unknown ids are left out."""
        rows = self._select(TaskRow, "read_tasks", ids=list(ids))
        changes = self.read_changes([row.sequence for row in rows])
        rate = cache(self._worker_rate)
        return {row.id: self._task(row, tuple(changes.get(row.sequence, ())), rate) for row in rows}

    def _task(
        self, row: TaskRow, changes: tuple[StateChange, ...], rate: Callable[[], WorkerRate]
    ) -> Task:
        """Return a task, with its position in the queue while it waits."""
        task = task_from_row(row, changes)
        if task.state is not TaskState.SUBMITTED:
            return task
        ahead = self._tasks_ahead(row.rank, row.fair, row.sequence)
        position = QueuePosition(
            position=ahead.tasks + 1,
            starts_in_s=rate().seconds_for(ahead.work_ms),
            at_least=ahead.tasks >= MAX_TASKS_AHEAD,
        )
        return replace(task, queue_position=position)

    def read_circuit(self, task_id: str) -> str | None:
        """Return the circuit of a task; None for an unknown id."""
        circuits = self._column("read_circuit", id=task_id)
        return bytes(circuits[0]).decode() if circuits else None

    def list_tasks(
        self,
        states: Iterable[TaskState] = tuple(TaskState),
        name: str | None = None,
        tag: str | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> list[Task]:
        """Return tasks, newest first, without the fields that can be large.

        Args:
            states: Only tasks in one of these states.
            name: Only tasks with this name.
            tag: Only tasks with this tag.
            before: Only tasks older than the one with this sequence.
            limit: Largest number of tasks.
        """
        query = "page_by_name" if name is not None else "page" if tag is None else "page_by_tag"
        sequences = self._column(
            query,
            states=[str(state) for state in states],
            name=name,
            tag=tag,
            before=_MAX_SEQUENCE if before is None else before,
            limit=limit,
        )
        rows = self._select(ListedTaskRow, "list_tasks", sequences=sequences)
        return [task_from_listed_row(row) for row in rows]

    # Batches

    def batch_task_ids(self, batch_id: str) -> list[str]:
        """Return the ids of a batch's tasks in the order of the submission."""
        return self._column("batch_task_ids", batch=batch_id)

    def cancel_batch(self, batch_id: str) -> int:
        """Cancel the unfinished tasks of a batch, except those that are being written now.

        Returns:
            The number of cancelled tasks.
        """
        return len(self._move("cancel.batch", batch=batch_id))

    def read_batches(self, ids: Iterable[str]) -> dict[str, Batch]:
        """Return the batches with these ids, newest first; unknown ids are left out."""
        id_list = list(ids)
        rows = self._select(BatchRow, "read_batches", ids=id_list)
        states: dict[str, dict[TaskState, int]] = {row.id: {} for row in rows}
        for count in self._select(BatchStateRow, "count_batch_states", ids=id_list):
            states.setdefault(count.batch, {})[TaskState(count.state)] = count.tasks
        return {
            row.id: Batch(
                id=row.id,
                sequence=row.sequence,
                name=row.name,
                tags=tuple(json.loads(row.tags)),
                size=row.size,
                submitted_at=row.submitted_at,
                finished_at=row.finished_at,
                states=states[row.id],
                metadata=row.metadata,
            )
            for row in rows
        }

    def list_batches(
        self,
        pending: bool | None = None,
        name: str | None = None,
        tag: str | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> list[Batch]:
        """Return batches, newest first.

        Args:
            pending: True for batches with unfinished tasks, False for the others, None for all.
            name: Only batches with this name.
            tag: Only batches with this tag.
            before: Only batches older than the one with this sequence.
            limit: Largest number of batches.
        """
        query = "page_batches"
        if name is not None or tag is not None:
            query = "page_batches_by_tag" if name is None else "page_batches_by_name"
        ids = self._column(
            query,
            pending=None if pending is None else int(pending),
            name=name,
            tag=tag,
            before=_MAX_SEQUENCE if before is None else before,
            limit=limit,
        )
        return list(self.read_batches(ids).values())

    # Changes

    def task_versions(self, ids: Iterable[str]) -> dict[str, TaskVersion]:
        """Return the versions of the tasks with these ids; unknown ids are left out."""
        rows = self._rows("task_versions", ids=list(ids))
        return {task_id: TaskVersion(*version) for task_id, *version in rows}

    def batch_versions(self, ids: Iterable[str]) -> dict[str, BatchVersion]:
        """Return the versions of the batches with these ids; unknown ids are left out."""
        rows = self._rows("batch_versions", ids=list(ids))
        return {batch_id: BatchVersion(*version) for batch_id, *version in rows}

    def read_changes(self, sequences: Iterable[int]) -> dict[int, list[StateChange]]:
        """Return the histories of tasks by sequence; unknown sequences are left out."""
        changes: dict[int, list[StateChange]] = {}
        for row in self._select(ChangeRow, "read_changes", sequences=list(sequences)):
            changes.setdefault(row.sequence, []).append(state_change_from_row(row))
        return changes

    def read_batch_events(self, batch_id: str, after: int, limit: int) -> list[BatchEvent]:
        """Return the moves of a batch's tasks after a place, in order.

        Moves of tasks that were deleted in the meantime are left out.
        """
        rows = self._select(
            BatchEventRow, "read_batch_events", batch=batch_id, after=after, limit=limit
        )
        return [BatchEvent(row.place, row.id, row.item, state_change_from_row(row)) for row in rows]

    def finished_tasks(self, batch_id: str, offset: int, limit: int) -> list[tuple[int, str]]:
        """Return finished tasks of a batch as (number, id), in the order in which they finished.

        Args:
            batch_id: The batch.
            offset: The first number to return; numbers count from 0.
            limit: Largest number of tasks.
        """
        rows = self._rows("finished_batch_tasks", batch=batch_id, offset=offset, limit=limit)
        return [(number, task_id) for number, task_id in rows]

    # The queue

    def queue_stats(self) -> QueueStats:
        """Return the statistics of the queue, owners with most waiting tasks first; cached."""
        return self._queue_stats.get()

    def expected_wait_s(self) -> float | None:
        """Return the predicted wait of a new task of priority 0; None if there is no worker.

        The work of the first MAX_TASKS_AHEAD tasks is read and, if more wait, extrapolated.
        """
        ahead = self._tasks_ahead(0, sys.float_info.max, _MAX_SEQUENCE)
        factor = 1.0
        if ahead.tasks == MAX_TASKS_AHEAD:
            factor = max(1.0, self.queue_stats().waiting / ahead.tasks)
        return self._worker_rate().seconds_for(factor * ahead.work_ms)

    def has_live_worker(self) -> bool:
        """Return True if a worker has sent a heartbeat lately."""
        return self._worker_rate().workers > 0

    def probe(self) -> None:
        """Write a row, to test that writing works."""
        self._rows("probe")

    def _tasks_ahead(self, rank: int, virtual_start: float, sequence: int) -> TasksAheadRow:
        """Return the number and the work of the tasks that run before this position."""
        values = {"rank": rank, "virtual_start": virtual_start, "sequence": sequence}
        [ahead] = self._select(TasksAheadRow, "tasks_ahead", **values, limit=MAX_TASKS_AHEAD)
        return ahead

    def _worker_rate(self) -> WorkerRate:
        within_s = 3 * self._settings.renew_s
        [rate] = self._select(WorkerRate, "worker_rate", within_s=within_s)
        return rate

    def _read_queue_stats(self) -> QueueStats:
        waiting = self._owner_counts("count_waiting_by_owner")
        running = self._owner_counts("count_running_by_owner")
        owners = [
            OwnerQueue(owner, -rank, waiting.get((owner, rank), 0), running.get((owner, rank), 0))
            for owner, rank in waiting.keys() | running.keys()
        ]
        owners.sort(key=lambda each: (-each.waiting, -each.running, each.owner, each.priority))
        rate = self._worker_rate()
        oldest = self._column("oldest_submission")
        return QueueStats(tuple(owners), rate.workers, rate.slots, oldest[0] if oldest else None)

    def _owner_counts(self, query: str) -> dict[tuple[str, int], int]:
        return {(row.owner, row.rank): row.tasks for row in self._select(OwnerCountRow, query)}
