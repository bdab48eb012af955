"""The audit: the client's journal compared with the rows of the database and the large results.

The audit uses neither the service nor the Store, so that it also finds their mistakes.
"""

import gzip
import hashlib
import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FINAL_STATES, MOVES, TaskState
from tests.reliability.chaos.journal import SubmissionRecord
from tests.support import databases

Changes = list[tuple[str, str, int, str | None]]


@dataclass(frozen=True)
class Row:
    """The row of a task; its changes are (move, state, attempt, worker)."""

    state: str
    attempt: int
    result: str | None
    failure: str | None
    circuits: int
    changes: Changes
    damage: str
    """Fault of the object that holds a large result; empty without a fault or an object."""


@dataclass(frozen=True)
class StoredTasks:
    """All tasks by id, and the id of each idempotency key."""

    tasks: dict[str, Row]
    keys: dict[str, str]

    @property
    def attempts(self) -> dict[int, int]:
        """Return the number of tasks by their number of attempts."""
        return dict(sorted(Counter(row.attempt for row in self.tasks.values()).items()))


def read(settings: Settings) -> StoredTasks:
    changes: dict[int, Changes] = defaultdict(list)
    for sequence, *change in databases.ask(settings, _CHANGES):
        changes[sequence].append((change[0], change[1], change[2], change[3]))
    place = Path(settings.results_location)
    tasks = {}
    for task_id, sequence, *row, blob, digest in databases.ask(settings, _TASKS):
        state, attempt, result, failure, circuits = row
        damage = ""
        if blob:
            result, damage = _unpack(place / blob, digest)
        tasks[task_id] = Row(state, attempt, result, failure, circuits, changes[sequence], damage)
    return StoredTasks(tasks, dict(databases.ask(settings, _KEYS)))


def _unpack(path: Path, digest: str) -> tuple[str | None, str]:
    """Return the counts of an object, and the fault of the object."""
    if not path.exists():
        return None, f"its result {path.name} is gone"
    if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
        return None, f"its result {path.name} is not what was stored"
    return gzip.decompress(path.read_bytes()).decode().split("\n")[0], ""


_TASKS = """
SELECT id, sequence, state, attempt, result, failure,
       (SELECT count(*) FROM circuits WHERE circuits.sequence = tasks.sequence),
       blob, blob_sha256
FROM tasks
"""
_CHANGES = "SELECT sequence, move, state, attempt, worker FROM changes ORDER BY rowid"
_KEYS = "SELECT key, task_id FROM idempotency_keys"


def violations(stored_tasks: StoredTasks, records: dict[str, SubmissionRecord]) -> list[str]:
    """Return every violation of a guarantee as a sentence."""
    problems = []
    for key, record in records.items():
        problems += _of_answers(stored_tasks, key, record)
    record_by_task = {task_id: record for record in records.values() for task_id in record.ids}
    for task_id, row in stored_tasks.tasks.items():
        problems += [
            f"{task_id}: {fault}"
            for fault in task_faults(row, record_by_task.get(task_id, SubmissionRecord(None)))
        ]
    return problems + _unknown(stored_tasks, records)


def _of_answers(stored_tasks: StoredTasks, key: str, record: SubmissionRecord) -> list[str]:
    problems = [f"{task_id}: lost" for task_id in record.ids if task_id not in stored_tasks.tasks]
    if len(record.ids) > 1:
        problems.append(f"key {key}: answered with {len(record.ids)} tasks")
    if key in stored_tasks.keys and record.ids and record.ids != {stored_tasks.keys[key]}:
        problems.append(f"key {key}: stored for another task than was answered")
    return problems


def _unknown(stored_tasks: StoredTasks, records: dict[str, SubmissionRecord]) -> list[str]:
    """Return the tasks that no answer named and no submission waits for."""
    named = set().union(*(record.ids for record in records.values()))
    pending = {stored_tasks.keys.get(key) for key, record in records.items() if not record.ids}
    return [
        f"{i}: no client submitted it"
        for i in stored_tasks.tasks
        if i not in named and i not in pending
    ]


def task_faults(row: Row, record: SubmissionRecord) -> list[str]:
    """Return the faults of one task."""
    problems = list(_of_history(row.changes))
    finals = sum(TaskState(state) in FINAL_STATES for _, state, _, _ in row.changes)
    if finals != 1 or TaskState(row.state) not in FINAL_STATES:
        problems.append(f"final {finals} times, state {row.state}")
    if row.changes and (row.state, row.attempt) != (row.changes[-1][1], row.changes[-1][2]):
        problems.append(f"{row.state} at attempt {row.attempt}, but {row.changes[-1]} was last")
    if row.circuits != 1:
        problems.append(f"{row.circuits} circuits")
    if row.damage:
        problems.append(row.damage)
    result: Any = json.loads(row.result) if row.result else None
    if row.state == "completed" and record.counts is not None and result != record.counts:
        problems.append(f"completed with {result}")
    if row.state not in record.ends:
        problems.append(f"{row.state} {row.failure or ''}, not {' or '.join(record.ends)}")
    return problems


def _of_history(changes: Changes) -> list[str]:
    """Return moves outside of the lifecycle, and moves of a worker without the lease."""
    if not changes or changes[0][0] != "submit":
        return ["does not begin with a submission"]
    problems = []
    state, holder, attempt = TaskState.SUBMITTED, None, 0
    for move, after, at, worker in changes[1:]:
        if state not in MOVES[move].sources:
            problems.append(f"{move} from {state}")
        state = TaskState(after)
        if move == "claim":
            holder, attempt = worker, attempt + 1
        elif worker not in (None, holder):
            problems.append(f"{move} by a worker that had lost its lease")
        if at != attempt:
            problems.append(f"{move} at attempt {at}, expected {attempt}")
    return problems
