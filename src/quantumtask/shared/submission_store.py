"""Storing of submissions: admission, idempotency keys, virtual start times, rows of tasks."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import starmap
from types import MappingProxyType
from typing import Any, Protocol

from quantumtask.shared.admission import AdmissionControl, Quotas, check_timeout
from quantumtask.shared.batch import NewBatch
from quantumtask.shared.database.rows import (
    KeyRow,
    MovedRow,
    OwnerCountRow,
    to_insert_row,
)
from quantumtask.shared.database.run_rows import DirectRunRow, NewRun, new_run
from quantumtask.shared.direct_run import DirectRun
from quantumtask.shared.errors import IdempotencyConflict, InvalidRequest, QuantumTaskError
from quantumtask.shared.fair_share import share_name, virtual_length, virtual_starts
from quantumtask.shared.limit_store import LimitStore
from quantumtask.shared.limits import Consumption
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import DEFAULT_PROJECT, Submission, Task

NO_RUNS: Mapping[str, DirectRun] = MappingProxyType({})

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
    def project(self) -> str:
        """The project of the task or batch."""

    @property
    def key(self) -> str | None:
        """The idempotency key."""

    @property
    def digest(self) -> str:
        """The hash of the request body."""


class SubmissionStore(LimitStore):
    """The Store with the methods that add tasks; a part of ApiStore."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._admission = AdmissionControl(
            settings.max_waiting_tasks, settings.max_waiting_per_owner, self._count_waiting
        )
        self._quotas = Quotas(lambda: self._select(Consumption, "read_consumption"))

    def submit(
        self, submissions: Sequence[Submission], runs: Mapping[str, DirectRun] = NO_RUNS
    ) -> list[str | Task | QuantumTaskError]:
        """Store tasks; those with a direct run, by their id, as completed.

        Returns:
            For each submission the id of its task, or the error (QueueFull, IdempotencyConflict);
            the whole task if it is new and had a direct run.
        """
        with self.transaction():
            if any(submission.key for submission in submissions):
                self._rows("delete_expired_keys")
            self._admission.refresh(self.limits())
            admitted: list[Submission] = []
            answers = [self._admit(submission, admitted) for submission in submissions]
            if waiting := [each for each in admitted if each.id not in runs]:
                self._insert(waiting)
            new = [new_run(each, runs[each.id]) for each in admitted if each.id in runs]
            tasks = {task.id: task for task in (self._insert_runs(new) if new else ())}
        # A request with the same key gets the id: it may have no direct run, and expect no task.
        return [
            tasks.get(submission.id, answer) if answer == submission.id else answer
            for submission, answer in zip(submissions, answers, strict=True)
        ]

    def submit_batch(self, batch: NewBatch) -> str | QuantumTaskError:
        """Store all tasks of a batch, or none; return the id of the batch, or the error."""
        with self.transaction():
            if batch.key:
                self._rows("delete_expired_keys")
            self._admission.refresh(self.limits())
            answer = self._admit_batch(batch)
            if answer == batch.id:
                self._insert_batch(batch)
        return answer

    def _admit(self, submission: Submission, admitted: list[Submission]) -> str | QuantumTaskError:
        """Return the answer to a submission; append the submission to `admitted` if it is new."""
        if repeated := self._find_repeated(submission):
            return repeated
        if error := self._refusal((submission,)):
            return error
        # The key is stored now, because the next submission may have the same one.
        if not self._insert_key(submission) and (repeated := self._find_repeated(submission)):
            return repeated
        self._admission.add(_owner_of(submission))
        admitted.append(submission)
        return submission.id

    def _admit_batch(self, batch: NewBatch) -> str | QuantumTaskError:
        if repeated := self._find_repeated(batch):
            return repeated
        if error := self._refusal(batch.submissions, in_batch=True):
            return error
        if not self._insert_key(batch) and (repeated := self._find_repeated(batch)):
            return repeated
        for owner, tasks in Counter(map(_owner_of, batch.submissions)).items():
            self._admission.add(owner, tasks)
        return batch.id

    def _refusal(
        self, submissions: Sequence[Submission], *, in_batch: bool = False
    ) -> QuantumTaskError | None:
        """Return the error if a limit refuses tasks; None if all of them may wait."""
        tasks_by_owner: dict[tuple[str, str], int] = {}
        for submission in submissions:
            owner = _owner_of(submission)
            tasks_by_owner[owner] = tasks_by_owner.get(owner, 0) + 1
        if error := self._admission.check(tasks_by_owner, in_batch=in_batch):
            return error
        limits = self.limits()
        if not limits:
            return None
        for submission in submissions:
            owner, timeout_s = _owner_of(submission), submission.spec.timeout_s
            if reason := check_timeout(limits, owner, timeout_s):
                return InvalidRequest(reason)
        exceeded = (self._quotas.check(limits, owner) for owner in tasks_by_owner)
        return next(filter(None, exceeded), None)

    def _find_repeated(self, new: Idempotent) -> str | QuantumTaskError | None:
        """Return the id that is stored under the key, a conflict, or None for a new key."""
        if not new.key:
            return None
        for row in self._select(KeyRow, "find_key", key=_stored_key(new)):
            if row.digest == new.digest:
                return row.task_id
            return IdempotencyConflict("this Idempotency-Key was used with another body")
        return None

    def _insert_key(self, new: Idempotent) -> bool:
        """Store an idempotency key; return False if another API process has stored it before."""
        return not new.key or bool(
            self._rows(
                "insert_key",
                key=_stored_key(new),
                digest=new.digest,
                task_id=new.id,
                ttl_s=self._settings.idempotency_hours * 3600,
            )
        )

    def _count_waiting(self) -> dict[tuple[str, str], int]:
        """Return the number of waiting tasks of each owner."""
        tasks_by_owner: Counter[tuple[str, str]] = Counter()
        for row in self._select(OwnerCountRow, "count_waiting_by_owner"):
            tasks_by_owner[row.project, row.owner] += row.tasks
        return tasks_by_owner

    def _insert_batch(self, batch: NewBatch) -> None:
        sequence = self._value(
            "insert_batch",
            id=batch.id,
            project=batch.project,
            name=batch.name,
            tags=json.dumps(batch.tags),
            size=len(batch.submissions),
            metadata=batch.metadata,
        )
        self._each("insert_batch_tag", ({"sequence": sequence, "tag": tag} for tag in batch.tags))
        self._insert(batch.submissions)

    def _insert(self, submissions: Sequence[Submission]) -> None:
        """Insert tasks, which wait from now on."""
        starts = self._virtual_starts(submissions)
        tasks = list(
            starmap(MovedRow, self._each("insert_task", map(to_insert_row, submissions, starts)))
        )
        self._record("submit", tasks, None)
        self._insert_texts(tasks, submissions)

    def _insert_runs(self, runs: Sequence[NewRun]) -> list[Task]:
        """Insert tasks that have run already, with their results, and return the tasks."""
        submissions = [run.submission for run in runs]
        starts = self._virtual_starts(submissions)
        rows = list(
            starmap(
                DirectRunRow, self._each("insert_completed", map(NewRun.insert_row, runs, starts))
            )
        )
        self._each("record_run", map(NewRun.history_row, runs, rows))
        self._insert_texts(rows, submissions)
        self._add_usage([row.final_row() for row in rows])
        return list(map(NewRun.task, runs, rows))

    def _insert_texts(
        self, tasks: Sequence[MovedRow | DirectRunRow], submissions: Sequence[Submission]
    ) -> None:
        """Insert the texts and tags of new tasks."""
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
            rank = -submission.spec.priority
            indices_of.setdefault((rank, _share_of(submission)), []).append(index)
        now = {rank: self._value("virtual_time", rank=rank) for rank, _ in indices_of}
        starts = [0.0] * len(submissions)
        for (rank, share), indices in sorted(indices_of.items()):  # one order of locks for all
            own = [submissions[index] for index in indices]
            weight = self._settings.weights.get(own[0].spec.owner, 1.0)
            work = sum(virtual_length(submission, weight) for submission in own)
            finish = self._value(
                "extend_share", rank=rank, owner=share, virtual_time=now[rank], work=work
            )
            for index, start in zip(
                indices, virtual_starts(own, finish - work, weight), strict=True
            ):
                starts[index] = start
        return starts


def _owner_of(submission: Submission) -> tuple[str, str]:
    return submission.spec.project, submission.spec.owner


def _share_of(submission: Submission) -> str:
    return share_name(submission.spec.project, submission.spec.owner)


def _stored_key(new: Idempotent) -> str:
    """Return an idempotency key as it is stored: two projects may use the same one.

    A key has no space. The name of the project `default` is left out, as in keys of the previous
    release.
    """
    assert new.key is not None
    return new.key if new.project == DEFAULT_PROJECT else f"{new.project} {new.key}"


def _text_rows(name: str, texts: Any) -> Iterator[dict[str, Any]]:
    """Return a row for each text that is not None."""
    return ({"sequence": n, name: text} for n, text in texts if text is not None)
