"""Limits of projects and users: on waiting and running tasks, slots, times, and what was used."""

import math
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from quantumtask.shared.errors import InvalidRequest, QueueFull, QuotaExceeded
from quantumtask.shared.limits import (
    EACH_USER,
    WHOLE_PROJECT,
    LimitRow,
    Limits,
    LimitTable,
    parse_limits,
)
from quantumtask.shared.settings import Settings, SettingsError, load_settings
from quantumtask.shared.task import Assignment, Failure, Result, Submission, TaskSpec
from tests.support.sizes import examples
from tests.support.stores import FullStore

LONG_MS, TINY_MS = 1_000.0, 1.0


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(configured)
    yield opened
    opened.close()


def task(task_id: str, owner: str = "alice", cost_ms: float = LONG_MS, **more: Any) -> Submission:
    return Submission(task_id, TaskSpec("x", owner=owner, **more), cost_ms)


def tasks(
    count: int, owner: str = "alice", cost_ms: float = LONG_MS, **more: Any
) -> list[Submission]:
    return [task(f"{owner}{n}", owner, cost_ms, **more) for n in range(count)]


def limited(settings: Settings, project: str = "", user: str = "") -> FullStore:
    return FullStore(replace(settings, project_limits=project, user_limits=user))


def claimed(store: FullStore, budget_ms: float = 1e9) -> list[str]:
    return [assignment.id for assignment in store.claim("w", budget_ms)]


def result(run_ms: float, counts: str = "{}", threads: int | None = None) -> Result:
    return Result(counts, None, 1, "aer", "1", "x", run_ms, threads=threads)


def test_the_limit_of_one_user_goes_before_that_of_each_and_that_before_the_settings() -> None:
    rows = [
        LimitRow("physics", "alice", "max_running", 9),
        LimitRow("physics", EACH_USER, "max_running", 5),
        LimitRow("physics", WHOLE_PROJECT, "max_slots", 4),
    ]
    table = LimitTable(rows, Limits(max_slots=8), Limits(max_running=2, max_waiting=7))
    assert table.of_user("physics", "alice") == Limits(max_running=9, max_waiting=7)
    assert table.of_user("physics", "bob") == Limits(max_running=5, max_waiting=7)
    assert table.of_user("chemistry", "bob") == Limits(max_running=2, max_waiting=7)
    assert (table.of_project("physics").max_slots, table.of_project("x").max_slots) == (4, 8)
    assert table.users_of("physics") == ["alice"]


def test_a_table_without_limits_is_empty() -> None:
    assert not LimitTable()
    assert LimitTable((), Limits(max_requests=1)).limits_any("max_requests")
    assert not LimitTable((), Limits(max_requests=1)).limits_any("max_running", "max_slots")


@pytest.mark.parametrize(
    "text", ["max_runing=1", "max_running", "max_running=0", "max_running=1.5", "max_slots=nan"]
)
def test_wrong_limits_are_refused_at_the_start_with_their_setting(text: str) -> None:
    with pytest.raises(SettingsError, match="QUANTUMTASK_USER_LIMITS"):
        load_settings({"QUANTUMTASK_USER_LIMITS": text})


def test_limits_are_read_as_a_list() -> None:
    assert parse_limits(" max_running=4, max_requests=.5,") == Limits(
        max_running=4, max_requests=0.5
    )


def test_a_limit_is_set_changed_and_removed(store: FullStore) -> None:
    for value in (3.0, 4.0):
        store.set_limit("physics", "alice", "max_running", value)
    reader = FullStore(store._settings)
    assert reader.limits().of_user("physics", "alice").max_running == 4.0
    assert reader.projects() == ["default", "physics"]
    reader.close()
    store.set_limit("physics", "alice", "max_running", None)
    assert store.limits().of_user("physics", "alice").max_running == math.inf


@pytest.mark.parametrize(
    ("project", "owner", "name", "value"),
    [
        ("no project", "", "max_running", 1),
        ("physics", "a\n", "max_running", 1),
        ("physics", "", "max_walking", 1),
        ("physics", "", "max_running", 0),
        ("physics", "", "max_running", 1.5),
    ],
)
def test_a_wrong_limit_is_not_stored(
    store: FullStore, project: str, owner: str, name: str, value: float
) -> None:
    with pytest.raises(ValueError, match=r"must be|is not a limit"):
        store.set_limit(project, owner, name, value)
    assert store.projects() == ["default"]


def test_waiting_tasks_of_a_user_and_of_a_project_are_limited(configured: Settings) -> None:
    store = limited(configured, "max_waiting=3", "max_waiting=2")
    answers = store.submit([*tasks(3), *tasks(2, "bob"), task("c", project="physics")])
    refused = [index for index, each in enumerate(answers) if isinstance(each, QueueFull)]
    assert refused == [2, 4]
    assert "of this owner" in str(answers[2])
    assert "of this project" in str(answers[4])
    store.close()


