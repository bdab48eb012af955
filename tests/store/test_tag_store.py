"""Tags in the Store, on both databases: changed as a whole, and lists by several tags."""

from collections.abc import Iterator

import pytest

from quantumtask.shared.audit import LOCAL_SENDER
from quantumtask.shared.batch import NewBatch
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Submission, TaskSpec
from tests.support.stores import FullStore


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(configured)
    yield opened
    opened.close()


def put(store: FullStore, name: str, *tags: str, project: str = "default") -> None:
    spec = TaskSpec("x", tags=tags, project=project)
    assert store.submit([Submission(name, spec, 1.0)]) == [name]


def put_batch(store: FullStore, name: str, *tags: str) -> None:
    task = Submission(f"{name}0", TaskSpec("x", tags=("inner",)), 1.0, batch=name, item=0)
    assert store.submit_batch(NewBatch(name, (task,), tags=tags)) == name


def listed(store: FullStore, *tags: str, project: str = ALL_PROJECTS, **filters: object) -> str:
    rows = store.list_tagged(project, tags, **filters)  # type: ignore[arg-type]
    return " ".join(row.id for row in rows)


def test_tasks_and_batches_with_all_tags_are_listed_in_the_order_of_submission(
    store: FullStore,
) -> None:
    put(store, "a", "x", "y")
    put_batch(store, "b", "x", "y", "z")
    put(store, "c", "x")
    put(store, "d", "x", "y", project="other")
    assert listed(store, "x") == "d c b a"
    assert listed(store, "y", "x") == "d b a"
    assert listed(store, "x", "y", "x", oldest_first=True) == "a b d"
    assert listed(store, "z", "x", "y") == "b"
    assert listed(store, "x", "w") == listed(store, "inner") == ""
    assert listed(store, "x", project="other") == "d"
    assert listed(store, "x", limit=2, offset=1) == "c b"
    assert {row.total for row in store.list_tagged(ALL_PROJECTS, ["x"], limit=1)} == {4}
    assert [row.is_batch for row in store.list_tagged(ALL_PROJECTS, ["y"])] == [0, 1, 0]


def test_a_list_of_tags_has_those_that_wait_or_those_that_have_ended_and_a_period(
    store: FullStore,
) -> None:
    put(store, "a", "x")
    put_batch(store, "b", "x")
    put(store, "c", "x")
    store.cancel(ALL_PROJECTS, "a")
    store.cancel_batch(ALL_PROJECTS, "b")
    assert listed(store, "x", pending=True) == "c"
    assert listed(store, "x", pending=False) == "b a"
    now = store.now()
    assert listed(store, "x", since=now - 60, until=now + 60) == "c b a"
    assert listed(store, "x", since=now + 60) == listed(store, "x", until=now - 60) == ""


def test_changed_tags_are_those_of_lists_and_of_the_task(store: FullStore) -> None:
    put(store, "a", "x", "y")
    put_batch(store, "b", "x")
    assert store.change_task_tags(ALL_PROJECTS, "a", lambda tags: (*tags, "z", "z")) == ("x", "y")
    assert store.read(ALL_PROJECTS, ["a"])["a"].tags == ("x", "y", "z")
    assert store.change_task_tags("default", "a", lambda _: ("new",), LOCAL_SENDER)
    assert store.read(ALL_PROJECTS, ["a"])["a"].tags == ("new",)
    assert store.change_batch_tags("default", "b", lambda _: ("new",), LOCAL_SENDER) == ("x",)
    assert store.read_batches(ALL_PROJECTS, ["b"])["b"].tags == ("new",)
    assert listed(store, "x") == listed(store, "y") == ""
    assert listed(store, "new") == "b a"
    assert [each.id for each in store.list_tasks(ALL_PROJECTS, tag="new")] == ["a"]
    assert [each.id for each in store.list_batches(ALL_PROJECTS, tag="new")] == ["b"]
    audited = store.audit_records(60.0, action="set")
    assert {(each.object_kind, each.object_id) for each in audited} == {
        ("task", "a"),
        ("batch", "b"),
    }


def test_tags_of_another_project_are_not_changed(store: FullStore) -> None:
    put(store, "a", "x")
    put_batch(store, "b", "x")
    assert store.change_task_tags("other", "a", lambda _: ()) is None
    assert store.change_batch_tags("other", "b", lambda _: ()) is None
    assert store.change_task_tags("default", "unknown", lambda _: ()) is None
    assert listed(store, "x") == "b a"
