"""`GET /service`: the queue, workers and their tasks, the last hour and limits of a project."""

from collections.abc import Iterator
from typing import Any

import pytest

from quantumtask.shared.activity import MINUTES
from quantumtask.shared.door_names import DOOR_NAMES
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, Submission, TaskSpec
from tests.support import databases
from tests.support.secured_service import CHEMISTRY, PHYSICS, SecuredService
from tests.support.services import BELL, ENDLESS, Service, until
from tests.support.stores import FullStore

RESULT = Result('{"0": 10}', None, 1, "aer", "1", "x", 1.0)


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    store = FullStore(configured)
    yield store
    store.close()


def submit(store: FullStore, *ids: str, project: str = PHYSICS, **more: object) -> None:
    spec = TaskSpec("x", owner="ada", project=project, **more)  # type: ignore[arg-type]
    store.submit([Submission(task_id, spec, 1.0) for task_id in ids])


def test_every_task_counts_in_the_minute_of_its_end_for_its_project(store: FullStore) -> None:
    submit(store, "a", "b", "c", "d")
    submit(store, "e", project=CHEMISTRY)
    a, b, _, _, e = sorted(store.claim("w", 5.0), key=lambda each: each.id)
    store.complete([(a, RESULT), (e, RESULT)])
    store.complete([(a, RESULT)])  # which has ended, and does not count again
    store.fail(b, Failure("timeout", "x"))
    store.cancel(PHYSICS, "c")
    submit(store, "waiting")
    store.cancel(PHYSICS, "waiting")

    def sums(project: str) -> list[int]:
        minutes = store.activity(project).minutes
        assert len(minutes) in (1, 2), "the test may meet the end of a minute"
        counts = [(m.completed, m.failed, m.cancelled, m.started) for m in minutes]
        return [sum(column) for column in zip(*counts, strict=True)]

    assert sums(PHYSICS) == [1, 1, 2, 3]
    assert sums(CHEMISTRY) == [1, 0, 0, 1]
    assert sums(ALL_PROJECTS) == [2, 1, 2, 4]
    longest = max(minute.longest_s for minute in store.activity(PHYSICS).minutes)
    assert 0 <= longest < 30


def test_waiting_times_are_summed_and_old_minutes_deleted(
    store: FullStore, configured: Settings
) -> None:
    submit(store, "a", "b")
    databases.execute(configured, "UPDATE tasks SET submitted_at = submitted_at - 10")
    databases.execute(
        configured, "UPDATE tasks SET submitted_at = submitted_at - 20 WHERE id = 'b'"
    )
    for assignment in store.claim("w", 5.0):  # recorded apart from each other
        store.complete([(assignment, RESULT)])
    minutes = store.activity(PHYSICS).minutes
    assert sum(minute.waiting_s for minute in minutes) == pytest.approx(40, abs=5)
    assert max(minute.longest_s for minute in minutes) == pytest.approx(30, abs=5)
    databases.execute(configured, "UPDATE minutes SET minute = minute - 90")
    assert store.activity(PHYSICS).minutes == [], "more than an hour ago"
    store.prune()
    assert databases.ask(configured, "SELECT count(*) FROM minutes")[0][0] >= 1
    databases.execute(configured, "UPDATE minutes SET minute = minute - 90")
    store.prune()
    assert databases.ask(configured, "SELECT count(*) FROM minutes")[0][0] == 0


def test_running_tasks_are_listed_by_their_worker(store: FullStore) -> None:
    store.heartbeat("w", 2, 500.0)
    store.heartbeat("idle", 4)
    submit(store, "a", engine="stim", method="stabilizer", options="{}", name="first")
    submit(store, "b", project=CHEMISTRY)
    store.claim("w", 5.0)
    activity = store.activity(PHYSICS)
    assert [(w.id, w.slots, w.rate, w.tasks) for w in activity.workers] == [
        ("idle", 4, None, 0),
        ("w", 2, 500.0, 2),
    ]
    [task] = activity.tasks
    assert (task.worker, task.id, task.name, task.engine) == ("w", "a", "first", "stim")
    assert len(store.activity(ALL_PROJECTS).tasks) == 2
    store.deregister("idle")
    assert [worker.id for worker in store.activity(PHYSICS).workers] == ["w"]


def test_the_state_is_that_of_ones_project(secured: SecuredService) -> None:
    ada, eve, root = (secured.as_principal(name) for name in ("ada", "eve", "root"))
    task_id = ada.post("/tasks", json={"circuit": ENDLESS, "name": "of-ada"}).json()["task_id"]
    until(lambda: ada.get(f"/tasks/{task_id}").json()["state"] == "running", 30, secured.logs)
    state = ada.get("/service").json()
    [worker] = state["workers"]
    assert (worker["slots"], worker["running"]) == (1, 1)
    [task] = worker["tasks"]
    assert (task["task_id"], task["name"], task["owner"]) == (task_id, "of-ada", "ada")
    assert (task["engine"], task["project"]) == ("auto", PHYSICS)
    foreign = eve.get("/service")
    assert task_id not in foreign.text
    assert "of-ada" not in foreign.text
    assert (foreign.json()["workers"][0]["running"], foreign.json()["workers"][0]["tasks"]) == (
        1,
        [],
    )
    assert foreign.json()["queue"]["running"] == 0
    assert root.get("/service").json()["workers"][0]["tasks"] == [task]
    ada.post(f"/tasks/{task_id}/cancel")
    minutes = ada.get("/service").json()["minutes"]
    assert len(minutes) == MINUTES
    assert sum(minute["cancelled"] for minute in minutes) >= 1


def test_limits_are_those_of_the_principal(secured: SecuredService) -> None:
    store = FullStore(secured.settings)
    store.set_limit("default", "root", "max_running", 7)
    try:
        root = secured.as_principal("root")
        until(lambda: root.get("/service").json()["limits"]["user"]["max_running"] == 7, 10)
        limits = secured.as_principal("eve").get("/service").json()["limits"]
    finally:
        store.set_limit("default", "root", "max_running", None)
        store.close()
    assert limits["user"]["max_running"] is None
    assert limits["service"]["max_shots"] == secured.settings.max_shots


def test_minutes_without_a_task_are_there_too(secured: SecuredService) -> None:
    eve = secured.as_principal("eve")
    eve.post("/tasks", params={"wait": 30}, json={"circuit": BELL})
    state = eve.get("/service").json()
    last = [minute for minute in state["minutes"] if minute["completed"]][-1]
    assert last["mean_waiting_s"] <= last["longest_waiting_s"]
    assert state["minutes"][0]["at"] < state["minutes"][-1]["at"] <= state["now"]


def test_the_open_doors_are_named(service: Service, start: Any) -> None:
    assert service.http.get("/service").json()["doors"] == list(DOOR_NAMES)
    closed = start(doors="none", slots=1)
    assert closed.http.get("/service").json()["doors"] == []
