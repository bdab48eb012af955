"""The Store: the queue and the only truth. One method per thing that can happen to tasks."""

import contextlib
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any, Protocol

from quantumtask.shared.admission import AdmissionControl, TtlCache
from quantumtask.shared.database.base import Row
from quantumtask.shared.database.connect import open_database
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.database.rows import (
    assignment_from_row,
    state_change_from_row,
    task_from_row,
    to_completion_row,
    to_insert_row,
)
from quantumtask.shared.errors import IdempotencyConflict, QuantumTaskError
from quantumtask.shared.fair_share import virtual_length, virtual_starts
from quantumtask.shared.queue_stats import MAX_TASKS_AHEAD, OwnerQueue, QueueStats
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import (
    Assignment,
    Failure,
    Lease,
    QueuePosition,
    ReclaimedTask,
    Result,
    StateChange,
    Submission,
    Task,
    TaskState,
)

WorkerRate = tuple[int, int, float]
"""How many workers there are, their slots, and the predicted ms of work they do in a second."""


class Idempotent(Protocol):
    """What is stored under `id`, or recognised by its idempotency key."""

    @property
    def id(self) -> str: ...
    @property
    def key(self) -> str | None: ...
    @property
    def digest(self) -> str: ...


class Store:
    """Tasks in a database. Every method is one transaction, or part of the one around it.

    Not for several threads at once: each thread opens its own. Every method raises
    StoreUnavailable when the database cannot be read or written; nothing is half-written then.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._database = open_database(settings)
        texts = load_queries(*self._database.ALSO)
        self._queries = {name: self._database.sql(text) for name, text in texts.items()}
        self._queue = TtlCache(self._look_at_queue)
        self._room = AdmissionControl(
            settings.max_waiting_tasks, settings.max_waiting_per_owner, self._count_waiting
        )

    def transaction(self, durable: bool = True) -> contextlib.AbstractContextManager[None]:
        """Groups several calls: all of them are written, or none.

        A power cut may undo one that is not `durable`: enough for claims and leases, which end with
        the machine anyhow.
        """
        return self._database.transaction(durable)

    def changed(self) -> bool:
        """Whether any other connection has written since the last call; costs microseconds."""
        return self._database.changed()

    def close(self) -> None:
        self._database.close()

    # What clients do

    def submit(self, submissions: Sequence[Submission]) -> list[str | QuantumTaskError]:
        """Stores tasks; for each gives its id, or why it was not taken (QueueFull, conflict)."""
        with self.transaction():
            if any(s.key for s in submissions):
                self._rows("forget_keys")
            self._room.look()
            taken: list[Submission] = []
            answers = [self._answer(s, taken) for s in submissions]
            self._insert(taken)
        return answers

    def _answer(self, submission: Submission, taken: list[Submission]) -> str | QuantumTaskError:
        """What becomes of a submission; adds it to those that are to be stored, if it is."""
        if known := self._known(submission):
            return known
        if refusal := self._room.refusal(submission.spec.owner):
            return refusal
        # Remembered now, because the next one may have the same key.
        if not self._remember(submission) and (known := self._known(submission)):
            return known
        self._room.take(submission.spec.owner)
        taken.append(submission)
        return submission.id

    def _known(self, keyed: Idempotent) -> str | QuantumTaskError | None:
        """What is stored under the key, or that it is something else; None: nothing is."""
        for digest, stored in self._rows("find_key", key=keyed.key) if keyed.key else ():
            if digest == keyed.digest:
                return str(stored)
            return IdempotencyConflict("this Idempotency-Key was used with another body")
        return None

    def _count_waiting(self) -> dict[str, int]:
        """How many tasks of each owner wait."""
        found: Counter[str] = Counter()
        for owner, _, tasks in self._rows("waiting"):
            found[owner] += tasks
        return found

    def _remember(self, keyed: Idempotent) -> bool:
        """Whether the key was not known yet; it is if another API process has just stored it."""
        return not keyed.key or bool(
            self._rows(
                "remember_key",
                key=keyed.key,
                digest=keyed.digest,
                task_id=keyed.id,
                keep_s=self._settings.idempotency_hours * 3600,
            )
        )

    def _insert(self, submissions: Sequence[Submission]) -> None:
        rows = self._each("insert", map(to_insert_row, submissions, self._places(submissions)))
        self._record("submit", rows, None)
        specs = [(row[0], s.spec) for row, s in zip(rows, submissions, strict=True)]
        self._each(
            "insert_circuit",
            ({"sequence": n, "circuit": spec.circuit.encode()} for n, spec in specs),
        )
        for query, name in (
            ("insert_parameters", "parameters"),
            ("insert_options", "options"),
            ("insert_metadata", "metadata"),
        ):
            texts = ((n, getattr(spec, name)) for n, spec in specs)
            values = ({"sequence": n, name: text} for n, text in texts if text is not None)
            self._each(query, values)
        self._each(
            "insert_tag", ({"sequence": n, "tag": tag} for n, spec in specs for tag in spec.tags)
        )

    def _places(self, submissions: Sequence[Submission]) -> list[float]:
        """Where each task begins on the line of work that all owners share."""
        whose: dict[tuple[int, str], list[int]] = {}
        for index, submission in enumerate(submissions):
            whose.setdefault((-submission.spec.priority, submission.spec.owner), []).append(index)
        lines = {rank: self._value("line", rank=rank) for rank, _ in whose}
        places = [0.0] * len(submissions)
        for (rank, owner), indices in sorted(whose.items()):  # all lock them in the same order
            theirs = [submissions[index] for index in indices]
            weight = self._settings.weights.get(owner, 1.0)
            work = sum(virtual_length(submission, weight) for submission in theirs)
            finish = self._value("take_share", rank=rank, owner=owner, line=lines[rank], work=work)
            begins = virtual_starts(theirs, finish - work, weight)
            for index, begin in zip(indices, begins, strict=True):
                places[index] = begin
        return places

    def cancel(self, task_id: str) -> Task | None:
        """Cancels a task unless it is final, and tells how it stands now; None if unknown."""
        with self.transaction():
            self._move("cancel", id=task_id)
            return self.read([task_id]).get(task_id)

    def read(self, ids: Iterable[str]) -> dict[str, Task]:
        """The tasks with these ids, with results and history; unknown ids are left out."""
        rows = self._rows("read", ids=list(ids))
        changes: dict[int, list[StateChange]] = {row[1]: [] for row in rows}
        for sequence, *change in self._rows("read_changes", sequences=list(changes)):
            changes[sequence].append(state_change_from_row(*change))
        pace = cache(self._pace)
        return {row[0]: self._placed(row, tuple(changes[row[1]]), pace) for row in rows}

    def _placed(
        self, row: Row, changes: tuple[StateChange, ...], pace: Callable[[], WorkerRate]
    ) -> Task:
        """A task, with its place in the queue while it has one."""
        task = task_from_row(row, changes)
        if task.state is not TaskState.SUBMITTED:
            return task
        rank, fair = row[11:13]
        values = {"rank": rank, "fair": fair, "sequence": task.sequence, "most": MAX_TASKS_AHEAD}
        tasks, work_ms = self._rows("ahead", **values)[0]
        _, _, rate = pace()
        starts_in_s = work_ms / rate if rate else None
        return replace(
            task,
            queue_position=QueuePosition(tasks + 1, starts_in_s, at_least=tasks >= MAX_TASKS_AHEAD),
        )

    def task_states(self, ids: Iterable[str]) -> dict[str, TaskState]:
        """The states of the tasks with these ids; unknown ids are left out."""
        rows = self._rows("states", ids=list(ids))
        return {task_id: TaskState(state) for task_id, state in rows}

    def list_tasks(
        self,
        states: Iterable[TaskState] = tuple(TaskState),
        name: str | None = None,
        tag: str | None = None,
        before: int | None = None,
        limit: int = 20,
    ) -> list[Task]:
        """Tasks, newest first, without results and history; `before` is the last one's sequence."""
        found = self._rows(
            "page_of_name" if name is not None else "page" if tag is None else "page_of_tag",
            states=[str(state) for state in states],
            name=name,
            tag=tag,
            before=2**63 - 1 if before is None else before,
            most=limit,
        )
        rows = self._rows("list", sequences=[row[0] for row in found])
        return [task_from_row(row) for row in rows]

    # What workers do

    def claim(self, worker: str, budget_ms: float) -> list[Assignment]:
        """Takes the next waiting tasks whose predicted work fills the budget, under a lease."""
        lease_s = self._settings.lease_s
        with self.transaction():
            rows = self._move("claim", worker=worker, lease_s=lease_s, budget_ms=budget_ms)
            if not rows:
                return []
            sequences = [row[0] for row in rows]
            texts = {row[0]: row[1:] for row in self._rows("read_circuits", sequences=sequences)}
        rows.sort(key=lambda row: (row[-2], row[-1], row[0]))
        return [assignment_from_row(row, worker, *texts[row[0]]) for row in rows]

    def complete(self, done: Sequence[tuple[Assignment, Result]]) -> set[tuple[str, int]]:
        """Stores results; returns the (id, attempt) pairs of which they were written.

        A task that is no longer its attempt's is left as it is.
        """
        with self.transaction():
            rows = self._each("complete", (to_completion_row(*one) for one in done))
            # All by one worker: it is the only one that has these assignments.
            self._record("complete", rows, done[0][0].worker if done else None)
        return {(task_id, attempt) for _, _, attempt, task_id in rows}

    def fail(self, assignment: Assignment, failure: Failure) -> bool:
        """Stores a failure. False: the task is no longer this attempt's; nothing was written."""
        return self._settle(
            "fail",
            assignment,
            code=failure.code,
            message=failure.message,
            problems=json.dumps([asdict(p) for p in failure.problems]),
        )

    def release(self, assignment: Assignment, *, crashed: bool = False) -> bool:
        """Gives a task back to the queue. False: it was no longer this attempt's."""
        return self._settle("release", assignment, crashed=int(crashed))

    def renew(self, worker: str, ids: Iterable[str]) -> set[tuple[str, int]]:
        """Prolongs a worker's leases of these tasks; returns the (id, attempt) pairs still its own.

        A lease that its worker does not know of runs out: its claim was written, and the answer
        lost.
        """
        lease_s = self._settings.lease_s
        rows = self._rows("renew", worker=worker, ids=list(ids), lease_s=lease_s)
        return {(task_id, attempt) for task_id, attempt in rows}

    def held_attempts(self, worker: str) -> set[tuple[str, int]]:
        """The (id, attempt) pairs a worker holds, without prolonging anything."""
        return {(task_id, attempt) for task_id, attempt in self._rows("held", worker=worker)}

    def leases(self) -> list[Lease]:
        """All leases that tasks are held under, of all workers."""
        return [Lease(worker, until, bool(over)) for worker, until, over in self._rows("leases")]

    def reclaim(self, lost: Iterable[Lease]) -> list[ReclaimedTask]:
        """Takes the tasks that are still held under these leases."""
        swept: list[ReclaimedTask] = []
        with self.transaction():
            for lease in lost:
                values = {"holder": lease.worker, "until": lease.expires_at}
                for move in ("abandon", "release.lost"):
                    rows = self._move(move, **values, max_crashes=self._settings.max_crashes)
                    swept += (
                        ReclaimedTask(r[3], r[2], lease.worker, TaskState(r[1])) for r in rows
                    )
        return swept

    def prune_shares(self) -> None:
        """Removes what nobody needs any more, some of it at a time."""
        self._rows("forget_shares")

    # Who is there

    def heartbeat(self, worker: str, slots: int, rate: float | None = None) -> None:
        """A worker says that it is alive, and its `rate`: predicted ms of work done in a second."""
        self._rows("beat", worker=worker, slots=slots, rate=rate)

    def deregister(self, worker: str) -> None:
        """A worker says that it stops."""
        self._rows("forget_workers", worker=worker)

    def has_live_worker(self) -> bool:
        """Whether any worker has said so lately."""
        workers, _, _ = self._pace()
        return workers > 0

    def queue_stats(self) -> QueueStats:
        """What waits and runs, by owner and priority, those with most waiting first."""
        return self._queue.get()

    def expected_wait_s(self) -> float | None:
        """How long all that waits takes, but what has a priority below 0; None: nobody works.

        Where very many wait, from the first of them.
        """
        last = {"rank": 0, "fair": sys.float_info.max, "sequence": 2**63 - 1}
        tasks, work_ms = self._rows("ahead", **last, most=MAX_TASKS_AHEAD)[0]
        _, _, rate = self._pace()
        more = max(1.0, self.queue_stats().waiting / tasks) if tasks == MAX_TASKS_AHEAD else 1.0
        return more * work_ms / rate if rate else None

    def _look_at_queue(self) -> QueueStats:
        waiting = {(owner, rank): tasks for owner, rank, tasks in self._rows("waiting")}
        running = {(owner, rank): tasks for owner, rank, tasks in self._rows("running")}
        shares = [
            OwnerQueue(owner, -rank, waiting.get((owner, rank), 0), running.get((owner, rank), 0))
            for owner, rank in waiting.keys() | running.keys()
        ]
        shares.sort(key=lambda share: (-share.waiting, -share.running, share.owner, share.priority))
        workers, slots, _ = self._pace()
        oldest = self._rows("oldest")
        return QueueStats(tuple(shares), workers, slots, oldest[0][0] if oldest else None)

    def _pace(self) -> WorkerRate:
        workers, slots, rate = self._rows("pace", within_s=3 * self._settings.renew_s)[0]
        return workers, slots, rate

    def probe(self) -> None:
        """Writes a row, to see that writing works."""
        self._rows("probe")

    def identity(self) -> str:
        """What tells this database from others whose large results are in the same place."""
        return str(self._value("identity"))

    # How

    def _settle(self, move: str, assignment: Assignment, /, **values: Any) -> bool:
        return bool(
            self._move(
                move,
                id=assignment.id,
                attempt=assignment.attempt,
                worker=assignment.worker,
                **values,
            )
        )

    def _move(self, move: str, /, **values: Any) -> list[Row]:
        with self.transaction():
            rows = self._rows(move, **values)
            self._record(move.partition(".")[0], rows, values.get("worker"))
        return rows

    def _record(self, move: str, rows: Sequence[Row], worker: str | None) -> None:
        self._each(
            "record",
            (
                {"sequence": r[0], "state": r[1], "attempt": r[2], "move": move, "worker": worker}
                for r in rows
            ),
        )

    def _value(self, query: str, /, **values: Any) -> Any:
        return self._rows(query, **values)[0][0]

    def _rows(self, query: str, /, **values: Any) -> list[Row]:
        return self._database.rows(self._queries[query], values)

    def _each(self, query: str, values: Iterable[dict[str, Any]], /) -> list[Row]:
        """Runs a query once for each of `values`."""
        given = list(values)
        return self._database.rows_of_each(self._queries[query], given) if given else []
