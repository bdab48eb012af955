"""Rows of batches by name."""

from typing import NamedTuple


class BatchEventRow(NamedTuple):
    """An entry of the history of a batch's task, numbered within the batch by `place`."""

    place: int
    id: str
    item: int
    move: str
    state: str
    at: float
    attempt: int
    worker: str | None


class BatchRow(NamedTuple):
    """A batch."""

    id: str
    sequence: int
    project: str
    name: str | None
    tags: str
    size: int
    submitted_at: float
    finished_at: float | None
    metadata: str | None


class BatchStateRow(NamedTuple):
    """The number of a batch's tasks in one state."""

    batch: str
    state: str
    tasks: int


class DeletedBatchRow(NamedTuple):
    """A batch to delete."""

    sequence: int
    id: str


class TagsRow(NamedTuple):
    """A task or a batch to change, and its tags."""

    sequence: int
    project: str
    tags: str
