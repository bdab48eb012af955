"""The lifecycle is defined once, in MOVES; queries and schema agree with it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from quantumtask.shared.database.base import Database
from quantumtask.shared.database.queries import load_queries
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import (
    FINAL_STATES,
    MOVES,
    Assignment,
    Failure,
    Result,
    Submission,
    TaskSpec,
    TaskState,
)
from tests.support import databases
from tests.support.stores import FullStore

RESULT = Result('{"0": 1}', None, 1, "aer", "1", "statevector", 1.0)
FAILURE = Failure("unknown_gate", "unknown gate")


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(replace(configured, max_crashes=3))
    yield opened
    opened.close()


def submitted(store: FullStore) -> str:
    task_id = f"task-{len(store.list_tasks(ALL_PROJECTS, limit=100))}"
    [receipt] = store.submit([Submission(task_id, TaskSpec("x"), 1.0)])
    assert isinstance(receipt, str)
    return task_id


def claimed(store: FullStore, task_id: str) -> Assignment:
    return next(a for a in store.claim("worker", 1e9) if a.id == task_id)


def expired(store: FullStore, task_id: str) -> Assignment:
    """Claim a task under a lease that has expired already."""
    short_lease = FullStore(replace(store._settings, lease_s=-1))
    assignment = claimed(short_lease, task_id)
    short_lease.close()
    return assignment


def reach(store: FullStore, state: TaskState) -> Assignment:
    """Bring a task into this state by the moves of the Store; return its last assignment."""
    task_id = submitted(store)
    if state is TaskState.SUBMITTED:
        return Assignment(task_id, 0, "worker", 0, 1.0, TaskSpec("x"))
    assignment = claimed(store, task_id)
    if state is TaskState.COMPLETED:
        store.complete([(assignment, RESULT)])
    elif state is TaskState.FAILED:
        store.fail(assignment, FAILURE)
    elif state is TaskState.CANCELLED:
        store.cancel(ALL_PROJECTS, task_id)
    return assignment


def try_claim(store: FullStore, _: Assignment) -> None:
    store.claim("worker", 1e9)


VERBS: dict[str, Callable[[FullStore, Assignment], object]] = {
    "claim": try_claim,
    "complete": lambda store, a: store.complete([(a, RESULT)]),
    "fail": lambda store, a: store.fail(a, FAILURE),
    "cancel": lambda store, a: store.cancel(ALL_PROJECTS, a.id),
    "release": lambda store, a: store.release(a),
}


@pytest.mark.parametrize("move", VERBS)
@pytest.mark.parametrize("state", TaskState)
def test_a_move_happens_from_its_sources_and_from_nowhere_else(
    store: FullStore, move: str, state: TaskState
) -> None:
    assignment = reach(store, state)
    before = store.read(ALL_PROJECTS, [assignment.id])[assignment.id]
    VERBS[move](store, assignment)
    after = store.read(ALL_PROJECTS, [assignment.id])[assignment.id]
    if state in MOVES[move].sources:
        assert after.state is MOVES[move].target
        assert after.changes[-1].move == move
        assert after.changes[:-1] == before.changes
    else:
        assert after == before


def test_an_expired_lease_releases_the_task_and_after_the_last_attempt_abandons_it(
    store: FullStore,
) -> None:
    task_id = submitted(store)
    for _ in range(2):
        expired(store, task_id)
        assert databases.sweep(store) == 1
        assert store.read(ALL_PROJECTS, [task_id])[task_id].state is TaskState.SUBMITTED
    expired(store, task_id)
    assert databases.sweep(store) == 1
    task = store.read(ALL_PROJECTS, [task_id])[task_id]
    assert task.state is TaskState.FAILED
    assert task.failure is not None
    assert task.failure.code == "worker_crashed"
    assert [c.move for c in task.changes] == [
        *("submit", "claim", "release", "claim", "release", "claim", "abandon")
    ]
    assert task.attempt == 3


@pytest.mark.parametrize("kind", databases.KINDS.values())
def test_every_move_is_a_query_whose_heading_and_where_agree_with_the_table(
    kind: type[Database],
) -> None:
    moves = set()
    for name, text in load_queries(*kind.QUERY_OVERRIDES).items():
        heading = re.search(r"^-- move: (.+) -> (\w+)$", text, re.MULTILINE)
        move = MOVES.get(name.partition(".")[0])
        assert (heading is None) == (move is None), name
        if heading is None or move is None:
            continue
        moves.add(name.partition(".")[0])
        condition = text.partition("UPDATE tasks")[2].partition("WHERE")[2]
        guard = re.search(r"state (?:= '(\w+)'|IN \(([^)]+)\))", condition)
        assert guard is not None, name
        guarded = {guard[1]} if guard[1] else set(re.findall(r"\w+", guard[2]))
        assert guarded == set(heading[1].split(" | ")) == {str(s) for s in move.sources}, name
        assert re.search(r"SET state = '(\w+)'", text)[1] == heading[2] == move.target, name  # type: ignore[index]
        assert re.search(r"RETURNING sequence, state, attempt, id\b", text), name
    assert moves == set(MOVES)


@pytest.mark.parametrize("kind", databases.KINDS.values())
def test_every_write_by_a_worker_tests_the_attempt(kind: type[Database]) -> None:
    for name in ("complete", "fail", "release"):
        text = load_queries(*kind.QUERY_OVERRIDES)[name]
        assert re.search(r"AND attempt = (:attempt|done\.claimed)\b", text), name


def test_no_move_leaves_a_final_state() -> None:
    assert all(not (move.sources & FINAL_STATES) for move in MOVES.values())


BROKEN = {
    "a final task without its time": (TaskState.COMPLETED, "finished_at = NULL"),
    "an unfinished task with an end": (TaskState.SUBMITTED, "finished_at = 1.0"),
    "a running task without a lease": (TaskState.RUNNING, "lease_until = NULL"),
    "a running task without a worker": (TaskState.RUNNING, "worker = NULL"),
    "a lease on a waiting task": (TaskState.SUBMITTED, "lease_until = 1.0"),
    "a completed task without a result": (TaskState.COMPLETED, "result = NULL"),
    "a result on a failed task": (TaskState.FAILED, "result = '{}'"),
    "outputs of a failed task": (TaskState.FAILED, "result_outputs = '{}'"),
    "a failed task without a reason": (TaskState.FAILED, "failure = NULL"),
    "a failure on a completed task": (TaskState.COMPLETED, "failure_code = 'x'"),
    "a state that does not exist": (TaskState.SUBMITTED, "state = 'paused'"),
    "a running task that nobody claimed": (TaskState.RUNNING, "attempt = 0"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_the_schema_itself_refuses(configured: Settings, store: FullStore, what: str) -> None:
    state, change = BROKEN[what]
    assignment = reach(store, state)
    with pytest.raises(databases.REFUSED):
        databases.execute(configured, f"UPDATE tasks SET {change} WHERE id = '{assignment.id}'")


@pytest.mark.parametrize("kind", databases.KINDS.values())
def test_every_query_is_used_by_the_store(kind: type[Database]) -> None:
    shared = Path(__file__).parents[2] / "src/quantumtask/shared"
    source = "".join(file.read_text() for file in shared.rglob("*.py"))
    assert [name for name in load_queries(*kind.QUERY_OVERRIDES) if f'"{name}"' not in source] == []


def test_queries_of_a_dialect_replace_others_and_return_the_same_columns() -> None:
    common, own = load_queries(), load_queries(*databases.KINDS["postgresql"].QUERY_OVERRIDES)
    assert own.keys() == common.keys()
    changed = [name for name in own if own[name] != common[name]]
    assert 0 < len(changed) < len(common) / 3
    for name in changed:
        assert returned(own[name]) == returned(common[name]), name


def returned(query: str) -> list[str]:
    """Return the columns that a query gives back."""
    query = re.sub(r"^--.*\n", "", query, flags=re.MULTILINE)
    if query.startswith("SELECT"):
        return re.findall(r"\w+", query.partition("SELECT")[2].partition("FROM")[0])
    return re.findall(r"\w+", query.partition("RETURNING")[2].partition(";")[0])
