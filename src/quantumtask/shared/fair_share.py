"""Weighted fair queueing: virtual start times of tasks.

Each owner's tasks follow one another in virtual time; a task takes its predicted work divided by
the weight of its owner. Tasks run in the order of their virtual start times.
"""

from collections.abc import Sequence
from typing import NamedTuple

from quantumtask.shared.task import DEFAULT_PROJECT, Submission


class StarvedTask(NamedTuple):
    """A waiting task whose owner has no running task."""

    sequence: int
    rank: int


class Turn(NamedTuple):
    """A running task and its owner.

    Attributes:
        turn_s: The run in seconds that the task was promised when it gave way; None: it never did.
    """

    id: str
    attempt: int
    project: str
    owner: str
    rank: int
    turn_s: float | None

    @property
    def key(self) -> tuple[str, int]:
        """The attempt."""
        return self.id, self.attempt

    @property
    def share(self) -> tuple[str, str]:
        """The project and the owner."""
        return self.project, self.owner


def share_name(project: str, owner: str) -> str:
    """Return the name under which the share of an owner is stored: owners of two projects differ.

    The name of the project `default` is left out, as in shares of the previous release.
    """
    return owner if project == DEFAULT_PROJECT else f"{project}\n{owner}"


def virtual_starts(
    submissions: Sequence[Submission], first_start: float, weight: float
) -> list[float]:
    """Return the virtual start times of one owner's tasks, which follow one another."""
    starts = []
    start = first_start
    for submission in submissions:
        starts.append(start)
        start += virtual_length(submission, weight)
    return starts


def virtual_length(submission: Submission, weight: float) -> float:
    """Return the virtual time that a task takes; at least 1 ms for the overhead of any task."""
    return max(submission.cost_ms, 1.0) / weight
