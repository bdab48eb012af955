"""Admission control: limits on the number of waiting tasks, and on what an owner has used."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar

from quantumtask.shared.errors import QueueFull, QuotaExceeded
from quantumtask.shared.limits import Consumption, Limits, LimitTable

_T = TypeVar("_T")

_TTL_FACTOR = 20
_DAY_S = 86_400


class TtlCache(Generic[_T]):
    """A cached value; its time to live is 20 times its computation time, or a minimum."""

    def __init__(self, compute: Callable[[], _T], min_ttl_s: float = 0.0) -> None:
        self._compute = compute
        self._min_ttl_s = min_ttl_s
        self._expires_at = 0.0
        self._value: _T | None = None

    def get(self) -> _T:
        """Return the value; the same object until it is computed again."""
        started = time.monotonic()
        if self._value is None or started >= self._expires_at:
            self._value = self._compute()
            now = time.monotonic()
            self._expires_at = now + max(self._min_ttl_s, _TTL_FACTOR * (now - started))
        return self._value


Owner = tuple[str, str]
"""The project and the owner of tasks."""


class AdmissionControl:
    """The number of waiting tasks, as one process counts them, and the limits on it.

    Submissions of other processes are visible only after the next count: the number of waiting
    tasks may exceed a limit by what other processes add between two counts.
    """

    def __init__(self, max_tasks: int, max_per_owner: int, count: Callable[[], dict[Owner, int]]):
        self._max_tasks, self._max_per_owner = max_tasks, max_per_owner
        self._count = TtlCache(count)
        self._last_count: dict[Owner, int] | None = None
        self._waiting: Counter[Owner] = Counter()
        self._of_project: Counter[str] = Counter()
        self._total = 0
        self._limits = LimitTable()

    def refresh(self, limits: LimitTable) -> None:
        """Count again if the last count is old.

        Call this only while all admitted tasks are stored: others would be forgotten.
        """
        self._limits = limits
        count = self._count.get()
        if count is not self._last_count:
            self._last_count = count
            self._waiting, self._of_project = Counter(count), Counter()
            for (project, _), tasks in count.items():
                self._of_project[project] += tasks
            self._total = self._of_project.total()

    def check(
        self, tasks_by_owner: Mapping[Owner, int], *, in_batch: bool = False
    ) -> QueueFull | None:
        """Return the error for these tasks together; None if there is room for all of them."""
        tasks = sum(tasks_by_owner.values())
        if self._total + tasks > self._max_tasks:
            return _queue_full(
                in_batch,
                tasks,
                "",
                self._total,
                self._max_tasks,
                "raise QUANTUMTASK_MAX_WAITING_TASKS",
            )
        projects: dict[str, int] = {}
        for (project, owner), more in tasks_by_owner.items():
            projects[project] = projects.get(project, 0) + more
            waiting = self._waiting[project, owner]
            limit = self._limits.of_user(project, owner).max_waiting
            remedy = "see `quantumtask project show`"
            if limit > self._max_per_owner:
                limit, remedy = self._max_per_owner, "raise QUANTUMTASK_MAX_WAITING_PER_OWNER"
            if waiting + more > limit:
                return _queue_full(in_batch, more, " of this owner", waiting, limit, remedy)
        for project, more in projects.items():
            waiting, limit = self._of_project[project], self._limits.of_project(project).max_waiting
            if waiting + more > limit:
                remedy = "see `quantumtask project show`"
                return _queue_full(in_batch, more, " of this project", waiting, limit, remedy)
        return None

    def add(self, owner: Owner, tasks: int = 1) -> None:
        """Count tasks of an owner that are being stored."""
        self._waiting[owner] += tasks
        self._of_project[owner[0]] += tasks
        self._total += tasks


def _queue_full(
    in_batch: bool, more: int, whose: str, waiting: int, limit: float, remedy: str
) -> QueueFull:
    if not in_batch:
        return QueueFull(
            f"queue full: {limit:,.0f} tasks{whose} are waiting; try again later or {remedy}"
        )
    return QueueFull(
        f"queue full: no room for {more:,} more tasks{whose}; {waiting:,} of at most {limit:,.0f} "
        f"are waiting ({remedy.removeprefix('raise ')})"
    )


class Quotas:
    """The use of quotas by owners, for the checks of new tasks.

    The use is read when anybody has such a limit, and not more often than every two seconds.
    """

    def __init__(self, read: Callable[[], list[Consumption]]) -> None:
        self._read = TtlCache(lambda: _Use(read()), min_ttl_s=2.0)

    def check(self, limits: LimitTable, owner: Owner) -> QuotaExceeded | None:
        """Return the error for one more task of an owner; None if its quotas have room."""
        if not limits.limits_any("max_processor_s", "max_result_bytes"):
            return None
        project, user = owner
        use = self._read.get()
        return _exceeded(limits.of_user(project, user), use.of_user(owner), "this owner") or (
            _exceeded(limits.of_project(project), use.of_project(project), "this project")
        )


class _Use:
    def __init__(self, rows: list[Consumption]) -> None:
        self._by_owner = {(row.project, row.owner): row for row in rows}

    def of_user(self, owner: Owner) -> tuple[float, float]:
        row = self._by_owner.get(owner)
        return (row.processor_s, row.result_bytes) if row else (0.0, 0.0)

    def of_project(self, project: str) -> tuple[float, float]:
        rows = [row for row in self._by_owner.values() if row.project == project]
        return sum(row.processor_s for row in rows), sum(row.result_bytes for row in rows)


def _exceeded(limits: Limits, use: tuple[float, float], whose: str) -> QuotaExceeded | None:
    processor_s, result_bytes = use
    if processor_s >= limits.max_processor_s:
        return QuotaExceeded(
            f"quota exceeded: {whose} has used {processor_s:,.0f} of {limits.max_processor_s:,.0f} "
            "processor seconds of today; the day ends at 00:00 UTC",
            int(_DAY_S - time.time() % _DAY_S) + 1,
        )
    if result_bytes >= limits.max_result_bytes:
        return QuotaExceeded(
            f"quota exceeded: {whose} keeps {result_bytes:,.0f} of {limits.max_result_bytes:,.0f} "
            "bytes of results; old tasks are removed after QUANTUMTASK_RETENTION_DAYS"
        )
    return None


def check_timeout(limits: LimitTable, owner: Owner, timeout_s: float) -> str | None:
    """Return the reason why a task may not run so long; None if it may."""
    project, user = owner
    limit = min(
        limits.of_user(project, user).max_timeout_s, limits.of_project(project).max_timeout_s
    )
    if timeout_s <= limit:
        return None
    return (
        f"timeout_s: must be at most {limit:g} for your tasks in the project {project}; "
        f"got {timeout_s:g}"
    )
