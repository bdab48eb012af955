"""Progress of running tasks in the database: it belongs to one attempt, and moves nothing."""

from collections.abc import Iterator

import pytest

from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Result, Submission, Task, TaskSpec
from quantumtask.shared.task_progress import TaskProgress
from tests.support.stores import FullStore

RESULT = Result('{"0": 1}', None, 7, "aer", "1", "statevector", 1.5)


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    store = FullStore(configured)
    store.submit([Submission("a", TaskSpec("x"), 1.0)])
    yield store
    store.close()


def claim(store: FullStore, worker: str = "w") -> Assignment:
    [assignment] = store.claim(worker, 50)
    return assignment


def record(
    store: FullStore, assignment: Assignment, fraction: float | None, remaining_s: float | None
) -> None:
    progress = {(assignment.id, assignment.attempt): TaskProgress(fraction, remaining_s)}
    store.record_progress(assignment.worker, progress)


def read(store: FullStore) -> Task:
    [listed] = store.list_tasks(ALL_PROJECTS)
    task = store.read(ALL_PROJECTS, ["a"])["a"]
    assert (listed.progress is None) == (task.progress is None)
    return task


def test_the_progress_of_a_running_task_is_read_with_the_time_that_is_left_now(
    store: FullStore,
) -> None:
    assignment = claim(store)
    assert read(store).progress is None
    record(store, assignment, None, 60)
    progress = read(store).progress
    assert progress
    assert progress.fraction is None
    assert progress.remaining_s is not None
    assert 0 < progress.remaining_s <= 60
    record(store, assignment, 0.25, 0)
    assert read(store).progress == TaskProgress(0.25, None)  # the end was expected earlier
    record(store, assignment, None, 0)
    assert read(store).progress is None


def test_the_progress_of_an_attempt_ends_with_it(store: FullStore) -> None:
    first = claim(store)
    record(store, first, 0.5, 9)
    store.release(first)
    assert read(store).progress is None
    second = claim(store)
    assert read(store).progress is None
    record(store, first, 0.9, 1)  # its worker has lost it
    assert read(store).progress is None
    record(store, second, 0.1, 9)
    assert store.complete([(second, RESULT)])
    record(store, second, 0.2, 9)
    task = read(store)
    assert (task.progress, task.state, task.attempt) == (None, "completed", 2)


def test_another_worker_writes_no_progress(store: FullStore) -> None:
    assignment = claim(store)
    store.record_progress("other", {(assignment.id, 1): TaskProgress(0.5, 1)})
    assert read(store).progress is None


def test_progress_changes_the_versions_of_its_task_and_project_and_no_history(
    store: FullStore,
) -> None:
    assignment = claim(store)

    def versions() -> tuple[object, object]:
        task = store.task_versions(ALL_PROJECTS, ["a"])["a"]
        return task, store.project_versions("", [ALL_PROJECTS])[ALL_PROJECTS]

    history = [versions()]
    for fraction in (None, 0.5, 0.75):
        record(store, assignment, fraction, 60)
        history.append(versions())
        assert history[-1] == versions()
    tasks, projects = zip(*history, strict=True)
    assert len(set(tasks)) == len(set(projects)) == 4
    assert len({task.without_progress for task in tasks}) == 1
    assert [change.move for change in read(store).changes] == ["submit", "claim"]
