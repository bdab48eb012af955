"""Admission control: limits on the number of waiting tasks, in total and of one owner."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from quantumtask.shared.errors import QueueFull

_T = TypeVar("_T")

_TTL_FACTOR = 20


class TtlCache(Generic[_T]):
    """A cached value; its time to live is 20 times its computation time."""

    def __init__(self, compute: Callable[[], _T]) -> None:
        self._compute = compute
        self._expires_at = 0.0
        self._value: _T | None = None

    def get(self) -> _T:
        """Return the value; the same object until it is computed again."""
        started = time.monotonic()
        if self._value is None or started >= self._expires_at:
            self._value = self._compute()
            now = time.monotonic()
            self._expires_at = now + _TTL_FACTOR * (now - started)
        return self._value


class AdmissionControl:
    """The number of waiting tasks, as one process counts them, and the limits on it.

    Submissions of other processes are visible only after the next count: the number of waiting
    tasks may exceed a limit by what other processes add between two counts.
    """

    def __init__(
        self, max_tasks: int, max_per_owner: int, count: Callable[[], dict[str, int]]
    ) -> None:
        self._max_tasks, self._max_per_owner = max_tasks, max_per_owner
        self._count = TtlCache(count)
        self._last_count: dict[str, int] | None = None
        self._waiting: Counter[str] = Counter()
        self._total = 0

    def refresh(self) -> None:
        """Count again if the last count is old.

        Call this only while all admitted tasks are stored: others would be forgotten.
        """
        count = self._count.get()
        if count is not self._last_count:
            self._last_count = count
            self._waiting = Counter(count)
            self._total = self._waiting.total()

    def check(self, owner: str) -> QueueFull | None:
        """Return the error for one more task of this owner; None if there is room."""
        if self._total >= self._max_tasks:
            return QueueFull(
                f"queue full: {self._max_tasks:,} tasks are waiting; try again later or raise "
                "QUANTUMTASK_MAX_WAITING_TASKS"
            )
        if self._waiting[owner] >= self._max_per_owner:
            return QueueFull(
                f"queue full: {self._max_per_owner:,} tasks of this owner are waiting; try again "
                "later or raise QUANTUMTASK_MAX_WAITING_PER_OWNER"
            )
        return None

    def check_all(self, tasks_by_owner: Mapping[str, int]) -> QueueFull | None:
        """Return the error for these tasks together; None if there is room for all of them."""
        tasks = sum(tasks_by_owner.values())
        if self._total + tasks > self._max_tasks:
            return QueueFull(
                f"queue full: no room for {tasks:,} more tasks; {self._total:,} of at most "
                f"{self._max_tasks:,} are waiting (QUANTUMTASK_MAX_WAITING_TASKS)"
            )
        for owner, more in tasks_by_owner.items():
            if self._waiting[owner] + more > self._max_per_owner:
                return QueueFull(
                    f"queue full: no room for {more:,} more tasks of this owner; "
                    f"{self._waiting[owner]:,} of at most {self._max_per_owner:,} are waiting "
                    "(QUANTUMTASK_MAX_WAITING_PER_OWNER)"
                )
        return None

    def add(self, owner: str, tasks: int = 1) -> None:
        """Count tasks of an owner that are being stored."""
        self._waiting[owner] += tasks
        self._total += tasks
