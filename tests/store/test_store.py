"""The Store as the API and the worker use it, on real databases."""

import itertools
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from quantumtask.shared.errors import (
    IdempotencyConflict,
    QueueFull,
    StoreUnavailable,
)
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
from tests.support.databases import ids
from tests.support.services import until
from tests.support.sizes import examples
from tests.support.stores import FullStore

RESULT = Result(
    '{"0": 1}', '["0"]', 7, "aer", "1", "statevector", 1.5, ("a warning",), '{"x": [1.0]}'
)


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(configured)
    yield opened
    opened.close()


def put(store: FullStore, *names: str, cost_ms: float = 1.0) -> None:
    answers = store.submit([Submission(name, TaskSpec("x"), cost_ms) for name in names])
    assert ids(answers) == list(names)


def test_a_task_comes_back_as_it_was_stored(store: FullStore) -> None:
    spec = TaskSpec("x\0 π", 5, 2**63 - 1, True, 0.5, "name", ("a", "b"), '{"π": 1}')
    store.submit([Submission("t", spec, 1.0)])
    [assignment] = store.claim("w", 50)
    assert assignment.spec == replace(spec, name=None, tags=())
    assert store.complete([(assignment, RESULT)])
    task = store.read(ALL_PROJECTS, ["t", "unknown"])["t"]
    assert (task.result, task.name, task.tags, task.shots) == (RESULT, "name", ("a", "b"), 5)
    assert task.parameters == spec.parameters
    assert store.list_tasks(ALL_PROJECTS)[0].parameters is None
    assert [c.move for c in task.changes] == ["submit", "claim", "complete"]


def test_tasks_that_are_stored_together_keep_their_own_fields(store: FullStore) -> None:
    specs = {
        "a": TaskSpec("plain"),
        "b": TaskSpec("tagged", tags=("even", "odd")),
        "c": TaskSpec("given", parameters='{"x": 1}'),
        "d": TaskSpec("tagged too", 7, tags=("even",), parameters='{"x": 2}'),
    }
    store.submit([Submission(task_id, spec, 1.0) for task_id, spec in specs.items()])
    assert {a.id: a.spec for a in store.claim("w", 50)} == {
        task_id: replace(spec, tags=()) for task_id, spec in specs.items()
    }
    tasks = store.read(ALL_PROJECTS, specs)
    assert {t: (tasks[t].tags, tasks[t].parameters) for t in specs} == {
        t: (spec.tags, spec.parameters) for t, spec in specs.items()
    }
    assert [t.id for t in store.list_tasks(ALL_PROJECTS, tag="even")] == ["d", "b"]


def test_results_of_lost_tasks_are_left_out_when_results_are_written_together(
    configured: Settings, store: FullStore
) -> None:
    expired = FullStore(replace(configured, lease_s=-1))
    put(store, "lost")
    [lost] = expired.claim("w", 50)
    databases.sweep(store)
    put(store, "kept", "cancelled")
    held_task, cancelled = (a for a in store.claim("w", 50) if a.id != "lost")
    store.cancel(ALL_PROJECTS, "cancelled")
    assert store.complete([(a, RESULT) for a in (lost, cancelled, held_task)]) == {("kept", 1)}
    assert store.complete([]) == set()
    states = store.task_states(["lost", "kept", "cancelled"])
    assert states == {
        "lost": TaskState.RUNNING,  # the second attempt's
        "kept": TaskState.COMPLETED,
        "cancelled": TaskState.CANCELLED,
    }
    expired.close()


TASK_QUERIES = [
    "claim",
    "read_circuits",
    "complete",
    "fail",
    "cancel",
    "release",
    "release.lost",
    "abandon",
    "renew_leases",
    "held_attempts",
    "count_waiting_by_owner",
    "count_running_by_owner",
    "leases",
    "oldest_submission",
    "tasks_ahead",
    "virtual_time",
    "extend_share",
    "task_states",
    "read_tasks",
    "read_changes",
    "find_key",
    "delete_expired_keys",
    "page_by_project",
    "page_by_name",
    "page_by_tag",
    "page_by_id",
    "last_sequence_before",
    "list_tasks",
]


def test_no_query_of_tasks_scans_a_table(configured: Settings, store: FullStore) -> None:
    put(store, "t")
    assert databases.scanning_queries(configured, store, TASK_QUERIES) == {}


