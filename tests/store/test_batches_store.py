"""Batches in the Store, on both databases: stored whole, and counted in the order of commits."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quantumtask.shared.batch import BatchEvent, BatchVersion, NewBatch
from quantumtask.shared.errors import IdempotencyConflict, QueueFull, StoreUnavailable
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, Result, Submission, TaskSpec, TaskState
from tests.support import databases
from tests.support.previous_release import PreviousRelease
from tests.support.sizes import examples
from tests.support.stores import FullStore

RESULT = Result('{"0": 1}', None, 7, "aer", "1", "statevector", 1.5)
ALL = 10**9


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(configured)
    yield opened
    opened.close()


def batch(
    name: str, size: int, *, key: str | None = None, digest: str = "", owner: str = ""
) -> NewBatch:
    spec = TaskSpec("x", owner=owner)
    tasks = (Submission(f"{name}{n}", spec, 1.0, batch=name, item=n) for n in range(size))
    return NewBatch(name, tuple(tasks), key=key, digest=digest)


def put(store: FullStore, name: str, size: int) -> None:
    assert store.submit_batch(batch(name, size)) == name


def moves(store: FullStore, name: str, after: int = 0, most: int = 10_000) -> list[tuple[int, str]]:
    return [
        (event.item, event.change.move)
        for event in store.read_batch_events(ALL_PROJECTS, name, after, most)
    ]


def test_a_batch_comes_back_as_it_was_stored(store: FullStore) -> None:
    new_batch = replace(batch("b", 3), name="angles", tags=("x", "y"))
    assert store.submit_batch(new_batch) == "b"
    stored = store.read_batches(ALL_PROJECTS, ["b", "unknown"])["b"]
    assert (stored.id, stored.name, stored.tags, stored.size) == ("b", "angles", ("x", "y"), 3)
    assert stored.states == {TaskState.SUBMITTED: 3}
    assert stored.finished_at is None
    assert store.batch_task_ids(ALL_PROJECTS, "b") == ["b0", "b1", "b2"]
    task = store.read(ALL_PROJECTS, ["b1"])["b1"]
    assert (task.batch, task.item) == ("b", 1)
    assert [(t.batch, t.item) for t in store.list_tasks(ALL_PROJECTS)] == [
        ("b", 2),
        ("b", 1),
        ("b", 0),
    ]


def test_every_move_has_a_place_and_every_final_move_a_number(store: FullStore) -> None:
    put(store, "b", 3)
    done, failed, _ = store.claim("w", ALL)
    store.fail(failed, Failure("code", "message"))
    store.complete([(done, RESULT)])
    store.cancel(ALL_PROJECTS, "b2")
    assert moves(store, "b") == [
        *((0, "submit"), (1, "submit"), (2, "submit")),
        *((0, "claim"), (1, "claim"), (2, "claim")),
        *((1, "fail"), (0, "complete"), (2, "cancel")),
    ]
    events = store.read_batch_events(ALL_PROJECTS, "b", 0, 100)
    assert [event.place for event in events] == list(range(1, 10))
    assert [(e.task_id, e.change.state, e.change.attempt) for e in events[6:]] == [
        ("b1", "failed", 1), ("b0", "completed", 1), ("b2", "cancelled", 1),
    ]  # fmt: skip
    assert store.finished_tasks(ALL_PROJECTS, "b", 0, 100) == [(0, "b1"), (1, "b0"), (2, "b2")]
    assert store.batch_versions(ALL_PROJECTS, ["b"]) == {"b": BatchVersion(9, 3, 3)}
    assert store.read_batches(ALL_PROJECTS, ["b"])["b"].finished_at is not None


def test_events_are_read_from_any_place_in_small_pages(store: FullStore) -> None:
    put(store, "b", 5)
    store.cancel_batch(ALL_PROJECTS, "b")
    whole = store.read_batch_events(ALL_PROJECTS, "b", 0, 100)
    assert len(whole) == 10
    for place in range(11):
        assert store.read_batch_events(ALL_PROJECTS, "b", place, 100) == whole[place:]
        assert store.read_batch_events(ALL_PROJECTS, "b", place, 2) == whole[place:][:2]
    assert [number for number, _ in store.finished_tasks(ALL_PROJECTS, "b", 3, 100)] == [3, 4]
    assert store.finished_tasks(ALL_PROJECTS, "b", 5, 100) == []


def test_a_batch_ends_with_the_last_of_its_tasks(store: FullStore) -> None:
    put(store, "b", 2)
    first, last = store.claim("w", ALL)
    store.complete([(first, RESULT)])
    assert store.read_batches(ALL_PROJECTS, ["b"])["b"].finished_at is None
    assert not store.batch_versions(ALL_PROJECTS, ["b"])["b"].final
    store.complete([(last, RESULT)])
    task = store.read(ALL_PROJECTS, ["b1"])["b1"]
    assert store.read_batches(ALL_PROJECTS, ["b"])["b"].finished_at == task.finished_at
    assert store.batch_versions(ALL_PROJECTS, ["b"])["b"].final


def test_tasks_are_claimed_again_in_the_transaction_that_releases_them(store: FullStore) -> None:
    put(store, "b", 1)
    [assignment] = store.claim("w", ALL)
    with store.transaction():
        store.release(assignment)
        [again] = store.claim("w", ALL)
        store.complete([(again, RESULT)])
    assert [move for _, move in moves(store, "b")] == [
        "submit", "claim", "release", "claim", "complete",
    ]  # fmt: skip


def test_a_transaction_that_fails_leaves_no_gap(store: FullStore) -> None:
    put(store, "b", 3)
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.claim("w", ALL)
        store.cancel(ALL_PROJECTS, "b1")
        raise ZeroDivisionError
    store.cancel(ALL_PROJECTS, "b0")
    assert [event.place for event in store.read_batch_events(ALL_PROJECTS, "b", 3, 9)] == [4]


def test_tasks_without_a_batch_are_no_events(store: FullStore) -> None:
    store.submit([Submission("t", TaskSpec("x"), 1.0)])
    [assignment] = store.claim("w", ALL)
    store.complete([(assignment, RESULT)])
    assert store._database.rows("SELECT count(*) FROM batch_events", {}) == [(0,)]
    assert store.read(ALL_PROJECTS, ["t"])["t"].batch is None


def test_cancelling_a_batch_changes_no_finished_task_and_no_other_batch(store: FullStore) -> None:
    put(store, "b", 3)
    put(store, "other", 1)
    first, *_ = store.claim("w", 1.5)
    store.complete([(first, RESULT)])
    assert store.cancel_batch(ALL_PROJECTS, "b") == 2
    assert store.cancel_batch(ALL_PROJECTS, "b") == 0
    assert store.cancel_batch(ALL_PROJECTS, "unknown") == 0
    assert store.read_batches(ALL_PROJECTS, ["b"])["b"].states == {
        TaskState.COMPLETED: 1,
        TaskState.CANCELLED: 2,
    }
    assert store.task_states(["other0"]) == {"other0": "submitted"}
    assert store.held_attempts("w") == set()


def test_a_batch_fits_as_a_whole_or_not_at_all(configured: Settings) -> None:
    store = FullStore(replace(configured, max_waiting_tasks=10, max_waiting_per_owner=6))
    assert store.submit_batch(batch("a", 6, owner="alice")) == "a"
    for refused in (batch("b", 1, owner="alice"), batch("b", 5, owner="bob")):
        answer = store.submit_batch(refused)
        assert isinstance(answer, QueueFull)
        assert "no room" in answer.message
    assert store.submit_batch(batch("c", 4, owner="bob")) == "c"
    assert store.read_batches(ALL_PROJECTS, ["b"]) == {}
    assert len(store.list_tasks(ALL_PROJECTS, limit=100)) == 10
    store.close()


def test_a_repeated_key_gives_the_same_batch_and_never_a_task(store: FullStore) -> None:
    assert store.submit_batch(batch("a", 2, key="k", digest="d")) == "a"
    assert store.submit_batch(batch("b", 2, key="k", digest="d")) == "a"
    assert isinstance(store.submit_batch(batch("b", 2, key="k", digest="e")), IdempotencyConflict)
    [answer] = store.submit([Submission("t", TaskSpec("x"), 1.0, "k", "task")])
    assert isinstance(answer, IdempotencyConflict)
    assert [b.id for b in store.list_batches(ALL_PROJECTS)] == ["a"]
    assert len(store.list_tasks(ALL_PROJECTS)) == 2


def test_lists_are_newest_first_filtered_and_paged(store: FullStore) -> None:
    for n in range(5):
        tags = ("even",) if n % 2 == 0 else ()
        store.submit_batch(replace(batch(f"b{n}", 1), name=f"n{n % 2}", tags=tags))
    store.cancel_batch(ALL_PROJECTS, "b4")
    first = store.list_batches(ALL_PROJECTS, limit=2)
    assert [b.id for b in first] == ["b4", "b3"]
    assert [b.id for b in store.list_batches(ALL_PROJECTS, before=first[-1].sequence, limit=2)] == [
        "b2",
        "b1",
    ]
    assert [b.id for b in store.list_batches(ALL_PROJECTS, name="n1")] == ["b3", "b1"]
    assert [b.id for b in store.list_batches(ALL_PROJECTS, tag="even")] == ["b4", "b2", "b0"]
    assert [b.id for b in store.list_batches(ALL_PROJECTS, True, tag="even")] == ["b2", "b0"]
    assert [b.id for b in store.list_batches(ALL_PROJECTS, False)] == ["b4"]
    assert [b.id for b in store.list_batches(ALL_PROJECTS, name="n0", tag="even", limit=1)] == [
        "b4"
    ]
    assert store.list_batches(ALL_PROJECTS, name="n1", tag="even") == []
    assert first[0].states == {TaskState.CANCELLED: 1}


def test_a_batch_is_deleted_after_the_last_of_its_tasks(
    configured: Settings, store: FullStore
) -> None:
    without_retention = FullStore(replace(configured, retention_days=-1, idempotency_hours=-24))
    for name in ("gone", "left"):
        store.submit_batch(replace(batch(name, 2), tags=("t",)))
    store.cancel_batch(ALL_PROJECTS, "gone")
    store.cancel(ALL_PROJECTS, "left0")
    assert without_retention.remove_tasks(2)[0] == 2
    assert without_retention.remove_batches() == 1
    assert without_retention.remove_tasks(2)[0] == 1
    assert without_retention.remove_batches() == 0
    assert [b.id for b in store.list_batches(ALL_PROJECTS, tag="t")] == ["left"]
    assert moves(store, "gone") == []
    assert moves(store, "left") == [(1, "submit")], "the other task is kept no longer"
    store.cancel_batch(ALL_PROJECTS, "left")
    assert [
        (number, task) for number, task in store.finished_tasks(ALL_PROJECTS, "left", 0, 9)
    ] == [(1, "left1")]
    without_retention.close()


def test_the_first_failure_of_a_batch_is_the_first_of_the_submission(store: FullStore) -> None:
    store.submit_batch(batch("f", 4))
    claims = {each.id: each for each in store.claim("w", 5.0)}
    assert store.first_batch_failure(ALL_PROJECTS, "f") is None
    for name in ("f3", "f1", "f2"):
        store.fail(claims[name], Failure("timeout", name))
    assert store.first_batch_failure(ALL_PROJECTS, "f") == "f1"


BATCH_QUERIES = [
    "batch_task_ids",
    "first_batch_failure",
    "task_versions",
    "batch_versions",
    "read_batches",
    "count_batch_states",
    "read_batch_events",
    "finished_batch_tasks",
    "page_batches",
    "page_batches_by_name",
    "page_batches_by_tag",
    "cancel.batch",
    "expired_batches",
    "delete_batch_events",
    "delete_batch_tags",
    "delete_batches",
]


def test_no_query_of_batches_scans_a_table(configured: Settings, store: FullStore) -> None:
    assert databases.scanning_queries(configured, store, BATCH_QUERIES) == {}


# Together with others


def test_moves_by_the_version_before_are_counted(configured: Settings, store: FullStore) -> None:
    put(store, "b", 4)
    before = PreviousRelease(configured)
    assert before.claim() == {f"b{n}": 1 for n in range(4)}
    assert before.complete("b1", 1)
    assert before.move("release", id="b0", attempt=1, worker="before", crashed=0)
    assert before.move("cancel", id="b2")
    assert moves(store, "b", 8) == [(1, "complete"), (0, "release"), (2, "cancel")]
    assert store.finished_tasks(ALL_PROJECTS, "b", 0, 9) == [(0, "b1"), (1, "b2")]
    before.close()


def test_workers_that_end_tasks_of_the_same_batches_in_any_order_do_not_block_each_other_for_long(
    configured: Settings,
) -> None:
    """Two workers end tasks of two batches; each transaction has tasks of both, in either order."""
    long_timeout = replace(configured, busy_timeout_s=30)
    store = FullStore(long_timeout)
    for name in ("a", "b"):
        put(store, name, 150)
    shared_out = store.claim("w", ALL) + store.claim("w", ALL)
    assert len(shared_out) == 300
    failures: list[StoreUnavailable] = []

    def work(number: int) -> None:
        mine = FullStore(long_timeout)
        todo = [each for n, each in enumerate(shared_out) if n % 3 == number]
        todo.sort(key=lambda each: each.id, reverse=number % 2 == 1)
        random.Random(number).shuffle(todo)
        while todo:
            some, todo = todo[:6], todo[6:]
            try:
                with mine.transaction():
                    for assignment in some:
                        mine.complete([(assignment, RESULT)])
            except StoreUnavailable as error:
                failures.append(error)
        mine.close()

    with ThreadPoolExecutor(3) as pool:
        for each in [pool.submit(work, number) for number in range(3)]:
            each.result()
    assert failures == []
    for name in ("a", "b"):
        events = store.read_batch_events(ALL_PROJECTS, name, 0, 10_000)
        assert [event.place for event in events] == list(range(1, 451))
        assert [number for number, _ in store.finished_tasks(ALL_PROJECTS, name, 0, 1000)] == list(
            range(150)
        )
        assert store.batch_versions(ALL_PROJECTS, [name])[name].final
    store.close()


def test_a_reader_that_continues_at_its_last_place_misses_no_event_while_many_write(
    configured: Settings,
) -> None:
    long_timeout = replace(configured, busy_timeout_s=30)
    store = FullStore(long_timeout)
    put(store, "b", 200)
    done = threading.Event()

    def work(number: int) -> None:
        mine = FullStore(long_timeout)
        while not store_is_done():
            for assignment in mine.claim(f"w{number}", 6.5):
                if number == 0 and assignment.attempt == 1:
                    mine.release(assignment)
                else:
                    mine.complete([(assignment, RESULT)])
        mine.close()

    def store_is_done() -> bool:
        return done.is_set()

    events: list[BatchEvent] = []
    with ThreadPoolExecutor(3) as pool:
        workers = [pool.submit(work, number) for number in range(3)]
        try:
            while (
                not (mark := store.batch_versions(ALL_PROJECTS, ["b"])["b"]).final
                or len(events) < mark.events
            ):
                stored = store.read_batch_events(ALL_PROJECTS, "b", len(events), 50)
                assert [e.place for e in stored] == [
                    len(events) + n + 1 for n in range(len(stored))
                ]
                events += stored
        finally:
            done.set()
        for each in workers:
            each.result()
    assert events == store.read_batch_events(ALL_PROJECTS, "b", 0, 10_000)
    store.close()


def test_a_task_that_is_being_written_is_cancelled_by_the_next_call(tmp_path: Path) -> None:
    with databases.empty("postgresql", tmp_path) as served:
        first, second = FullStore(served), FullStore(replace(served, busy_timeout_s=0.2))
        put(first, "b", 3)
        with first.transaction():
            first.claim("w", 0.5)
            assert second.cancel_batch(ALL_PROJECTS, "b") == 2
        assert second.cancel_batch(ALL_PROJECTS, "b") == 1
        assert second.batch_versions(ALL_PROJECTS, ["b"])["b"].final
        first.close()
        second.close()


def test_a_worker_stopped_inside_a_transaction_blocks_no_other_worker_of_its_batch(
    tmp_path: Path,
) -> None:
    with databases.empty("postgresql", tmp_path) as served:
        stopped, other = FullStore(served), FullStore(replace(served, busy_timeout_s=0.2))
        put(other, "b", 2)
        one, two = other.claim("w", ALL)
        with stopped.transaction():
            stopped.complete([(one, RESULT)])
            assert other.complete([(two, RESULT)])
            assert other.finished_tasks(ALL_PROJECTS, "b", 0, 9) == [(0, "b1")]
        assert other.finished_tasks(ALL_PROJECTS, "b", 0, 9) == [(0, "b1"), (1, "b0")]
        stopped.close()
        other.close()


class Followed(RuleBasedStateMachine):
    """A reader of events that continues from any place reads the same events as all readers."""

    kind = "sqlite"

    def __init__(self) -> None:
        super().__init__()
        self.ending = ExitStack()
        folder = Path(self.ending.enter_context(TemporaryDirectory()))
        database = self.ending.enter_context(databases.empty(self.kind, folder))
        self.store = FullStore(database)
        self.sizes: list[int] = []
        self.claims: list[Assignment] = []
        self.events: dict[str, list[BatchEvent]] = {}

    @rule(size=st.integers(1, 4))
    def submit(self, size: int) -> None:
        name = f"b{len(self.sizes)}-"
        put(self.store, name, size)
        self.sizes.append(size)
        self.events[name] = []

    @rule(budget=st.sampled_from([0.5, 1.5, 100.0]))
    def claim(self, budget: float) -> None:
        self.claims += self.store.claim("w", budget)

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), verb=st.sampled_from(["complete", "fail", "release"]))
    def write(self, data: st.DataObject, verb: str) -> None:
        assignment = data.draw(st.sampled_from(self.claims))
        if verb == "complete":
            self.store.complete([(assignment, RESULT)])
        elif verb == "fail":
            self.store.fail(assignment, Failure("x", "x"))
        else:
            self.store.release(assignment)

    @precondition(lambda self: self.sizes)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        self.store.cancel_batch(ALL_PROJECTS, data.draw(st.sampled_from(sorted(self.events))))

    @precondition(lambda self: self.sizes)
    @rule(data=st.data(), most=st.integers(1, 5))
    def follow(self, data: st.DataObject, most: int) -> None:
        name = data.draw(st.sampled_from(sorted(self.events)))
        self.events[name] += self.store.read_batch_events(
            ALL_PROJECTS, name, len(self.events[name]), most
        )

    @invariant()
    def what_was_seen_is_the_beginning_of_what_there_is(self) -> None:
        for name, events in self.events.items():
            whole = self.store.read_batch_events(ALL_PROJECTS, name, 0, 1000)
            assert [event.place for event in whole] == list(range(1, len(whole) + 1))
            assert events == whole[: len(events)]
            ended = [event.task_id for event in whole if event.change.state.final]
            assert self.store.finished_tasks(ALL_PROJECTS, name, 0, 1000) == list(enumerate(ended))
            tasks = self.store.read(
                ALL_PROJECTS, self.store.batch_task_ids(ALL_PROJECTS, name)
            ).values()
            assert len(whole) == sum(len(task.changes) for task in tasks)
            mark = self.store.batch_versions(ALL_PROJECTS, [name])[name]
            assert mark == (len(whole), len(ended), len(tasks))

    def teardown(self) -> None:
        self.store.close()
        self.ending.close()


class FollowedOnPostgresql(Followed):
    kind = "postgresql"


TestFollowed = Followed.TestCase
TestFollowedOnPostgresql = FollowedOnPostgresql.TestCase
TestFollowed.settings = settings(
    max_examples=examples(10),
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestFollowedOnPostgresql.settings = settings(TestFollowed.settings, max_examples=examples(4))
