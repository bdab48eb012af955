"""Batches, and the versions and events of tasks and batches, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from quantumtask.shared.task import (
    DEFAULT_PROJECT,
    FINAL_STATES,
    JsonText,
    StateChange,
    Submission,
    TaskState,
)
from quantumtask.shared.task_progress import TaskProgress


class ProjectVersion(NamedTuple):
    """Values that show a change: one differs after each move or progress of a task of a project.

    Attributes:
        newest: The sequence of the newest task; None without a task.
        running: The number of running tasks.
        running_sum: The sum of their sequences and attempts.
        ended_at: The time at which the last task ended.
        progress: The sum of the fractions that are done, and the number of tasks with progress.
    """

    newest: int | None
    running: int
    running_sum: int
    ended_at: float | None
    progress: float = 0.0


@dataclass(frozen=True, slots=True)
class NewBatch:
    """Tasks to store together.

    Attributes:
        id: The id of the new batch.
        key: Idempotency key; a batch that is stored under the same key already is returned
            instead.
        digest: Hash of the request body; a repeated key with another digest is a conflict.
        metadata: A JSON object of the client, stored with the batch.
    """

    id: str
    submissions: tuple[Submission, ...]
    name: str | None = None
    tags: tuple[str, ...] = ()
    key: str | None = None
    digest: str = ""
    metadata: JsonText | None = None
    project: str = DEFAULT_PROJECT


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as the Store returns it. Times are in seconds since 1970.

    Attributes:
        size: Number of tasks.
        finished_at: The end of the last task; None while a task is unfinished.
        states: State -> number of tasks.
    """

    id: str
    sequence: int
    name: str | None
    tags: tuple[str, ...]
    size: int
    submitted_at: float
    finished_at: float | None
    states: Mapping[TaskState, int]
    metadata: JsonText | None = None
    project: str = DEFAULT_PROJECT


class TaskVersion(NamedTuple):
    """A value that differs after every move of a task, and with its progress.

    Attributes:
        progress: The fraction of the work that is done, if it is known.
        progress_end: The expected end, in seconds since 1970.
    """

    state: str
    attempt: int
    sequence: int
    progress: float | None = None
    progress_end: float | None = None

    @property
    def final(self) -> bool:
        """True if the task has ended."""
        return self.state in FINAL_STATES

    @property
    def without_progress(self) -> "TaskVersion":
        """The version without progress: it differs only after a move."""
        return TaskVersion(self.state, self.attempt, self.sequence)

    def progress_at(self, now: float) -> TaskProgress:
        """Return the progress at a time in seconds since 1970."""
        end = self.progress_end
        return TaskProgress(self.progress, end - now if end is not None and end > now else None)


class BatchVersion(NamedTuple):
    """A value that differs after every move of a task of a batch.

    Attributes:
        events: Number of moves so far.
        ended: Number of tasks that have ended.
        size: Number of tasks.
    """

    events: int
    ended: int
    size: int

    @property
    def final(self) -> bool:
        """True if all tasks have ended."""
        return self.ended == self.size


class BatchEvent(NamedTuple):
    """A move of a batch's task; `place` numbers the moves of the batch from 1."""

    place: int
    task_id: str
    item: int
    change: StateChange


ChangeTags = Callable[[tuple[str, ...]], tuple[str, ...]]
"""Returns the new tags for the tags of a task or a batch."""

FOREVER = 1e18
"""A time after all others, in seconds since 1970."""


class Tagged(NamedTuple):
    """A task or a batch in a list by tags.

    Attributes:
        is_batch: 1 for a batch, 0 for a task.
        total: The number of all that the list would have without its limit.
    """

    id: str
    is_batch: int
    total: int
