"""Progress of attempts: the message of a slot, and the latest progress of each attempt."""

import json
import time
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from quantumtask.shared.task_progress import TaskProgress

REPORT_INTERVAL_S = 1.0
"""Shortest time between two reports of a slot about one attempt, and before the first fraction."""

MAX_REMAINING_S = 1e9
"""Largest number of seconds until an end that is reported."""

AttemptKey: TypeAlias = tuple[str, int]
"""The id of a task, and its attempt."""


def encode_progress(progress: Mapping[AttemptKey, TaskProgress]) -> bytes:
    """Return the progress of attempts as a JSON object, by which it differs from outcomes."""
    reports = [(*key, each.fraction, each.remaining_s) for key, each in progress.items()]
    return json.dumps({"progress": reports}).encode()


def decode_progress(message: Any) -> dict[AttemptKey, TaskProgress]:
    """Return the progress of attempts from a JSON object, which may be of a hostile process.

    Raises:
        ValueError: A number is out of its range.
        TypeError: A value has another type.
        KeyError: The object is another one.
    """
    reports = {}
    for task_id, attempt, fraction, remaining_s in message["progress"]:
        _check_number(fraction, 1.0)
        _check_number(remaining_s, MAX_REMAINING_S)
        reports[task_id, attempt] = TaskProgress(fraction, remaining_s)
    return reports


def _check_number(value: Any, most: float) -> None:
    if value is None:
        return
    if type(value) not in (float, int):
        raise TypeError("no number")
    if not 0 <= value <= most:
        raise ValueError("out of range")


class LatestProgress:
    """The latest progress of attempts; for any number of threads."""

    def __init__(self) -> None:
        # The fraction, and the expected end on the monotonic clock.
        self._latest: dict[AttemptKey, tuple[float | None, float | None]] = {}

    def put(self, key: AttemptKey, progress: TaskProgress) -> None:
        """Note the progress of an attempt."""
        remaining_s = progress.remaining_s
        end = None if remaining_s is None else time.monotonic() + remaining_s
        self._latest[key] = progress.fraction, end

    def remove(self, keys: Iterable[AttemptKey]) -> None:
        """Forget attempts that have ended."""
        for key in keys:
            self._latest.pop(key, None)

    def read(self) -> dict[AttemptKey, TaskProgress]:
        """Return the progress of each attempt; an expected end that has passed is not known."""
        now, latest = time.monotonic(), dict(self._latest)
        return {
            key: TaskProgress(fraction, end - now if end is not None and end > now else None)
            for key, (fraction, end) in latest.items()
        }