def test_claims_take_the_oldest_first_until_the_budget_is_full(store: FullStore) -> None:
    put(store, "a", "b", "c", "d", cost_ms=20)
    assert [a.id for a in store.claim("w", 50)] == ["a", "b", "c"]
    assert [a.id for a in store.claim("w", 1)] == ["d"]
    assert store.claim("w", 50) == []


def test_two_workers_never_hold_the_same_task(configured: Settings) -> None:
    count = 200
    first = FullStore(configured)
    put(first, *(f"t{n}" for n in range(count)))
    claims: list[str] = []

    def work(name: str) -> None:
        mine = FullStore(replace(configured, busy_timeout_s=30))
        while claimed := mine.claim(name, 7):
            claims.extend(a.id for a in claimed)
        mine.close()

    workers = [threading.Thread(target=work, args=(f"w{n}",)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    first.close()
    assert sorted(claims) == sorted(f"t{n}" for n in range(count))


def test_a_worker_that_lost_its_lease_cannot_write(configured: Settings, store: FullStore) -> None:
    put(store, "t")
    expired = FullStore(replace(configured, lease_s=-1))
    [old] = expired.claim("old", 50)
    assert databases.sweep(store) == 1
    [new] = store.claim("new", 50)
    assert not expired.complete([(old, RESULT)])
    assert not expired.fail(old, Failure("x", "x"))
    assert not expired.release(old)
    assert expired.renew("old", ["t"]) == set()
    assert store.renew("new", ["t"]) == {("t", 2)}
    assert store.complete([(new, RESULT)])
    expired.close()


def test_a_lease_that_its_worker_does_not_know_expires(
    configured: Settings, store: FullStore
) -> None:
    """The claim was committed, but its answer was lost."""
    expired = FullStore(replace(configured, lease_s=-1))
    put(store, "unknown", "known")
    assert len(expired.claim("w", 50)) == 2
    assert store.renew("w", ["known"]) == {("known", 1)}
    assert databases.sweep(store) == 1
    assert store.task_states(["unknown", "known"]) == {
        "unknown": TaskState.SUBMITTED,
        "known": TaskState.RUNNING,
    }
    expired.close()


def test_a_cancelled_task_is_no_longer_held(store: FullStore) -> None:
    put(store, "t")
    store.claim("w", 50)
    assert store.held_attempts("w") == {("t", 1)}
    cancelled = store.cancel(ALL_PROJECTS, "t")
    assert cancelled is not None
    assert cancelled.state is TaskState.CANCELLED
    assert store.held_attempts("w") == set()
    assert store.cancel(ALL_PROJECTS, "unknown") is None


def test_the_same_key_gives_the_same_task_and_another_body_a_conflict(store: FullStore) -> None:
    def submit(task_id: str, digest: str) -> object:
        [answer] = store.submit([Submission(task_id, TaskSpec("x"), 1.0, "key", digest)])
        return answer

    assert submit("a", "one") == "a"
    assert submit("b", "one") == "a"
    assert isinstance(submit("c", "two"), IdempotencyConflict)
    assert [t.id for t in store.list_tasks(ALL_PROJECTS)] == ["a"]


def test_a_repeated_submission_does_not_count_for_the_limit_of_the_queue(
    configured: Settings,
) -> None:
    store = FullStore(replace(configured, max_waiting_tasks=2))
    first, *replays = (Submission(t, TaskSpec("x"), 1.0, "key", "digest") for t in "axyz")
    assert ids(store.submit([first, *replays])) == ["a", "a", "a", "a"]
    assert ids(store.submit([*replays, Submission("b", TaskSpec("x"), 1.0)])) == [*"aaa", "b"]
    store.close()


@pytest.mark.parametrize("kind", databases.KINDS)
def test_several_processes_may_create_the_database_at_once(tmp_path: Path, kind: str) -> None:
    for n in range(20 if kind == "sqlite" else 5):
        with databases.new(kind, tmp_path / str(n)) as database, ThreadPoolExecutor(4) as pool:
            long_timeout = replace(database, busy_timeout_s=5)
            for store in pool.map(lambda settings: FullStore(settings), [long_timeout] * 4):
                store.close()


def test_one_batch_may_hold_the_same_key_twice(store: FullStore) -> None:
    twice = [Submission(t, TaskSpec("x"), 1.0, "key", "digest") for t in ("a", "b")]
    assert ids(store.submit(twice)) == ["a", "a"]


def test_a_key_is_deleted_after_its_lifetime(configured: Settings) -> None:
    store = FullStore(replace(configured, idempotency_hours=-1))
    assert ids(store.submit([Submission("a", TaskSpec("x"), 1.0, "key", "one")])) == ["a"]
    assert ids(store.submit([Submission("b", TaskSpec("x"), 1.0, "key", "two")])) == ["b"]
    store.close()


def test_a_full_queue_accepts_tasks_up_to_its_limit_and_refuses_the_others(
    configured: Settings,
) -> None:
    store = FullStore(replace(configured, max_waiting_tasks=2))
    answers = store.submit([Submission(t, TaskSpec("x"), 1.0) for t in "abc"])
    assert ids(answers[:2]) == ["a", "b"]
    assert isinstance(answers[2], QueueFull)
    store.claim("w", 1.5)
    # Seen with the next count, which is not made with every submission.
    until(lambda: store.submit([Submission("d", TaskSpec("x"), 1.0)]) == ["d"], 5)
    store.close()


def test_a_locked_database_is_unavailable_writes_nothing_and_recovers(
    configured: Settings, store: FullStore
) -> None:
    with databases.locked(configured), pytest.raises(StoreUnavailable):
        put(store, "t")
    assert store.read(ALL_PROJECTS, ["t"]) == {}
    put(store, "t")


def test_a_failed_transaction_writes_nothing_at_all(store: FullStore) -> None:
    class Unexpected(Exception):
        pass

    with pytest.raises(Unexpected), store.transaction():
        put(store, "a")
        put(store, "b")
        raise Unexpected
    assert store.list_tasks(ALL_PROJECTS) == []


def test_lists_are_newest_first_filtered_and_paged(store: FullStore) -> None:
    for n in range(5):
        spec = TaskSpec("x", name=f"n{n % 2}", tags=("even",) if n % 2 == 0 else ())
        store.submit([Submission(f"t{n}", spec, 1.0)])
    store.cancel(ALL_PROJECTS, "t4")
    first = store.list_tasks(ALL_PROJECTS, limit=2)
    assert [t.id for t in first] == ["t4", "t3"]
    assert [t.id for t in store.list_tasks(ALL_PROJECTS, before=first[-1].sequence, limit=2)] == [
        "t2",
        "t1",
    ]
    assert [t.id for t in store.list_tasks(ALL_PROJECTS, name="n1")] == ["t3", "t1"]
    assert [t.id for t in store.list_tasks(ALL_PROJECTS, tag="even")] == ["t4", "t2", "t0"]
    assert [t.id for t in store.list_tasks(ALL_PROJECTS, name="n0", tag="even", limit=1)] == ["t4"]
    assert [
        t.id for t in store.list_tasks(ALL_PROJECTS, tag="even", before=first[0].sequence, limit=1)
    ] == ["t2"]
    assert store.list_tasks(ALL_PROJECTS, name="n1", tag="even") == []
    assert [t.id for t in store.list_tasks(ALL_PROJECTS, [TaskState.CANCELLED])] == ["t4"]


def uuid7(at: float, rest: int) -> str:
    """Return an id of a task that was submitted at a time, as the API gives it."""
    digits = f"{int(1000 * at):012x}7{rest:019x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def test_lists_have_the_tasks_of_an_owner_a_time_or_the_beginning_of_an_id(
    store: FullStore,
) -> None:
    now = time.time()
    ids = [uuid7(now - days * 86_400, rest) for rest, days in enumerate((9, 0, 0, 0))]
    for number, task_id in enumerate(ids):
        spec = TaskSpec("x", name="n", tags=("t",), owner=("ada", "bob")[number % 2])
        store.submit([Submission(task_id, spec, 1.0)])
    tasks = store.list_tasks(ALL_PROJECTS)
    filters: tuple[dict[str, Any], ...] = ({}, {"name": "n"}, {"tag": "t"}, {"id_prefix": "0"})
    times = (0.0, tasks[1].submitted_at, now + 86_400)
    cases = itertools.product((ALL_PROJECTS, "default"), filters, (None, "ada", ""), times)
    for project, more, owner, since in cases:
        listed = store.list_tasks(project, **more, owner=owner, since=since)
        assert [task.id for task in listed] == [
            task.id
            for task in tasks
            if owner in (None, task.owner) and task.submitted_at >= since
            if not since or task.id != ids[0]  # old by its id, and not looked at
        ], (project, more, owner, since)
    for project, prefix, count in (
        (ALL_PROJECTS, "n", 4),
        ("default", "n", 4),
        ("default", "nn", 0),
    ):
        for more in filters:
            listed = store.list_tasks(project, **more, name_prefix=prefix)
            assert len(listed) == count, (project, more, prefix)
    for length in (12, 20, 36):
        assert [t.id for t in store.list_tasks(ALL_PROJECTS, id_prefix=ids[0][:length])] == [ids[0]]
    assert store.list_tasks(ALL_PROJECTS, id_prefix=ids[1][:-1] + "g") == []
    assert store.list_tasks("other", id_prefix=ids[1]) == []


def test_another_connection_notices_a_write(configured: Settings, store: FullStore) -> None:
    reader = FullStore(configured)
    reader.changed()
    assert not reader.changed()
    put(store, "t")
    until(reader.changed, 5)  # PostgreSQL tells it a moment later
    assert not reader.changed()
    assert reader.read(ALL_PROJECTS, ["t"])
    reader.close()


def test_a_worker_is_live_until_it_deregisters(store: FullStore) -> None:
    assert not store.has_live_worker()
    store.heartbeat("w", 2)
    assert store.has_live_worker()
    store.deregister("w")
    assert not store.has_live_worker()


class Lifecycle(RuleBasedStateMachine):
    """The lifecycle holds for every task, for all orders of calls by clients and workers."""

    kind = "sqlite"
    tasks = Bundle("tasks")
    claims = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.ending = ExitStack()
        folder = Path(self.ending.enter_context(TemporaryDirectory()))
        database = self.ending.enter_context(databases.empty(self.kind, folder))
        base = replace(database, max_crashes=3)
        self.store = FullStore(base)
        self.expired = FullStore(replace(base, lease_s=-1))
        self.current: dict[str, int] = {}
        self.count = 0

    @rule(target=tasks)
    def submit(self) -> str:
        self.count += 1
        task_id = f"t{self.count}"
        put(self.store, task_id)
        return task_id

    @precondition(lambda self: self.count)
    @rule(target=claims, lapses=st.booleans())
    def claim(self, lapses: bool) -> Assignment | None:
        store = self.expired if lapses else self.store
        claimed = store.claim("w", 0.5)
        for assignment in claimed:
            assert assignment.attempt == self.current.get(assignment.id, 0) + 1
            self.current[assignment.id] = assignment.attempt
        return claimed[0] if claimed else None

    @rule(assignment=claims, verb=st.sampled_from(["complete", "fail", "release", "crash"]))
    def write(self, assignment: Assignment | None, verb: str) -> None:
        if assignment is None:
            return
        before = self.store.read(ALL_PROJECTS, [assignment.id])[assignment.id]
        if verb == "complete":
            written = bool(self.store.complete([(assignment, RESULT)]))
        elif verb == "fail":
            written = self.store.fail(assignment, Failure("x", "x"))
        else:
            written = self.store.release(assignment, crashed=verb == "crash")
        mine = before.attempt == assignment.attempt and before.state is TaskState.RUNNING
        assert written == mine

    @rule(task=tasks)
    def cancel(self, task: str) -> None:
        self.store.cancel(ALL_PROJECTS, task)

    @rule()
    def sweep(self) -> None:
        databases.sweep(self.store)

    @invariant()
    def every_history_is_a_walk_through_the_table_and_ends_at_most_once(self) -> None:
        for task in self.store.read(
            ALL_PROJECTS, [f"t{n + 1}" for n in range(self.count)]
        ).values():
            state = TaskState.SUBMITTED
            assert task.changes[0].move == "submit"
            for change in task.changes[1:]:
                assert state in MOVES[change.move].sources
                assert change.state is MOVES[change.move].target
                state = change.state
            assert state is task.state
            assert sum(c.state in FINAL_STATES for c in task.changes) == (
                task.state in FINAL_STATES
            )

    def teardown(self) -> None:
        self.store.close()
        self.expired.close()
        self.ending.close()


class LifecycleOnPostgresql(Lifecycle):
    kind = "postgresql"


TestLifecycle = Lifecycle.TestCase
TestLifecycleOnPostgresql = LifecycleOnPostgresql.TestCase
TestLifecycle.settings = settings(
    max_examples=examples(15),
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestLifecycleOnPostgresql.settings = settings(TestLifecycle.settings, max_examples=examples(5))
