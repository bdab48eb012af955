"""The activity of the service: workers, the tasks that they hold, and the last minutes."""

from dataclasses import dataclass
from typing import NamedTuple

MAX_WORKERS = 200
MAX_HELD_TASKS = 500
"""Workers and running tasks that are listed."""
MINUTES = 60
"""Minutes of the curves, the current one included."""


class LiveWorker(NamedTuple):
    """A worker with a recent heartbeat.

    Attributes:
        rate: Predicted work in ms that it does in a second; None: not measured yet.
        age_s: Seconds since its last heartbeat.
        tasks: Number of tasks that it holds, of all projects.
    """

    id: str
    slots: int
    rate: float | None
    age_s: float
    tasks: int


class HeldTask(NamedTuple):
    """A running task.

    Attributes:
        engine: The engine that was asked for; `auto`: the slot chooses.
        started_at: Time of the claim, in seconds since 1970.
    """

    worker: str
    id: str
    project: str
    owner: str
    name: str | None
    engine: str
    shots: int
    started_at: float


class MinuteSum(NamedTuple):
    """Sums over the tasks that ended in one minute.

    Attributes:
        minute: Minutes since 1970.
        started: Number of tasks that had begun to run.
        waiting_s: Sum of their times from the submission to the claim, in seconds.
        longest_s: The longest of these times.
    """

    minute: int
    completed: int
    failed: int
    cancelled: int
    started: int
    waiting_s: float
    longest_s: float

    @property
    def mean_waiting_s(self) -> float | None:
        """Mean of the waiting times; None if no task had begun."""
        return self.waiting_s / self.started if self.started else None


@dataclass(frozen=True, slots=True)
class Activity:
    """The workers, what they do for one project, and the last hour of that project.

    Attributes:
        now: The time of the database, in seconds since 1970.
        workers: At most MAX_WORKERS.
        tasks: Running tasks, at most MAX_HELD_TASKS; the one that has run for the longest time is
            the first.
        minutes: Those of the last hour in which tasks ended, the oldest first.
    """

    now: float
    workers: list[LiveWorker]
    tasks: list[HeldTask]
    minutes: list[MinuteSum]
