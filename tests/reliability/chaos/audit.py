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
from tests.reliability.chaos.journal import Intent
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
    """What is wrong with the object that holds a large result; empty: nothing, or there is none."""


@dataclass(frozen=True)
class Books:
    """All tasks by id, and the id of each idempotency key."""

    tasks: dict[str, Row]
    keys: dict[str, str]

    @property
    def attempts(self) -> dict[int, int]:
        """Return the number of tasks by their number of attempts."""
        return dict(sorted(Counter(row.attempt for row in self.tasks.values()).items()))


def read(settings: Settings) -> Books:
    changes: dict[int, Changes] = defaultdict(list)
    for sequence, *change in databases.ask(settings, _CHANGES):
        changes[sequence].append((change[0], change[1], change[2], change[3]))
    place = Path(settings.results_location)
    tasks = {}
    for task_id, sequence, *row, blob, digest in databases.ask(settings, _TASKS):
        state, attempt, result, failure, circuits = row
        damage = ""
        if blob:
            result, damage = _unpacked(place / blob, digest)
        tasks[task_id] = Row(state, attempt, result, failure, circuits, changes[sequence], damage)
    return Books(tasks, dict(databases.ask(settings, _KEYS)))


def _unpacked(path: Path, digest: str) -> tuple[str | None, str]:
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


def violations(books: Books, intents: dict[str, Intent]) -> list[str]:
    """Return every violation as a sentence; an empty list is the promise."""
    found = []
    for key, intent in intents.items():
        found += _of_answers(books, key, intent)
    told = {task_id: intent for intent in intents.values() for task_id in intent.ids}
    for task_id, row in books.tasks.items():
        found += [f"{task_id}: {what}" for what in faults(row, told.get(task_id, Intent(None)))]
    return found + _unknown(books, intents)


def _of_answers(books: Books, key: str, intent: Intent) -> list[str]:
    found = [f"{task_id}: lost" for task_id in intent.ids if task_id not in books.tasks]
    if len(intent.ids) > 1:
        found.append(f"key {key}: answered with {len(intent.ids)} tasks")
    if key in books.keys and intent.ids and intent.ids != {books.keys[key]}:
        found.append(f"key {key}: stored for another task than was answered")
    return found


def _unknown(books: Books, intents: dict[str, Intent]) -> list[str]:
    """Return the tasks that no answer named and no submission waits for."""
    told = set().union(*(intent.ids for intent in intents.values()))
    awaited = {books.keys.get(key) for key, intent in intents.items() if not intent.ids}
    return [f"{i}: nobody submitted it" for i in books.tasks if i not in told and i not in awaited]


def faults(row: Row, intent: Intent) -> list[str]:
    """Return the faults of one task."""
    found = list(_of_history(row.changes))
    finals = sum(TaskState(state) in FINAL_STATES for _, state, _, _ in row.changes)
    if finals != 1 or TaskState(row.state) not in FINAL_STATES:
        found.append(f"final {finals} times, state {row.state}")
    if row.changes and (row.state, row.attempt) != (row.changes[-1][1], row.changes[-1][2]):
        found.append(f"{row.state} at attempt {row.attempt}, but {row.changes[-1]} was last")
    if row.circuits != 1:
        found.append(f"{row.circuits} circuits")
    if row.damage:
        found.append(row.damage)
    result: Any = json.loads(row.result) if row.result else None
    if row.state == "completed" and intent.counts is not None and result != intent.counts:
        found.append(f"completed with {result}")
    if row.state not in intent.ends:
        found.append(f"{row.state} {row.failure or ''}, not {' or '.join(intent.ends)}")
    return found


def _of_history(changes: Changes) -> list[str]:
    """Return moves outside of the lifecycle, and moves of a worker without the lease."""
    if not changes or changes[0][0] != "submit":
        return ["does not begin with a submission"]
    found = []
    state, holder, attempt = TaskState.SUBMITTED, None, 0
    for move, after, at, worker in changes[1:]:
        if state not in MOVES[move].sources:
            found.append(f"{move} from {state}")
        state = TaskState(after)
        if move == "claim":
            holder, attempt = worker, attempt + 1
        elif worker not in (None, holder):
            found.append(f"{move} by a worker that had lost its lease")
        if at != attempt:
            found.append(f"{move} at attempt {at}, expected {attempt}")
    return found
