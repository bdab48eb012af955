"""Usage by day and project: in the Store, over HTTP, in Python and in the terminal."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from quantumtask.client import Client
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.queue_stats import DayUsage
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, Result, Submission, TaskSpec
from tests.support.command_line import quantumtask
from tests.support.databases import sweep
from tests.support.services import Service, until
from tests.support.stores import FullStore


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(replace(configured, retention_days=1e-9, idempotency_hours=0))
    yield opened
    opened.close()


def submit(store: FullStore, *ids: str, project: str = "physics") -> None:
    specs = (TaskSpec("x", shots=10, owner="ada", project=project) for _ in ids)
    store.submit([Submission(i, spec, 1.0) for i, spec in zip(ids, specs, strict=True)])


def totals(store: FullStore, project: str = ALL_PROJECTS) -> dict[str, tuple[int, int, int]]:
    """Return tasks, shots and bytes of today by project."""
    return {u.project: (u.tasks, u.shots, u.result_bytes) for u in store.usage(project, 1)}


def test_every_task_that_ends_counts_once_for_its_project_and_its_shots_if_completed(
    store: FullStore,
) -> None:
    submit(store, "a", "b", "c")
    submit(store, "d", project="chemistry")
    [a, b, c, d] = sorted(store.claim("w", 1e9), key=lambda each: each.id)
    result = Result('{"0": 10}', None, 1, "aer", "1", "x", 1_500.0, threads=2)
    store.complete([(a, result), (d, result)])
    store.complete([(a, result)])  # which has ended, and does not count again
    assert store.fail(b, Failure("timeout", "x"))
    assert store.cancel("physics", c.id)
    assert totals(store) == {"physics": (3, 10, 9), "chemistry": (1, 10, 9)}
    assert totals(store, "chemistry") == {"chemistry": (1, 10, 9)}
    [chemistry] = store.usage("chemistry", 1)
    assert chemistry.processor_s == 3.0


def test_the_sums_stay_when_tasks_are_removed(store: FullStore) -> None:
    submit(store, "a")
    [a] = store.claim("w", 1.0)
    store.complete([(a, Result("{}", None, 1, "aer", "1", "x", 1.0))])
    before = store.usage(ALL_PROJECTS, 1)
    until(lambda: store.remove_tasks(10)[0] == 1, 30)  # in the millisecond after its end
    assert store.usage(ALL_PROJECTS, 1) == before


def test_a_task_that_is_abandoned_counts_once(store: FullStore, configured: Settings) -> None:
    submit(store, "a")
    lost = FullStore(replace(configured, lease_s=-1))
    for _ in range(configured.max_crashes):
        lost.claim("lost", 1.0)
        sweep(store)
    lost.close()
    assert totals(store) == {"physics": (1, 0, 0)}


def test_a_task_that_is_released_does_not_count(store: FullStore) -> None:
    submit(store, "a")
    [a] = store.claim("w", 1.0)
    assert store.release(a)
    usage: list[DayUsage] = store.usage(ALL_PROJECTS, 1)
    assert usage == []


def test_usage_is_shown_over_http_in_python_and_in_the_terminal(service: Service) -> None:
    service.run(shots=77)
    answer = service.http.get("/usage", params={"days": 1}).json()
    [today] = answer["usage"]
    assert today["project"] == "default"
    assert today["tasks"] >= 1
    assert today["shots"] >= 77
    assert today["day"] <= datetime.now(UTC).date().isoformat()
    with Client(service.url) as client:
        assert client.usage(1)["usage"][0]["tasks"] >= today["tasks"]
    shown = quantumtask("usage", "--days", "1", "--url", service.url)
    assert "default" in shown.stdout, shown.stderr
    as_json = quantumtask("usage", "--json", "--url", service.url).stdout
    assert json.loads(as_json)["usage"][0]["day"] == today["day"]
    assert service.http.get("/usage", params={"days": 0}).status_code == 400
