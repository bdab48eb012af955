"""Weighted fair queueing: virtual start times of tasks.

Each owner's tasks follow one another in virtual time; a task takes its predicted work divided by
the weight of its owner. Tasks run in the order of their virtual start times.
"""

from collections.abc import Sequence

from quantumtask.shared.task import Submission


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