@pytest.mark.parametrize("scope", ["project", "user"])
def test_a_longer_timeout_than_the_limit_is_refused(configured: Settings, scope: str) -> None:
    store = limited(configured, **{scope: "max_timeout_s=60"})
    [short, long] = store.submit([task("a", timeout_s=60.0), task("b", timeout_s=61.0)])
    assert short == "a"
    assert isinstance(long, InvalidRequest)
    assert long.message.startswith("timeout_s: must be at most 60")
    store.close()


@pytest.mark.parametrize("scope", ["project", "user"])
def test_no_more_tasks_than_the_limit_run_and_others_go_on(
    configured: Settings, scope: str
) -> None:
    store = limited(configured, **{scope: "max_running=2"})
    store.submit([*tasks(300), *tasks(3, "bob", project="physics")])
    first = store.claim("w", 1e9)
    assert Counter(each.id[:-1].rstrip("0123456789") for each in first) == {"alice": 2, "bob": 2}
    assert claimed(store) == []
    assert store.release(first[0])
    assert len(claimed(store)) == 1
    store.close()


def test_tiny_tasks_share_a_slot_and_others_have_one_each(configured: Settings) -> None:
    store = limited(configured, user="max_slots=2")
    store.submit([*tasks(3, "alice"), *tasks(200, "bob", TINY_MS)])
    assert Counter(each.rstrip("0123456789") for each in claimed(store)) == {"alice": 2, "bob": 100}
    store.close()


def test_a_limit_of_one_project_leaves_the_others_alone(store: FullStore) -> None:
    store.set_limit("physics", WHOLE_PROJECT, "max_running", 1)
    store._limits_read_at = -math.inf
    store.submit([*tasks(3, "alice", project="physics"), *tasks(3, "bob")])
    assert Counter(each[:-1] for each in claimed(store)) == {"alice": 1, "bob": 3}


def test_no_slot_is_freed_for_a_task_that_a_limit_keeps_waiting(configured: Settings) -> None:
    store = limited(configured, "max_running=1")
    store.submit([task("a"), task("b", "bob")])
    store.claim("w", 1.0)
    assert store.starved_task(0.0) is None
    store.close()


@how(
    max_examples=examples(10),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.integers(1, 120)),
        max_size=40,
    ),
    st.tuples(*[st.integers(1, 6)] * 4),
    st.integers(0, 2**32),
)
def test_no_claim_exceeds_a_limit_and_every_task_is_claimed_in_the_end(
    configured: Settings,
    submitted: list[tuple[str, str, int]],
    limits: tuple[int, int, int, int],
    seed: int,
) -> None:
    of_project = dict(zip(("max_running", "max_slots"), limits[:2], strict=True))
    of_user = dict(zip(("max_running", "max_slots"), limits[2:], strict=True))
    texts = [",".join(f"{k}={v}" for k, v in each.items()) for each in (of_project, of_user)]
    store = limited(configured, *texts)
    specs = {uuid.uuid4().hex: (project, owner, float(cost)) for owner, project, cost in submitted}
    store.submit([task(i, o, c, project=p) for i, (p, o, c) in specs.items()])
    with closing(store):
        running: list[Assignment] = []
        done = 0
        while done < len(specs):
            running += store.claim("w", 1e9)
            assert running
            for index, bound in ((1, of_project), (2, of_user)):
                for share in {specs[each.id][:index] for each in running}:
                    own = [specs[each.id][2] for each in running if specs[each.id][:index] == share]
                    assert len(own) <= bound["max_running"]
                    assert sum(min(cost, 50.0) / 50.0 for cost in own) <= bound["max_slots"] + 1e-9
            store.fail(running.pop(seed % len(running)), Failure("x", "x"))
            done += 1


def test_processor_seconds_of_a_day_are_limited(configured: Settings) -> None:
    store = limited(configured, user="max_processor_s=10")
    store.submit([task("a"), task("b", "bob")])
    first, second = store.claim("w", 1e9)
    store.complete([(first, result(6_000, threads=2)), (second, result(9_999))])
    store.close()
    store = limited(configured, user="max_processor_s=10")  # which has read no use before
    [refused, accepted] = store.submit([task("c"), task("d", "bob")])
    assert accepted == "d"
    assert isinstance(refused, QuotaExceeded)
    assert "used 12 of 10 processor seconds" in refused.message
    assert 0 < refused.retry_after_s <= 86_401
    store.close()


def test_bytes_of_kept_results_are_limited_until_they_are_removed(configured: Settings) -> None:
    settings = replace(configured, retention_days=1e-9, idempotency_hours=0)
    store = limited(settings, "max_result_bytes=100")
    store.submit([task("a"), task("b", "bob")])
    for assignment in store.claim("w", 1e9):
        store.complete([(assignment, result(1, counts="{" + " " * 58 + "}"))])
    store.close()
    store = limited(settings, "max_result_bytes=100")
    [refused] = store.submit([task("c")])
    assert isinstance(refused, QuotaExceeded)
    assert "keeps 120 of 100 bytes" in refused.message
    store.remove_tasks(10)
    store.close()
    store = limited(settings, "max_result_bytes=100")
    assert store.submit([task("d")]) == ["d"]
    store.close()
