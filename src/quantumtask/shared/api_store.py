"""Tasks that are submitted, watched and cancelled together: what the Store does for the API."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from quantumtask.shared.database.rows import state_change_from_row
from quantumtask.shared.db import Store
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.task import FINAL_STATES, StateChange, Submission, TaskState


@dataclass(frozen=True, slots=True)
class NewBatch:
    """Tasks to be stored together under `id`, or to be recognised by their idempotency `key`."""

    id: str
    submissions: tuple[Submission, ...]
    name: str | None = None
    tags: tuple[str, ...] = ()
    key: str | None = None
    digest: str = ""
    metadata: str | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the Store tells it: `states` has how many of its tasks are in which.

    `finished_at`: when the last of them ended. Times are seconds since 1970.
    """

    id: str
    sequence: int
    name: str | None
    tags: tuple[str, ...]
    size: int
    submitted_at: float
    finished_at: float | None
    states: Mapping[TaskState, int]
    metadata: str | None = None


class TaskVersion(NamedTuple):
    """Is another one whenever anything has happened to a task."""

    state: str
    attempt: int
    sequence: int

    @property
    def final(self) -> bool:
        return self.state in FINAL_STATES


class BatchVersion(NamedTuple):
    """How many changes of state the tasks of a batch had, and how many of them have ended."""

    events: int
    ended: int
    size: int

    @property
    def final(self) -> bool:
        return self.ended == self.size


class BatchEvent(NamedTuple):
    """A change of a batch's task; `place` counts all of the batch's from 1."""

    place: int
    task_id: str
    item: int
    change: StateChange


class ApiStore(Store):
    """The Store, for who takes batches and watches them. Each method is one transaction."""

    def submit_batch(self, batch: NewBatch) -> str | QuantumTaskError:
        """Stores all tasks of a batch, or none: gives its id, or why it was not taken."""
        with self.transaction():
            if batch.key:
                self._rows("forget_keys")
            self._room.look()
            answer = self._answer_batch(batch)
            if answer == batch.id:
                self._insert_batch(batch)
        return answer

    def _answer_batch(self, batch: NewBatch) -> str | QuantumTaskError:
        if known := self._known(batch):
            return known
        owners = Counter(submission.spec.owner for submission in batch.submissions)
        if refusal := self._room.refusal_of(owners):
            return refusal
        if not self._remember(batch) and (known := self._known(batch)):
            return known
        for owner, tasks in owners.items():
            self._room.take(owner, tasks)
        return batch.id

    def _insert_batch(self, batch: NewBatch) -> None:
        tags, size = json.dumps(batch.tags), len(batch.submissions)
        values = {"id": batch.id, "name": batch.name, "tags": tags, "size": size}
        sequence = self._value("insert_batch", **values, metadata=batch.metadata)
        self._each("insert_batch_tag", ({"sequence": sequence, "tag": tag} for tag in batch.tags))
        self._insert(batch.submissions)

    def read_circuit(self, task_id: str) -> str | None:
        """The text of a task's circuit; None if there is no such task."""
        rows = self._rows("read_circuit", id=task_id)
        return bytes(rows[0][0]).decode() if rows else None

    def batch_task_ids(self, batch_id: str) -> list[str]:
        """The ids of a batch's tasks, in the order in which they were given."""
        return [row[0] for row in self._rows("tasks_of", batch=batch_id)]

    def cancel_batch(self, batch_id: str) -> int:
        """Cancels the tasks that have not ended and that nobody is writing just now; how many."""
        return len(self._move("cancel.batch", batch=batch_id))

    def read_batches(self, ids: Iterable[str]) -> dict[str, Batch]:
        """The batches with these ids, newest first; unknown ids are left out."""
        asked = list(ids)
        rows = self._rows("read_batches", ids=asked)
        states: dict[str, dict[TaskState, int]] = {row[0]: {} for row in rows}
        for batch_id, state, tasks in self._rows("batch_states", ids=asked):
            states.setdefault(batch_id, {})[TaskState(state)] = tasks
        found = {}
        for batch_id, sequence, name, tags, size, submitted, finished, metadata in rows:
            labels, counted = tuple(json.loads(tags)), states[batch_id]
            found[batch_id] = Batch(
                batch_id, sequence, name, labels, size, submitted, finished, counted, metadata
            )
        return found

    def list_batches(
        self,
        pending: bool | None = None,
        name: str | None = None,
        tag: str | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> list[Batch]:
        """Batches, newest first; `pending`: some task has not ended; `before`: a sequence."""
        by = "page_of_batches"
        if name is not None or tag is not None:
            by = "page_of_batches_of_tag" if name is None else "page_of_batches_of_name"
        found = self._rows(
            by,
            pending=None if pending is None else int(pending),
            name=name,
            tag=tag,
            before=2**63 - 1 if before is None else before,
            most=limit,
        )
        return list(self.read_batches(row[0] for row in found).values())

    # Who watches

    def task_versions(self, ids: Iterable[str]) -> dict[str, TaskVersion]:
        """How the tasks with these ids stand; unknown ids are left out."""
        return {row[0]: TaskVersion._make(row[1:]) for row in self._rows("marks", ids=list(ids))}

    def batch_versions(self, ids: Iterable[str]) -> dict[str, BatchVersion]:
        """How the batches with these ids stand, likewise."""
        return {
            row[0]: BatchVersion._make(row[1:]) for row in self._rows("batch_marks", ids=list(ids))
        }

    def read_changes(self, sequences: Iterable[int]) -> dict[int, list[StateChange]]:
        """All changes of the tasks with these sequences, in order."""
        found: dict[int, list[StateChange]] = {}
        for sequence, *change in self._rows("read_changes", sequences=list(sequences)):
            found.setdefault(sequence, []).append(state_change_from_row(*change))
        return found

    def read_batch_events(self, batch_id: str, after: int, most: int) -> list[BatchEvent]:
        """What happened to a batch's tasks behind that place, in order.

        Changes of tasks that were removed meanwhile are left out.
        """
        rows = self._rows("batch_events", batch=batch_id, after=after, most=most)
        return [
            BatchEvent(place, task, item, state_change_from_row(*c))
            for place, task, item, *c in rows
        ]

    def finished_tasks(self, batch_id: str, offset: int, most: int) -> list[tuple[int, str]]:
        """The ids of a batch's tasks in the order in which they ended, with their numbers in it.

        From the one with the number `offset`; they count from 0.
        """
        rows = self._rows("batch_ends", batch=batch_id, offset=offset, most=most)
        return [(number, task_id) for number, task_id in rows]
