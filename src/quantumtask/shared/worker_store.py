"""The Store of a worker: claims, leases and outcomes."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from itertools import starmap
from typing import Any

from quantumtask.shared.database.rows import (
    AttemptRow,
    CircuitRow,
    ClaimedRow,
    LeaseRow,
    MovedRow,
    assignment_from_row,
    to_completion_row,
)
from quantumtask.shared.db import Store
from quantumtask.shared.task import (
    Assignment,
    Failure,
    Lease,
    ReclaimedTask,
    Result,
    TaskState,
)


class WorkerStore(Store):
    """The Store with the moves of a worker."""

    def claim(self, worker: str, budget_ms: float) -> list[Assignment]:
        """Claim the next waiting tasks whose predicted work fills the budget, under a lease."""
        lease_s = self._settings.lease_s
        with self.transaction():
            tasks = self._select(
                ClaimedRow, "claim", worker=worker, lease_s=lease_s, budget_ms=budget_ms
            )
            if not tasks:
                return []
            self._record("claim", tasks, worker)
            sequences = [task.sequence for task in tasks]
            circuits = self._select(CircuitRow, "read_circuits", sequences=sequences)
        tasks.sort(key=lambda task: (task.rank, task.fair, task.sequence))
        texts_of = {texts.sequence: texts for texts in circuits}
        return [assignment_from_row(task, texts_of[task.sequence], worker) for task in tasks]

    def complete(self, results: Sequence[tuple[Assignment, Result]]) -> set[tuple[str, int]]:
        """Write results, all of one worker.

        Returns:
            The (id, attempt) pairs whose result was written. A task that has left its attempt
            keeps its state.
        """
        with self.transaction():
            rows = self._each("complete", starmap(to_completion_row, results))
            tasks = list(starmap(MovedRow, rows))
            self._record("complete", tasks, results[0][0].worker if results else None)
        return {(task.id, task.attempt) for task in tasks}

    def fail(self, assignment: Assignment, failure: Failure) -> bool:
        """Write a failure; return False if the task has left this attempt."""
        return self._end_attempt(
            "fail",
            assignment,
            code=str(failure.code),
            message=failure.message,
            problems=json.dumps([asdict(problem) for problem in failure.problems]),
        )

    def release(self, assignment: Assignment, *, crashed: bool = False) -> bool:
        """Return a task to the queue; return False if the task has left this attempt."""
        return self._end_attempt("release", assignment, crashed=int(crashed))

    def _end_attempt(self, move: str, assignment: Assignment, /, **values: Any) -> bool:
        return bool(
            self._move(
                move,
                id=assignment.id,
                attempt=assignment.attempt,
                worker=assignment.worker,
                **values,
            )
        )

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
                for query in ("abandon", "release.lost"):
                    reclaimed += (
                        ReclaimedTask(task.id, task.attempt, lease.worker, TaskState(task.state))
                        for task in self._move(query, **values, max_crashes=max_crashes)
                    )
        return reclaimed

    def prune_shares(self) -> None:
        """Delete some of the shares of the work that have ended."""
        self._rows("delete_past_shares")

    def heartbeat(self, worker: str, slots: int, rate: float | None = None) -> None:
        """Record that a worker is alive; `rate`: predicted work in ms that it does in a second."""
        self._rows("heartbeat", worker=worker, slots=slots, rate=rate)

    def deregister(self, worker: str) -> None:
        """Record that a worker has stopped."""
        self._rows("delete_workers", worker=worker)
