"""Admission: limits on the tasks that wait, for all owners and for one."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from quantumtask.shared.errors import QueueFull

T = TypeVar("T")


class TtlCache(Generic[T]):
    """An answer that is used again for twenty times as long as it took to find."""

    def __init__(self, find: Callable[[], T]) -> None:
        self._find = find
        self._until = 0.0
        self._answer: T | None = None

    def get(self) -> T:
        """The answer; the same object for as long as it is not found anew."""
        started = time.monotonic()
        if self._answer is None or started >= self._until:
            self._answer = self._find()
            now = time.monotonic()
            self._until = now + 20 * (now - started)
        return self._answer


class AdmissionControl:
    """Whether the queue has room for more, as one process sees it.

    What others submit is seen when it is counted again: a limit may be passed by as much as they
    take in the meantime.
    """

    def __init__(self, most: int, most_of_one: int, count: Callable[[], dict[str, int]]) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._count = TtlCache(count)
        self._counted: dict[str, int] | None = None
        self._waiting: Counter[str] = Counter()
        self._total = 0

    def look(self) -> None:
        """Counts, unless that was done just now. Only where nothing is taken but not stored yet."""
        counted = self._count.get()
        if counted is not self._counted:
            self._counted = counted
            self._waiting = Counter(counted)
            self._total = self._waiting.total()

    def refusal(self, owner: str) -> QueueFull | None:
        """Why there is no room for a task of this owner; None if there is."""
        if self._total >= self._most:
            most = f"{self._most:,}"
            return QueueFull(f"{most} tasks are waiting already, the most this service takes")
        if self._waiting[owner] >= self._most_of_one:
            most = f"{self._most_of_one:,}"
            return QueueFull(f"{most} tasks are waiting already, the most one owner may have")
        return None

    def refusal_of(self, owners: Mapping[str, int]) -> QueueFull | None:
        """Why there is no room for so many tasks of each owner together; None if there is."""
        tasks = sum(owners.values())
        if self._total + tasks > self._most:
            room = f"of the {self._most:,} tasks that this service takes {self._total:,} wait"
            return QueueFull(f"{room}: there is no room for {tasks:,} more")
        for owner, theirs in owners.items():
            if self._waiting[owner] + theirs > self._most_of_one:
                room = f"of the {self._most_of_one:,} tasks that one owner may have"
                waiting = f"{self._waiting[owner]:,} wait"
                return QueueFull(f"{room} {waiting}: there is no room for {theirs:,} more")
        return None

    def take(self, owner: str, tasks: int = 1) -> None:
        """More tasks of this owner wait."""
        self._waiting[owner] += tasks
        self._total += tasks
