"""Weighted fair queueing: virtual start times of an owner's tasks."""

from collections.abc import Sequence

from quantumtask.shared.task import Submission


def virtual_starts(submissions: Sequence[Submission], start: float, weight: float) -> list[float]:
    """Where each of an owner's tasks begins on the line of work, given where the first does."""
    begins = []
    for submission in submissions:
        begins.append(start)
        start += virtual_length(submission, weight)
    return begins


def virtual_length(submission: Submission, weight: float) -> float:
    """How much of the line a task takes: its predicted work, and what any task costs besides."""
    return max(submission.cost_ms, 1.0) / weight
