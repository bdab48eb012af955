"""The Store of the API: submissions, reads, lists, cancellations, and statistics of the queue.

Every read and every cancellation has a project: it finds the tasks and batches of that project, or
of every project for ALL_PROJECTS. All others do not exist for it.
"""

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from quantumtask.shared.activity_store import ActivityStore
from quantumtask.shared.admission import TtlCache
from quantumtask.shared.audit import LOCAL_SENDER, Sender
from quantumtask.shared.batch import Batch, BatchEvent, BatchVersion, ProjectVersion, TaskVersion
from quantumtask.shared.database.batch_rows import (
    BatchEventRow,
    BatchRow,
    BatchStateRow,
    DeletedBatchRow,
)
from quantumtask.shared.database.request_rows import RequestRow, spec_from_request_row
from quantumtask.shared.database.rows import (
    ChangeRow,
    DeletedTaskRow,
    ListedTaskRow,
    OwnerCountRow,
    TaskRow,
    TasksAheadRow,
    state_change_from_row,
    task_from_listed_row,
    task_from_row,
)
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.queue_stats import (
    MAX_TASKS_AHEAD,
    OwnerQueue,
    QueueStats,
    WorkerRate,
)
from quantumtask.shared.session_store import SessionStore
from quantumtask.shared.settings import Settings
from quantumtask.shared.submission_store import SubmissionStore
from quantumtask.shared.tag_store import TagStore
from quantumtask.shared.task import QueuePosition, StateChange, Task, TaskSpec, TaskState

_MAX_SEQUENCE = 2**63 - 1
_AFTER_DIGITS = "g"
"""A character after all digits and letters of a UUID."""
_MAX_CLOCK_ERROR_S = 3600.0
"""Largest difference between the clock of an API, which is in ids, and that of the database."""


