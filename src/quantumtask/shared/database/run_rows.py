"""Rows of tasks that have run before they are stored, and the tasks that these are. No SQL."""

import time
from dataclasses import replace
from typing import Any, NamedTuple

from quantumtask.shared.database.rows import to_completion_row, to_insert_row
from quantumtask.shared.database.usage_rows import FinalRow
from quantumtask.shared.direct_run import DirectRun
from quantumtask.shared.task import Result, StateChange, Submission, Task, TaskState

ATTEMPT = 1
"""The attempt of a direct run."""


class DirectRunRow(NamedTuple):
    """A task that was inserted as completed, with the times of its moves."""

    sequence: int
    state: str
    attempt: int
    id: str
    project: str
    owner: str
    shots: int
    processor_s: float
    result_bytes: int
    submitted_at: float
    started_at: float
    finished_at: float

    def final_row(self) -> FinalRow:
        """Return what the task adds to sums over tasks."""
        return FinalRow(*self[:-1])


class NewRun(NamedTuple):
    """A task to insert as completed.

    Attributes:
        submission: The task.
        worker: The id of the worker that has run it.
        result: The result, with the time until now since its arrival.
        submitted_ago_s: Seconds since the submission.
        started_ago_s: Seconds since the task was sent to the worker.
    """

    submission: Submission
    worker: str
    result: Result
    submitted_ago_s: float
    started_ago_s: float

    def insert_row(self, virtual_start: float) -> dict[str, Any]:
        """Return the values of the query `insert_completed`."""
        submission = self.submission
        return {
            **to_insert_row(submission, virtual_start),
            **to_completion_row(submission.id, ATTEMPT, self.result),
            "submitted_ago_s": self.submitted_ago_s,
            "started_ago_s": self.started_ago_s,
        }

    def history_row(self, row: DirectRunRow) -> dict[str, Any]:
        """Return the values of the query `record_run`."""
        return {
            "sequence": row.sequence,
            "submitted_at": row.submitted_at,
            "started_at": row.started_at,
            "finished_at": row.finished_at,
            "worker": self.worker,
        }

    def task(self, row: DirectRunRow) -> Task:
        """Return the task as the database has it now, without reading it again."""
        spec = self.submission.spec
        return Task(
            id=row.id,
            sequence=row.sequence,
            state=TaskState.COMPLETED,
            shots=spec.shots,
            name=spec.name,
            tags=spec.tags,
            submitted_at=row.submitted_at,
            attempt=ATTEMPT,
            started_at=row.started_at,
            finished_at=row.finished_at,
            result=self.result,
            changes=(
                StateChange("submit", TaskState.SUBMITTED, row.submitted_at, 0),
                StateChange("claim", TaskState.RUNNING, row.started_at, ATTEMPT, self.worker),
                StateChange("complete", TaskState.COMPLETED, row.finished_at, ATTEMPT, self.worker),
            ),
            parameters=spec.parameters,
            options=spec.options,
            owner=spec.owner,
            priority=spec.priority,
            metadata=spec.metadata,
            project=spec.project,
        )


def new_run(submission: Submission, run: DirectRun) -> NewRun:
    """Return a task to insert as completed now."""
    now = time.monotonic()
    return NewRun(
        submission,
        run.worker,
        replace(run.result, store_ms=round((now - run.received_at) * 1e3, 3)),
        now - run.submitted_at,
        now - run.started_at,
    )
