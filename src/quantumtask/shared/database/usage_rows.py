"""Rows of tasks that have ended, and what they add to sums over tasks. No SQL."""

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple


class FinalRow(NamedTuple):
    """A task after the move that ended it, with what it adds to the usage of its owner."""

    sequence: int
    state: str
    attempt: int
    id: str
    project: str
    owner: str
    shots: int
    processor_s: float | None
    result_bytes: int | None
    submitted_at: float
    started_at: float | None


def to_usage_rows(tasks: Iterable[FinalRow], writer: str) -> list[dict[str, Any]]:
    """Return the values of the query `add_usage`, one for each owner of the tasks."""
    by_owner: dict[tuple[str, str], list[FinalRow]] = {}
    for task in tasks:
        by_owner.setdefault((task.project, task.owner), []).append(task)
    return [
        {
            "project": project,
            "owner": owner,
            "writer": writer,
            "tasks": len(of_owner),
            "shots": sum(task.shots for task in of_owner if task.state == "completed"),
            "processor_s": sum(task.processor_s or 0.0 for task in of_owner),
            "result_bytes": sum(task.result_bytes or 0 for task in of_owner),
        }
        for (project, owner), of_owner in sorted(by_owner.items())
    ]


def to_minute_rows(tasks: Iterable[FinalRow], writer: str) -> list[dict[str, Any]]:
    """Return the values of the query `add_minute`, one for each project of the tasks."""
    by_project: dict[str, list[FinalRow]] = {}
    for task in tasks:
        by_project.setdefault(task.project, []).append(task)
    return [
        {"project": project, "writer": writer, **_minute_values(of_project)}
        for project, of_project in sorted(by_project.items())
    ]


def _minute_values(tasks: list[FinalRow]) -> dict[str, Any]:
    states = Counter(task.state for task in tasks)
    waits = [max(0.0, task.started_at - task.submitted_at) for task in tasks if task.started_at]
    return {
        **{state: states[state] for state in ("completed", "failed", "cancelled")},
        "started": len(waits),
        "waiting_s": sum(waits, 0.0),
        "longest_s": max(waits, default=0.0),
    }