class ApiStore(SubmissionStore, SessionStore, ActivityStore, TagStore):
    """The Store with the methods of the API. Each method is one transaction."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._queue_stats = TtlCache(self._read_queue_stats)

    # Tasks

    def cancel(self, project: str, task_id: str, sender: Sender = LOCAL_SENDER) -> Task | None:
        """Cancel a task unless it has ended; return the task, or None for an unknown id."""
        with self.transaction():
            cancelled = self._end("cancel", project=project, id=task_id)
            task = self.read(project, [task_id]).get(task_id)
            if cancelled and task:
                self._audit(sender, "cancel", "task", task_id, task.project, "cancelled")
        return task

    def read(self, project: str, ids: Iterable[str]) -> dict[str, Task]:
        """Return the tasks with these ids, with results and history; unknown ids are left out."""
        rows = self._select(TaskRow, "read_tasks", project=project, ids=list(ids))
        changes = self._read_changes([row.sequence for row in rows])
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

    def read_circuit(self, project: str, task_id: str) -> bytes | None:
        """Return the circuit of a task, in UTF-8; None for an unknown id."""
        circuits = self._column("read_circuit", project=project, id=task_id)
        return bytes(circuits[0]) if circuits else None

    def read_request(self, project: str, task_id: str) -> TaskSpec | None:
        """Return a task as it was submitted; None for an unknown id."""
        rows = self._select(RequestRow, "read_request", project=project, id=task_id)
        return spec_from_request_row(rows[0]) if rows else None

    def list_tasks(
        self,
        project: str,
        states: Iterable[TaskState] = tuple(TaskState),
        name: str | None = None,
        tag: str | None = None,
        before: int | None = None,
        limit: int = 20,
        *,
        owner: str | None = None,
        since: float = 0.0,
        id_prefix: str = "",
        name_prefix: str | None = None,
    ) -> list[Task]:
        """Return tasks, newest first, without the fields that can be large.

        Args:
            project: Only tasks of this project.
            states: Only tasks in one of these states.
            name: Only tasks with this name.
            tag: Only tasks with this tag.
            before: Only tasks older than the one with this sequence.
            limit: Largest number of tasks.
            owner: Only tasks of this owner.
            since: Only tasks submitted at this time, in seconds since 1970, or later.
            id_prefix: Only tasks whose id begins so.
            name_prefix: Only tasks whose name begins so, in the same upper and lower case.
        """
        query = "page" if project == ALL_PROJECTS else "page_by_project"
        if name is not None or tag is not None:
            query = "page_by_tag" if name is None else "page_by_name"
        sequences = self._column(
            "page_by_id" if id_prefix else query,
            project=project,
            states=[str(state) for state in states],
            name=name,
            tag=tag,
            before=_MAX_SEQUENCE if before is None else before,
            limit=limit,
            owner=owner,
            since=since,
            after=self._last_sequence_before(since),
            first_id=id_prefix,
            end_id=id_prefix + _AFTER_DIGITS,
            name_prefix=name_prefix,
        )
        rows = self._select(ListedTaskRow, "list_tasks", sequences=sequences)
        return [task_from_listed_row(row) for row in rows]

    def _last_sequence_before(self, since: float) -> int:
        """Return the sequence of a task that was submitted before a time; 0 without one."""
        digits = f"{max(0, int(1000 * (since - _MAX_CLOCK_ERROR_S))):012x}"
        first_id = f"{digits[:-4]}-{digits[-4:]}"
        sequences = self._column("last_sequence_before", id=first_id) if since else []
        return int(sequences[0]) if sequences else 0

    # Batches

    def batch_task_ids(self, project: str, batch_id: str) -> list[str]:
        """Return the ids of a batch's tasks in the order of the submission."""
        return self._column("batch_task_ids", project=project, batch=batch_id)

    def first_batch_failure(self, project: str, batch_id: str) -> str | None:
        """Return the id of the first task of a batch that failed; None if none has failed."""
        ids = self._column("first_batch_failure", project=project, batch=batch_id)
        return ids[0] if ids else None

    def cancel_batch(self, project: str, batch_id: str, sender: Sender = LOCAL_SENDER) -> int:
        """Cancel the unfinished tasks of a batch, except those that are being written now.

        Returns:
            The number of cancelled tasks.
        """
        with self.transaction():
            cancelled = self._end("cancel.batch", project=project, batch=batch_id)
            if cancelled:
                batch = self.read_batches(project, [batch_id])[batch_id]
                outcome = f"{len(cancelled)} tasks cancelled"
                self._audit(sender, "cancel", "batch", batch_id, batch.project, outcome)
        return len(cancelled)

    def read_batches(self, project: str, ids: Iterable[str]) -> dict[str, Batch]:
        """Return the batches with these ids, newest first; unknown ids are left out."""
        rows = self._select(BatchRow, "read_batches", project=project, ids=list(ids))
        states: dict[str, dict[TaskState, int]] = {row.id: {} for row in rows}
        for count in self._select(BatchStateRow, "count_batch_states", ids=list(states)):
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
                project=row.project,
            )
            for row in rows
        }

    def list_batches(
        self,
        project: str,
        pending: bool | None = None,
        name: str | None = None,
        tag: str | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> list[Batch]:
        """Return batches, newest first.

        Args:
            project: Only batches of this project.
            pending: True for batches with unfinished tasks, False for the others, None for all.
            name: Only batches with this name.
            tag: Only batches with this tag.
            before: Only batches older than the one with this sequence.
            limit: Largest number of batches.
        """
        query = "page_batches" if project == ALL_PROJECTS else "page_batches_by_project"
        if name is not None or tag is not None:
            query = "page_batches_by_tag" if name is None else "page_batches_by_name"
        ids = self._column(
            query,
            project=project,
            pending=None if pending is None else int(pending),
            name=name,
            tag=tag,
            before=_MAX_SEQUENCE if before is None else before,
            limit=limit,
        )
        return list(self.read_batches(project, ids).values())

    # Deletion

    def delete(
        self, project: str, task_id: str, sender: Sender = LOCAL_SENDER
    ) -> tuple[Task | None, list[str]]:
        """Delete a task that has ended and belongs to no batch; leave others as they are.

        Returns:
            The task before, None for an unknown id; and the names of blobs without a task.
        """
        with self.transaction():
            task = self.read(project, [task_id]).get(task_id)
            if task is None or not task.state.final or task.batch is not None:
                return task, []
            self._delete_tasks([task.sequence])
            self._audit(sender, "delete", "task", task.id, task.project, str(task.state))
        blob = task.result and task.result.blob
        return task, [blob.name] if blob else []

    def delete_batch(
        self, project: str, batch_id: str, sender: Sender = LOCAL_SENDER
    ) -> tuple[Batch | None, list[str]]:
        """Delete a batch with its tasks if all have ended; the results are those of `delete`."""
        with self.transaction():
            batch = self.read_batches(project, [batch_id]).get(batch_id)
            if batch is None or batch.finished_at is None:
                return batch, []
            tasks = self._select(DeletedTaskRow, "batch_tasks", batch=batch.id)
            self._delete_tasks([task.sequence for task in tasks])
            self._delete_batches([DeletedBatchRow(batch.sequence, batch.id)])
            self._audit(sender, "delete", "batch", batch.id, batch.project, f"{len(tasks)} tasks")
        return batch, [task.blob for task in tasks if task.blob]

    # Changes

    def now(self) -> float:
        """Return the time of the database, in seconds since 1970."""
        return float(self._value("clock"))

    def task_versions(self, project: str, ids: Iterable[str]) -> dict[str, TaskVersion]:
        """Return the versions of the tasks with these ids; unknown ids are left out."""
        rows = self._rows("task_versions", project=project, ids=list(ids))
        return {task_id: TaskVersion(*version) for task_id, *version in rows}

    def batch_versions(self, project: str, ids: Iterable[str]) -> dict[str, BatchVersion]:
        """Return the versions of the batches with these ids; unknown ids are left out."""
        rows = self._rows("batch_versions", project=project, ids=list(ids))
        return {batch_id: BatchVersion(*version) for batch_id, *version in rows}

    def project_versions(self, _: str, projects: Iterable[str]) -> dict[str, ProjectVersion]:
        """Return the versions of projects; a version changes with the state of any task."""
        rows = {each: self._rows("project_version", project=each) for each in projects}
        return {project: ProjectVersion(*row) for project, (row,) in rows.items()}

    def read_histories(
        self, project: str, ids: Iterable[str]
    ) -> dict[str, tuple[TaskVersion, list[StateChange]]]:
        """Return version and history of the tasks with these ids; unknown ids are left out.

        A history can be newer than the version, and is empty for a task that was removed meanwhile.
        """
        versions = self.task_versions(project, ids)
        changes = self._read_changes({version.sequence for version in versions.values()})
        return {
            task_id: (version, changes.get(version.sequence, []))
            for task_id, version in versions.items()
        }

    def _read_changes(self, sequences: Iterable[int]) -> dict[int, list[StateChange]]:
        """Return the histories of tasks by sequence; unknown sequences are left out."""
        changes: dict[int, list[StateChange]] = {}
        for row in self._select(ChangeRow, "read_changes", sequences=list(sequences)):
            changes.setdefault(row.sequence, []).append(state_change_from_row(row))
        return changes

    def read_batch_events(
        self, project: str, batch_id: str, after: int, limit: int
    ) -> list[BatchEvent]:
        """Return the moves of a batch's tasks after a place, in order.

        Moves of tasks that were deleted in the meantime are left out.
        """
        values = {"project": project, "batch": batch_id, "after": after, "limit": limit}
        rows = self._select(BatchEventRow, "read_batch_events", **values)
        return [BatchEvent(row.place, row.id, row.item, state_change_from_row(row)) for row in rows]

    def finished_tasks(
        self, project: str, batch_id: str, offset: int, limit: int
    ) -> list[tuple[int, str]]:
        """Return finished tasks of a batch as (number, id), in the order in which they finished.

        Args:
            project: The project of the batch.
            batch_id: The batch.
            offset: The first number to return; numbers count from 0.
            limit: Largest number of tasks.
        """
        values = {"project": project, "batch": batch_id, "offset": offset, "limit": limit}
        rows = self._rows("finished_batch_tasks", **values)
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
        """Write a row, to test that writing works, and look for room for more."""
        with self.transaction():
            self._rows("probe")
        self._database.check_room()

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
            OwnerQueue(project, owner, -rank, waiting[key], running[key])
            for key in waiting.keys() | running.keys()
            for project, owner, rank in [key]
        ]
        owners.sort(key=lambda each: (-each.waiting, -each.running, each.owner, each.priority))
        rate = self._worker_rate()
        oldest = self._column("oldest_submission")
        return QueueStats(tuple(owners), rate.workers, rate.slots, oldest[0] if oldest else None)

    def _owner_counts(self, query: str) -> Counter[tuple[str, str, int]]:
        rows = self._select(OwnerCountRow, query)
        return Counter({(row.project, row.owner, row.rank): row.tasks for row in rows})
