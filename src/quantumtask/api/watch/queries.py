"""Query types of the watcher; queries of one type are answered with one SQL statement."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from quantumtask.shared.api_store import ApiStore
from quantumtask.shared.batch import Batch, BatchEvent, BatchVersion, ProjectVersion, TaskVersion
from quantumtask.shared.task import StateChange, Task
from quantumtask.shared.task_progress import TaskProgress

A = TypeVar("A")

MAX_ROWS = 200
"""Largest number of rows in one answer to a StreamQuery; bounds the memory of a slow client."""


class WatchQuery(ABC, Generic[A]):
    """A query about the task or batch with the id `key`; the answer is None if there is none.

    Attributes:
        project: The project in which the task or batch is looked for, or ALL_PROJECTS.
        load_versions: Loads the versions (change tokens) of all queried tasks, or batches, at once.
        max_group: Number of queries that `fetch` answers at a time.
    """

    project: str
    key: str
    load_versions: ClassVar[Callable[[ApiStore, str, Iterable[str]], Mapping[str, Any]]]
    max_group: ClassVar[int] = 100

    @abstractmethod
    def is_due(self, version: Any) -> bool:
        """Return True if the query is to be answered now.

        Args:
            version: The version of the task or batch; None if the task or batch does not exist.
        """

    @classmethod
    @abstractmethod
    def fetch(cls, store: ApiStore, project: str, queries: Sequence[Self]) -> list[A]:
        """Return the answer to each query of one project as of now, due or not."""


@dataclass(frozen=True, slots=True)
class TaskQuery(WatchQuery[Task | None]):
    """Read a task; due when the task is final."""

    project: str
    key: str
    load_versions: ClassVar = ApiStore.task_versions
    max_group: ClassVar = 16  # results can be large: not all of them in memory at once

    def is_due(self, version: TaskVersion | None) -> bool:
        """Return True if a query for this version is to be answered now."""
        return version is None or version.final

    @classmethod
    def fetch(cls, store: ApiStore, project: str, queries: Sequence[Self]) -> list[Task | None]:
        """Fetch the answers of queries of this kind together."""
        tasks = store.read(project, {query.key for query in queries})
        return [tasks.get(query.key) for query in queries]


@dataclass(frozen=True, slots=True)
class BatchQuery(WatchQuery[Batch | None]):
    """Read a batch; due when the last of its tasks is final."""

    project: str
    key: str
    load_versions: ClassVar = ApiStore.batch_versions

    def is_due(self, version: BatchVersion | None) -> bool:
        """Return True if a query for this version is to be answered now."""
        return version is None or version.final

    @classmethod
    def fetch(cls, store: ApiStore, project: str, queries: Sequence[Self]) -> list[Batch | None]:
        """Fetch the answers of queries of this kind together."""
        batches = store.read_batches(project, {query.key for query in queries})
        return [batches.get(query.key) for query in queries]


class StreamQuery(WatchQuery[A]):
    """One of a series of queries: each answer determines the next query, until the series ends."""

    @abstractmethod
    def next_after(self, answer: Any) -> Self | None:
        """Return the query that follows this answer; None if the stream is complete."""


class TaskChanges(NamedTuple):
    """The version of a task, and its changes of state without the first `after` changes.

    Attributes:
        progress: The progress of the task, if it has changed.
    """

    version: TaskVersion
    after: int
    changes: Sequence[StateChange]
    progress: TaskProgress | None = None


@dataclass(frozen=True, slots=True)
class TaskChangesAfter(StreamQuery[TaskChanges | None]):
    """Read the changes of a task without the first `after`; due when the task's version changes.

    Attributes:
        progress: True: also when its progress changes.
    """

    project: str
    key: str
    after: int
    progress: bool = False
    last_version: TaskVersion | None = None
    load_versions: ClassVar = ApiStore.task_versions

    def is_due(self, version: TaskVersion | None) -> bool:
        """Return True if a query for this version is to be answered now."""
        if version and not self.progress:
            version = version.without_progress
        return version != self.last_version

    def next_after(self, answer: TaskChanges) -> "TaskChangesAfter | None":
        """Return the next query after an answer; None if the answer is the last one."""
        if answer.version.final:
            return None
        after = self.after + len(answer.changes)
        return replace(self, after=after, last_version=answer.version)

    @classmethod
    def fetch(
        cls, store: ApiStore, project: str, queries: Sequence[Self]
    ) -> list[TaskChanges | None]:
        """Fetch the answers of queries of this kind together."""
        histories = store.read_histories(project, {query.key for query in queries})
        now = cache(store.now)
        return [
            _changes_after(query, now, *histories.get(query.key, (None, ()))) for query in queries
        ]


def _changes_after(
    query: TaskChangesAfter,
    now: Callable[[], float],
    version: TaskVersion | None,
    changes: Sequence[StateChange],
) -> TaskChanges | None:
    """Return None also if the task was removed between the two SQL statements."""
    if version is None or not changes:
        return None
    last = changes[-1]
    is_newer = (last.state, last.attempt) != version[:2]
    if is_newer or not query.progress:
        version = TaskVersion(last.state, last.attempt, version.sequence)
    progress = None
    if version != query.last_version and version != version.without_progress:
        progress = version.progress_at(now())
    return TaskChanges(version, query.after, changes[query.after :], progress)


@dataclass(frozen=True, slots=True)
class ProjectChanges(StreamQuery[ProjectVersion]):
    """Read the version of a project, which is the `key`; due when it changes. Never complete."""

    project: str
    key: str
    last_version: ProjectVersion | None = None
    load_versions: ClassVar = ApiStore.project_versions

    def is_due(self, version: ProjectVersion | None) -> bool:
        """Return True if a query for this version is to be answered now."""
        return version != self.last_version

    def next_after(self, answer: ProjectVersion) -> "ProjectChanges":
        """Return the query that follows an answer."""
        return replace(self, last_version=answer)

    @classmethod
    def fetch(cls, store: ApiStore, project: str, queries: Sequence[Self]) -> list[ProjectVersion]:
        """Fetch the answers of queries of this kind together."""
        versions = store.project_versions(project, {query.key for query in queries})
        return [versions[query.key] for query in queries]


class BatchEvents(NamedTuple):
    """Some events of a batch in their order.

    Attributes:
        cursor: Number of the last event that has been read, counted from 1.
    """

    version: BatchVersion
    events: Sequence[BatchEvent]
    cursor: int

    @property
    def last(self) -> bool:
        """True if all tasks are final and no event follows."""
        return self.version.final and self.cursor >= self.version.events


@dataclass(frozen=True, slots=True)
class BatchEventsAfter(StreamQuery[BatchEvents | None]):
    """Read the events of a batch after event number `place`; due on any event and on the end."""

    project: str
    key: str
    place: int
    load_versions: ClassVar = ApiStore.batch_versions

    def is_due(self, version: BatchVersion | None) -> bool:
        """Return True if a query for this version is to be answered now."""
        return version is None or version.events > self.place or version.final

    def next_after(self, answer: BatchEvents) -> "BatchEventsAfter | None":
        """Return the next query after an answer; None if the answer is the last one."""
        return None if answer.last else replace(self, place=answer.cursor)

    @classmethod
    def fetch(
        cls, store: ApiStore, project: str, queries: Sequence[Self]
    ) -> list[BatchEvents | None]:
        """Fetch the answers of queries of this kind together."""
        return _fetch_tails(store, project, queries, cls._fetch_one)

    def _fetch_one(self, store: ApiStore, version: BatchVersion) -> BatchEvents:
        events = store.read_batch_events(self.project, self.key, self.place, MAX_ROWS)
        last = events[-1].place if events else self.place
        return BatchEvents(version, events, _tail_end(len(events), last, version.events))


class FinishedTasks(NamedTuple):
    """Some final tasks of a batch, in the order in which they ended.

    Attributes:
        tasks: Offset and id of each task.
        next_offset: Offset of the first task that has not been read.
    """

    version: BatchVersion
    tasks: Sequence[tuple[int, str]]
    next_offset: int


@dataclass(frozen=True, slots=True)
class FinishedTasksFrom(StreamQuery[FinishedTasks | None]):
    """Read the final tasks of a batch from the offset `offset`; due when another task is final."""

    project: str
    key: str
    offset: int
    load_versions: ClassVar = ApiStore.batch_versions

    def is_due(self, version: BatchVersion | None) -> bool:
        """Return True if a query for this version is to be answered now."""
        return version is None or version.ended > self.offset or version.final

    def next_after(self, answer: FinishedTasks) -> "FinishedTasksFrom | None":
        """Return the next query after an answer; None if the answer is the last one."""
        if answer.next_offset >= answer.version.size:
            return None
        return replace(self, offset=answer.next_offset)

    @classmethod
    def fetch(
        cls, store: ApiStore, project: str, queries: Sequence[Self]
    ) -> list[FinishedTasks | None]:
        """Fetch the answers of queries of this kind together."""
        return _fetch_tails(store, project, queries, cls._fetch_one)

    def _fetch_one(self, store: ApiStore, version: BatchVersion) -> FinishedTasks:
        tasks = store.finished_tasks(self.project, self.key, self.offset, MAX_ROWS)
        following = tasks[-1][0] + 1 if tasks else self.offset
        return FinishedTasks(version, tasks, _tail_end(len(tasks), following, version.ended))


Q = TypeVar("Q", bound=StreamQuery[Any])


def _fetch_tails(
    store: ApiStore,
    project: str,
    queries: Sequence[Q],
    fetch_one: Callable[[Q, ApiStore, BatchVersion], A],
) -> list[A | None]:
    """Return the answer to each query about a batch; equal queries share one answer."""
    versions = store.batch_versions(project, {query.key for query in queries})
    answers = {
        query: fetch_one(query, store, version) if (version := versions.get(query.key)) else None
        for query in set(queries)
    }
    return [answers[query] for query in queries]


def _tail_end(rows: int, after_rows: int, total: int) -> int:
    """Return the position up to which a batch has been read.

    Fewer rows than MAX_ROWS mean that no row follows. The position is then `total`, because rows of
    removed tasks are missing.
    """
    return after_rows if rows == MAX_ROWS else max(after_rows, total)
