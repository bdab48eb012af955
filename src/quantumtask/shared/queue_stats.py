"""Statistics of the queue: tasks by owner, workers, expected waiting time."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from quantumtask.shared.principal import ALL_PROJECTS

MAX_TASKS_AHEAD = 1_000
"""Limit of the count of tasks ahead of another task."""


class DayUsage(NamedTuple):
    """The usage of a project on one day: sums over the tasks that ended on that day.

    Attributes:
        day: Days since 1970, in UTC.
        shots: Of the completed tasks.
        processor_s: Run time times threads, in seconds.
        result_bytes: Bytes of the results, as they are stored.
    """

    day: int
    project: str
    tasks: int
    shots: int
    processor_s: float
    result_bytes: int


class WorkerRate(NamedTuple):
    """The live workers.

    Attributes:
        workers: Number of workers.
        slots: Number of their slots.
        rate: Predicted work in ms that they do in a second.
    """

    workers: int
    slots: int
    rate: float

    def seconds_for(self, work_ms: float) -> float | None:
        """Return the time that the workers take for this work; None without a worker."""
        return work_ms / self.rate if self.rate else None


@dataclass(frozen=True, slots=True)
class OwnerQueue:
    """The numbers of waiting and of running tasks of one project, owner and priority."""

    project: str
    owner: str
    priority: int
    waiting: int
    running: int


@dataclass(frozen=True, slots=True)
class QueueStats:
    """The state of the whole queue.

    Attributes:
        owners: One entry for each project, owner and priority.
        workers: Number of live workers.
        slots: Number of their slots.
        oldest_at: Submission time of the oldest waiting task, in seconds since 1970.
    """

    owners: tuple[OwnerQueue, ...]
    workers: int
    slots: int
    oldest_at: float | None

    @property
    def waiting(self) -> int:
        """Number of waiting tasks."""
        return sum(each.waiting for each in self.owners)

    @property
    def running(self) -> int:
        """Number of running tasks."""
        return sum(each.running for each in self.owners)

    def of_project(self, project: str) -> "QueueStats":
        """Return the statistics with the owners of one project alone; ALL_PROJECTS: of all."""
        if project == ALL_PROJECTS:
            return self
        return replace(self, owners=tuple(o for o in self.owners if o.project == project))


@dataclass(frozen=True, slots=True)
class ExpectedWait:
    """The number of waiting tasks and the predicted wait of a new one; None without a worker."""

    waiting: int
    wait_s: float | None
