"""The Store of a worker: claims, leases and outcomes."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import TypeAlias

from quantumtask.shared.database.rows import (
    AttemptRow,
    CircuitRow,
    ClaimedRow,
    LeaseRow,
    MovedRow,
    assignment_from_row,
    to_completion_row,
)
from quantumtask.shared.database.usage_rows import FinalRow
from quantumtask.shared.fair_share import StarvedTask, Turn
from quantumtask.shared.lease import Lease, ReclaimedTask
from quantumtask.shared.limit_store import LimitStore
from quantumtask.shared.limits import LimitTable
from quantumtask.shared.task import (
    Assignment,
    Failure,
    Result,
    TaskState,
)
from quantumtask.shared.task_progress import TaskProgress

_CALL_S = 5.0
"""Time in which no second slot is freed for a waiting task: the first one has to start anew."""


Completion: TypeAlias = tuple[Assignment, Result] | tuple[Assignment, Result, float]
"""A result, with the milliseconds that it has waited for its write, if they are known."""


class WorkerStore(LimitStore):
    """The Store with the moves of a worker."""

    def has_waiting(self) -> bool:
        """Return True if any task waits."""
        return bool(self._value("count_waiting", limit=1))

    def claim(self, worker: str, budget_ms: float) -> list[Assignment]:
        """Claim the next waiting tasks whose predicted work fills the budget, under a lease."""
        values = {"worker": worker, "lease_s": self._settings.lease_s, "budget_ms": budget_ms}
        limits = self.limits()
        with self.transaction():
            if limits.limits_any("max_running", "max_slots"):
                self._rows("lock_claims")
                tasks = self._select(ClaimedRow, "claim.limited", **values, **_load_limits(limits))
            else:
                tasks = self._select(ClaimedRow, "claim", **values)
            if not tasks:
                return []
            self._record("claim", tasks, worker)
            sequences = [task.sequence for task in tasks]
            circuits = self._select(CircuitRow, "read_circuits", sequences=sequences)
        tasks.sort(key=lambda task: (task.rank, task.fair, task.sequence))
        texts_of = {texts.sequence: texts for texts in circuits}
        return [assignment_from_row(task, texts_of[task.sequence], worker) for task in tasks]

    def complete(self, results: Sequence[Completion]) -> set[tuple[str, int]]:
        """Write results, all of one worker, each with its `store_ms`, if that is known.

        Returns:
            The (id, attempt) pairs whose result was written. A task that has left its attempt
            keeps its state.
        """
        with self.transaction():
            rows = [to_completion_row(task.id, task.attempt, *rest) for task, *rest in results]
            tasks = self._complete(results[0][0].worker, rows) if rows else []
        return {(task.id, task.attempt) for task in tasks}

    def fail(self, assignment: Assignment, failure: Failure) -> bool:
        """Write a failure; return False if the task has left this attempt."""
        failed = self._end(
            "fail",
            id=assignment.id,
            attempt=assignment.attempt,
            worker=assignment.worker,
            code=str(failure.code),
            message=failure.message,
            problems=json.dumps([asdict(problem) for problem in failure.problems]),
        )
        return bool(failed)

    def release(self, assignment: Assignment, *, crashed: bool = False) -> bool:
        """Return a task to the queue; return False if the task has left this attempt."""
        values = {"id": assignment.id, "attempt": assignment.attempt, "worker": assignment.worker}
        return bool(self._move("release", **values, crashed=int(crashed)))

    def starved_task(self, patience_s: float) -> StarvedTask | None:
        """Return the next waiting task whose owner has no running task, after some patience."""
        values = {"patience_s": patience_s, "again_s": _CALL_S}
        most = _load_limits(self.limits())
        values["project_running"] = min(most["project_running"], most["project_slots"])
        rows = self._select(StarvedTask, "starved_task", **values)
        return rows[0] if rows else None

    def held_turns(self, worker: str) -> list[Turn]:
        """Return the tasks that a worker holds, with their owners and the runs they may finish."""
        return self._select(Turn, "held_turns", worker=worker)

    def give_way(
        self, turn: Turn, promise_s: float, worker: str, starved: StarvedTask | None
    ) -> bool:
        """Return a running task to the queue, so that another owner gets its slot.

        Args:
            turn: The running task.
            promise_s: The shortest run of the task next time, in seconds.
            worker: The worker of the task.
            starved: The waiting task that gets the slot, and becomes the next of its priority;
                None: one that the worker has claimed.

        Returns:
            False if the task has left this attempt, or another worker frees a slot for `starved`.
        """
        with self.transaction():
            if starved and not self._rows(
                "call_task", **starved._asdict(), id=turn.id, again_s=_CALL_S
            ):
                return False
            values = {"id": turn.id, "attempt": turn.attempt, "worker": worker}
            return bool(self._move("release.preempted", **values, turn_s=promise_s))

    def renew(self, worker: str, ids: Iterable[str]) -> set[tuple[str, int]]:
        """Extend a worker's leases of these tasks.

        If a claim was committed but its answer was lost, the worker never renews the lease, and it
        expires.

        Returns:
            The (id, attempt) pairs that the worker still holds.
        """
        lease_s = self._settings.lease_s
        values = {"worker": worker, "ids": list(ids), "lease_s": lease_s}
        return {(row.id, row.attempt) for row in self._select(AttemptRow, "renew_leases", **values)}

    def record_progress(
        self, worker: str, progress: Mapping[tuple[str, int], TaskProgress]
    ) -> None:
        """Write the progress of attempts, by id and attempt; skip those that the worker lost."""
        self._each(
            "record_progress",
            (
                {
                    "id": task_id,
                    "attempt": attempt,
                    "worker": worker,
                    "fraction": each.fraction,
                    "remaining_s": each.remaining_s,
                }
                for (task_id, attempt), each in progress.items()
            ),
        )

    def held_attempts(self, worker: str) -> set[tuple[str, int]]:
        """Return the (id, attempt) pairs that a worker holds, without renewing any lease."""
        rows = self._select(AttemptRow, "held_attempts", worker=worker)
        return {(row.id, row.attempt) for row in rows}

    def task_states(self, ids: Iterable[str]) -> dict[str, TaskState]:
        """Return the states of the tasks with these ids; unknown ids are left out."""
        rows = self._rows("task_states", ids=list(ids))
        return {task_id: TaskState(state) for task_id, state in rows}

    def leases(self) -> list[Lease]:
        """Return the leases of all workers."""
        rows = self._select(LeaseRow, "leases")
        return [Lease(row.worker, row.expires_at, bool(row.expired)) for row in rows]

    def reclaim(self, leases: Iterable[Lease]) -> list[ReclaimedTask]:
        """Take the tasks under these leases from their lost workers."""
        reclaimed: list[ReclaimedTask] = []
        max_crashes = self._settings.max_crashes
        with self.transaction():
            for lease in leases:
                values = {"lost_worker": lease.worker, "expires_at": lease.expires_at}
                tasks: list[FinalRow | MovedRow] = [
                    *self._end("abandon", **values, max_crashes=max_crashes),
                    *self._move("release.lost", **values, max_crashes=max_crashes),
                ]
                reclaimed += (
                    ReclaimedTask(task.id, task.attempt, lease.worker, TaskState(task.state))
                    for task in tasks
                )
        return reclaimed

    def prune(self) -> None:
        """Delete some of the shares of the work that have ended, and the sums of past hours."""
        self._rows("delete_past_shares")
        self._rows("delete_past_minutes")

    def heartbeat(self, worker: str, slots: int, rate: float | None = None) -> None:
        """Record that a worker is alive; `rate`: predicted work in ms that it does in a second."""
        self._rows("heartbeat", worker=worker, slots=slots, rate=rate)

    def deregister(self, worker: str) -> None:
        """Record that a worker has stopped."""
        self._rows("delete_workers", worker=worker)


_CHUNK_MS = 50.0
"""Predicted work of a task that is a whole slot, in milliseconds: that of a chunk."""
_UNLIMITED = 1e18


def _load_limits(limits: LimitTable) -> dict[str, float]:
    """Return the values of `claim.limited` for owners without limits in the database."""
    project, user = limits.project_default, limits.user_default
    values = {
        "user_running": user.max_running,
        "user_slots": user.max_slots,
        "project_running": project.max_running,
        "project_slots": project.max_slots,
    }
    return {name: min(value, _UNLIMITED) for name, value in values.items()} | {
        "chunk_ms": _CHUNK_MS
    }
