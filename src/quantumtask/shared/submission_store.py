"""Storing of submissions: admission, idempotency keys, virtual start times, rows of tasks."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Any, Protocol

from quantumtask.shared.admission import AdmissionControl
from quantumtask.shared.batch import NewBatch
from quantumtask.shared.database.rows import KeyRow, MovedRow, OwnerCountRow, to_insert_row
from quantumtask.shared.db import Store
from quantumtask.shared.errors import IdempotencyConflict, QuantumTaskError
from quantumtask.shared.fair_share import virtual_length, virtual_starts
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission

_TEXTS = (
    ("insert_parameters", "parameters"),
    ("insert_options", "options"),
    ("insert_metadata", "metadata"),
)
"""Queries and fields of the optional texts of a task, each in a table of its own."""


class Idempotent(Protocol):
    """A task or batch to store, unless one with the same idempotency key is stored already."""

    @property
    def id(self) -> str:
        """The id of the new task or batch."""

    @property
    def key(self) -> str | None:
        """The idempotency key."""

    @property
    def digest(self) -> str:
        """The hash of the request body."""


class SubmissionStore(Store):
    """The Store with the methods that add tasks; a part of ApiStore."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._admission = AdmissionControl(
            settings.max_waiting_tasks, settings.max_waiting_per_owner, self._count_waiting
        )

    def submit(self, submissions: Sequence[Submission]) -> list[str | QuantumTaskError]:
        """Store tasks.

        Returns:
            For each submission the id of its task, or the error (QueueFull, IdempotencyConflict).
        """
        with self.transaction():
            if any(submission.key for submission in submissions):
                self._rows("delete_expired_keys")
            self._admission.refresh()
            admitted: list[Submission] = []
            answers = [self._admit(submission, admitted) for submission in submissions]
            self._insert(admitted)
        return answers

    def submit_batch(self, batch: NewBatch) -> str | QuantumTaskError:
        """Store all tasks of a batch, or none; return the id of the batch, or the error."""
        with self.transaction():
            if batch.key:
                self._rows("delete_expired_keys")
            self._admission.refresh()
            answer = self._admit_batch(batch)
            if answer == batch.id:
                self._insert_batch(batch)
        return answer

    def _admit(self, submission: Submission, admitted: list[Submission]) -> str | QuantumTaskError:
        """Return the answer to a submission; append the submission to `admitted` if it is new."""
        owner = submission.spec.owner
        if repeated := self._find_repeated(submission):
            return repeated
        if error := self._admission.check(owner):
            return error
        # The key is stored now, because the next submission may have the same one.
        if not self._insert_key(submission) and (repeated := self._find_repeated(submission)):
            return repeated
        self._admission.add(owner)
        admitted.append(submission)
        return submission.id

    def _admit_batch(self, batch: NewBatch) -> str | QuantumTaskError:
        if repeated := self._find_repeated(batch):
            return repeated
        tasks_by_owner = Counter(submission.spec.owner for submission in batch.submissions)
        if error := self._admission.check_all(tasks_by_owner):
            return error
        if not self._insert_key(batch) and (repeated := self._find_repeated(batch)):
            return repeated
        for owner, tasks in tasks_by_owner.items():
            self._admission.add(owner, tasks)
        return batch.id

    def _find_repeated(self, new: Idempotent) -> str | QuantumTaskError | None:
        """Return the id that is stored under the key, a conflict, or None for a new key."""
        if not new.key:
            return None
        for row in self._select(KeyRow, "find_key", key=new.key):
            if row.digest == new.digest:
                return row.task_id
            return IdempotencyConflict("this Idempotency-Key was used with another body")
        return None

    def _insert_key(self, new: Idempotent) -> bool:
        """Return False if another API process has stored the key in the meantime."""
        return not new.key or bool(
            self._rows(
                "insert_key",
                key=new.key,
                digest=new.digest,
                task_id=new.id,
                ttl_s=self._settings.idempotency_hours * 3600,
            )
        )

    def _count_waiting(self) -> dict[str, int]:
        """Return the number of waiting tasks of each owner."""
        tasks_by_owner: Counter[str] = Counter()
        for row in self._select(OwnerCountRow, "count_waiting_by_owner"):
            tasks_by_owner[row.owner] += row.tasks
        return tasks_by_owner

    def _insert_batch(self, batch: NewBatch) -> None:
        sequence = self._value(
            "insert_batch",
            id=batch.id,
            name=batch.name,
            tags=json.dumps(batch.tags),
            size=len(batch.submissions),
            metadata=batch.metadata,
        )
        self._each("insert_batch_tag", ({"sequence": sequence, "tag": tag} for tag in batch.tags))
        self._insert(batch.submissions)

    def _insert(self, submissions: Sequence[Submission]) -> None:
        starts = self._virtual_starts(submissions)
        tasks = list(
            starmap(MovedRow, self._each("insert_task", map(to_insert_row, submissions, starts)))
        )
        self._record("submit", tasks, None)
        specs = [
            (task.sequence, submission.spec)
            for task, submission in zip(tasks, submissions, strict=True)
        ]
        self._each(
            "insert_circuit",
            ({"sequence": n, "circuit": spec.circuit.encode()} for n, spec in specs),
        )
        for query, name in _TEXTS:
            texts = ((n, getattr(spec, name)) for n, spec in specs)
            self._each(query, _text_rows(name, texts))
        self._each(
            "insert_tag", ({"sequence": n, "tag": tag} for n, spec in specs for tag in spec.tags)
        )

    def _virtual_starts(self, submissions: Sequence[Submission]) -> list[float]:
        """Extend the shares of the owners; return the virtual start time of each task."""
        indices_of: dict[tuple[int, str], list[int]] = {}
        for index, submission in enumerate(submissions):
            share = (-submission.spec.priority, submission.spec.owner)
            indices_of.setdefault(share, []).append(index)
        now = {rank: self._value("virtual_time", rank=rank) for rank, _ in indices_of}
        starts = [0.0] * len(submissions)
        for (rank, owner), indices in sorted(indices_of.items()):  # one order of locks for all
            own = [submissions[index] for index in indices]
            weight = self._settings.weights.get(owner, 1.0)
            work = sum(virtual_length(submission, weight) for submission in own)
            finish = self._value(
                "extend_share", rank=rank, owner=owner, virtual_time=now[rank], work=work
            )
            for index, start in zip(
                indices, virtual_starts(own, finish - work, weight), strict=True
            ):
                starts[index] = start
        return starts


def _text_rows(name: str, texts: Any) -> Iterator[dict[str, Any]]:
    """Return a row for each text that is not None."""
    return ({"sequence": n, name: text} for n, text in texts if text is not None)
