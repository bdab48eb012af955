"""A Store shows the tasks and batches of one project, and those of no other."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from quantumtask.shared.batch import NewBatch
from quantumtask.shared.errors import IdempotencyConflict
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Submission, TaskSpec, TaskState
from tests.support.stores import FullStore

ONE, OTHER = "physics", "chemistry"


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    """A Store with a task and a batch of one project."""
    store = FullStore(configured)
    spec = TaskSpec("x", project=ONE, owner="ada", name="n", tags=("t",))
    store.submit([Submission("task", spec, 1.0)])
    items = (Submission("item", spec, 1.0, batch="batch", item=0),)
    store.submit_batch(NewBatch("batch", items, name="n", tags=("t",), project=ONE))
    yield store
    store.close()


READS: dict[str, Callable[[FullStore, str], Any]] = {
    "read": lambda store, project: store.read(project, ["task"]),
    "read_circuit": lambda store, project: store.read_circuit(project, "task"),
    "read_request": lambda store, project: store.read_request(project, "task"),
    "list_tasks": lambda store, project: store.list_tasks(project),
    "list_tasks of a name": lambda store, project: store.list_tasks(project, name="n"),
    "list_tasks of a tag": lambda store, project: store.list_tasks(project, tag="t"),
    "task_versions": lambda store, project: store.task_versions(project, ["task"]),
    "read_histories": lambda store, project: store.read_histories(project, ["task"]),
    "batch_task_ids": lambda store, project: store.batch_task_ids(project, "batch"),
    "first_batch_failure": lambda store, project: store.first_batch_failure(project, "batch"),
    "read_batches": lambda store, project: store.read_batches(project, ["batch"]),
    "list_batches": lambda store, project: store.list_batches(project),
    "list_batches of a name": lambda store, project: store.list_batches(project, name="n"),
    "list_batches of a tag": lambda store, project: store.list_batches(project, tag="t"),
    "batch_versions": lambda store, project: store.batch_versions(project, ["batch"]),
    "read_batch_events": lambda store, project: store.read_batch_events(project, "batch", 0, 9),
    "finished_tasks": lambda store, project: store.finished_tasks(project, "batch", 0, 9),
    "queue_stats": lambda store, project: store.queue_stats().of_project(project).owners,
    "usage": lambda store, project: store.usage(project, 1),
    "cancel_batch": lambda store, project: store.cancel_batch(project, "batch"),
    "cancel": lambda store, project: store.cancel(project, "task"),
    "delete": lambda store, project: store.delete(project, "task")[0],
    "delete_batch": lambda store, project: store.delete_batch(project, "batch")[0],
}


def test_every_read_of_the_store_has_a_case() -> None:
    with_project = {
        name
        for name, method in vars(FullStore.__mro__[1]).items()
        if not name.startswith("_") and "project" in getattr(method, "__annotations__", {})
    }
    assert with_project <= {name.partition(" ")[0] for name in READS}


@pytest.mark.parametrize("name", READS)
def test_a_read_finds_what_its_project_has_and_nothing_of_another(
    store: FullStore, name: str
) -> None:
    if name in ("finished_tasks", "usage", "delete_batch"):
        store.cancel_batch(ONE, "batch")
    if name == "delete":
        store.cancel(ONE, "task")
    if name == "first_batch_failure":
        for each in store.claim("w", 1e9):
            store.fail(each, Failure("timeout", "x"))
    read = READS[name]
    assert not read(store, OTHER)
    assert not read(store, "default")
    assert read(store, ONE)
    if not name.startswith(("cancel", "delete")):
        assert read(store, ALL_PROJECTS)


def test_the_version_of_a_project_changes_with_each_move_of_its_tasks_only(
    store: FullStore,
) -> None:
    def versions() -> list[Any]:
        by_project = store.project_versions(ONE, [ONE, OTHER, ALL_PROJECTS])
        return [by_project[project] for project in (ONE, OTHER, ALL_PROJECTS)]

    history = [versions()]
    for _ in range(2):
        assignments = store.claim("w", 1e9)
        history.append(versions())
        for each in assignments:
            store.release(each)
            history.append(versions())
    store.cancel(ONE, "task")
    history.append(versions())
    store.submit([Submission("new", TaskSpec("x", project=ONE), 1.0)])
    history.append(versions())
    for column in (0, 2):
        assert all(a[column] != b[column] for a, b in pairwise(history)), column
    assert len({each[1] for each in history}) == 1


def test_an_administrator_cancels_tasks_of_every_project(store: FullStore) -> None:
    cancelled = store.cancel(ALL_PROJECTS, "task")
    assert cancelled is not None
    assert (cancelled.state, cancelled.project) == (TaskState.CANCELLED, ONE)
    assert store.cancel_batch(ALL_PROJECTS, "batch") == 1


def test_two_projects_may_use_the_same_idempotency_key(store: FullStore) -> None:
    def submit(task_id: str, project: str, digest: str) -> Any:
        spec = TaskSpec("x", project=project)
        [answer] = store.submit([Submission(task_id, spec, 1.0, key="k", digest=digest)])
        return answer

    assert submit("a", ONE, "1") == "a"
    assert submit("b", OTHER, "2") == "b"
    assert submit("c", "default", "3") == "c"
    assert submit("d", ONE, "1") == "a"
    assert isinstance(submit("e", OTHER, "1"), IdempotencyConflict)


def test_owners_of_the_same_name_in_two_projects_have_a_share_each(store: FullStore) -> None:
    spec = TaskSpec("x", project=OTHER, owner="ada")
    store.submit([Submission("other", spec, 1.0)])
    assert [each.id for each in store.claim("w", 2.5)] == ["task", "other", "item"]
