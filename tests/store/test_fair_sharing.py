"""The order of waiting tasks: fair shares of owners, priorities, positions in the queue."""

import itertools
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from quantumtask.api.serialization.task_json import queue_json
from quantumtask.shared.errors import QueueFull
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.queue_stats import OwnerQueue
from quantumtask.shared.settings import Settings, SettingsError, load_settings
from quantumtask.shared.task import QueuePosition, Submission, TaskSpec
from tests.support import databases
from tests.support.command_line import quantumtask
from tests.support.databases import ids
from tests.support.services import BELL, ENDLESS, Service, entangle
from tests.support.sizes import examples
from tests.support.stores import FullStore

Start = Callable[..., Service]


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(configured)
    yield opened
    opened.close()


def owned(task_id: str, owner: str, cost_ms: float = 10.0, **more: Any) -> Submission:
    return Submission(task_id, TaskSpec("x", owner=owner, **more), cost_ms)


def order(store: FullStore) -> list[str]:
    """Return the ids of all waiting tasks in the order of their claims."""
    return [*claims(store)]


def claims(store: FullStore) -> Iterator[str]:
    """Claim all waiting tasks and yield their ids."""
    while assignments := store.claim("w", 1.0):
        yield from (assignment.id for assignment in assignments)


def test_an_owner_with_too_many_waiting_tasks_is_refused_and_others_are_not(
    configured: Settings,
) -> None:
    store = FullStore(replace(configured, max_waiting_per_owner=2))
    answers = store.submit([owned(t, "alice") for t in "abc"] + [owned("d", "bob")])
    assert isinstance(answers[2], QueueFull)
    assert "this owner" in answers[2].message
    assert ids([*answers[:2], answers[3]]) == ["a", "b", "d"]
    store.close()


def test_one_task_after_another_owners_thousands_is_next(store: FullStore) -> None:
    store.submit([owned(f"a{n}", "alice") for n in range(2000)])
    [first] = store.claim("w", 1.0)
    store.submit([owned("b", "bob")])
    assert first.id == "a0"
    assert [*itertools.islice(claims(store), 3)] == ["a1", "b", "a2"]


def test_two_owners_take_turns_by_their_work_and_not_by_their_tasks(store: FullStore) -> None:
    store.submit([owned(f"a{n}", "alice", 30.0) for n in range(3)])
    store.submit([owned(f"b{n}", "bob", 10.0) for n in range(9)])
    assert order(store) == [
        *("a0", "b0", "b1", "b2"),
        *("a1", "b3", "b4", "b5"),
        *("a2", "b6", "b7", "b8"),
    ]


def test_an_owner_of_weight_two_gets_twice_the_work(configured: Settings) -> None:
    store = FullStore(replace(configured, owner_weights="alice=2"))
    store.submit([owned(f"{owner[0]}{n}", owner) for n in range(8) for owner in ("alice", "bob")])
    assert "".join(task_id[0] for task_id in order(store)[:9]) == "ababaabaa"
    store.close()


def test_a_higher_priority_goes_before_all_lower_ones(store: FullStore) -> None:
    store.submit(
        [owned("low", "a", priority=-10), owned("none", "a"), owned("high", "b", priority=10)]
    )
    store.submit([owned("later", "c", priority=10)])
    assert order(store) == ["high", "later", "none", "low"]


def test_work_done_while_no_other_owner_waited_does_not_count_against_an_owner(
    store: FullStore,
) -> None:
    for n in range(50):
        store.submit([owned(f"a{n}", "alice")])
        store.claim("w", 1.0)
    store.submit([owned(f"b{n}", "bob") for n in range(3)])
    store.submit([owned("late", "alice")])
    assert order(store) == ["b0", "late", "b1", "b2"]


def test_a_released_task_keeps_its_position(store: FullStore) -> None:
    store.submit([owned(t, "alice") for t in ("a", "b")] + [owned("c", "bob")])
    [first] = store.claim("w", 1.0)
    store.submit([owned("d", "carol")])
    store.release(first)
    assert order(store)[0] == first.id == "a"


@how(
    max_examples=examples(30),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 50)), min_size=1, max_size=60))
def test_no_waiting_owner_is_behind_another_by_more_than_their_largest_tasks(
    configured: Settings, tasks: list[tuple[str, int]]
) -> None:
    """The bound of start-time fair queueing, for owners with waiting tasks all the time."""
    store = FullStore(configured)
    store.submit([owned(uuid.uuid4().hex, owner, float(cost)) for owner, cost in tasks])
    largest = {owner: max(cost for w, cost in tasks if w == owner) for owner, _ in tasks}
    waiting = Counter(owner for owner, _ in tasks)
    done = dict.fromkeys(waiting, 0.0)
    while claimed := store.claim("w", 0.5):
        for assignment in claimed:
            owner = store.read(ALL_PROJECTS, [assignment.id])[assignment.id].owner
            done[owner] += assignment.cost_ms
            waiting[owner] -= 1
        for one, other in itertools.permutations((w for w in waiting if waiting[w]), 2):
            assert done[one] - done[other] <= largest[one] + largest[other] + 1e-6
    store.close()


def test_a_waiting_task_has_its_position_and_its_expected_start(store: FullStore) -> None:
    store.submit([owned(t, "alice", 500.0) for t in ("a", "b", "c")])
    assert store.read(ALL_PROJECTS, ["c"])["c"].queue_position == QueuePosition(3, None)
    store.heartbeat("w", slots=2)
    assert store.read(ALL_PROJECTS, ["c"])["c"].queue_position == QueuePosition(3, 0.5)
    store.heartbeat("w", slots=2, rate=100.0)
    assert store.read(ALL_PROJECTS, ["c"])["c"].queue_position == QueuePosition(3, 10.0)
    store.claim("w", 1.0)
    tasks = store.read(ALL_PROJECTS, ["a", "b"])
    assert (tasks["a"].queue_position, tasks["b"].queue_position) == (None, QueuePosition(1, 0.0))


def test_the_queue_statistics_count_tasks_by_owner(store: FullStore) -> None:
    store.submit([owned(t, "alice") for t in "abc"] + [owned("d", "bob", priority=3)])
    store.claim("w", 1.0)
    store.heartbeat("w", 2)
    queue = store.queue_stats()
    assert queue.owners == (
        OwnerQueue("default", "alice", 0, 3, 0),
        OwnerQueue("default", "bob", 3, 0, 1),
    )
    assert (queue.waiting, queue.running, queue.workers, queue.slots) == (3, 1, 1, 2)
    assert queue.oldest_at == store.read(ALL_PROJECTS, ["a"])["a"].submitted_at


def test_the_totals_of_the_queue_are_json_numbers(store: FullStore) -> None:
    store.heartbeat("v", 2, None)
    store.heartbeat("w", 3, 500.0)
    store.submit([owned("a", "alice")])
    answer = json.loads(queue_json(store.queue_stats()))
    assert (answer["workers"], answer["slots"]) == (2, 5)


def test_shares_in_the_past_are_deleted(configured: Settings, store: FullStore) -> None:
    for owner in ("alice", "bob", "carol"):
        store.submit([owned(owner, owner)])
        store.claim("w", 1.0)
    store.prune()
    assert databases.ask(configured, "SELECT owner FROM shares") == [("carol",)]


def test_a_task_after_another_owners_many_starts_on_the_next_free_slot(start: Start) -> None:
    service = start(slots=1, turn_s=0)
    blocker = service.submit(ENDLESS)
    service.running(blocker)
    many = [service.submit(entangle(50), owner="alice", shots=n + 1) for n in range(3)]
    one = service.submit(owner="bob")
    body = service.get(one)
    assert (body["owner"], body["priority"], body["state"]) == ("bob", 0, "submitted")
    # Behind the first of alice's, whose turn it is: both begin at the same place of the line.
    assert (body["queue"]["position"], body["queue"]["at_least"]) == (2, False)
    assert body["queue"]["expected_start"] > body["submitted_at"]
    assert service.get(many[2])["queue"]["position"] == 4
    service.http.post(f"/tasks/{blocker}/cancel")
    assert service.finished(one)["status"] == "completed"
    ended = service.finished(many[2])
    assert "queue" not in ended
    assert ended["finished_at"] > service.get(one)["finished_at"]


def test_the_queue_is_shown_over_http_and_in_the_terminal(start: Start) -> None:
    service = start(slots=1)
    running = service.submit(ENDLESS, owner="alice")
    service.running(running)
    waiting = service.submit(owner="bob", priority=-3)
    queue = service.http.get("/queue").json()
    assert (queue["waiting"], queue["running"], queue["workers"], queue["slots"]) == (1, 1, 1, 1)
    assert queue["oldest_submitted_at"] == service.get(waiting)["submitted_at"]
    assert queue["owners"] == [
        {"project": "default", "owner": "bob", "priority": -3, "waiting": 1, "running": 0},
        {"project": "default", "owner": "alice", "priority": 0, "waiting": 0, "running": 1},
    ]
    view = terminal("queue", "--url", service.url)
    assert "1 waiting · 1 running · 1 worker with 1 slot" in view
    assert "bob" in view
    assert "position 1 in the queue" in terminal("result", waiting, "--url", service.url)


def test_a_terminal_user_gives_owner_and_priority(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "bell.qasm"
    file.write_text(BELL)
    options = ("--owner", "alice", "--priority", "7", "--wait", "--json", "--url", service.url)
    task = json.loads(terminal("submit", str(file), *options))
    assert (task["status"], task["owner"], task["priority"]) == ("completed", "alice", 7)


def terminal(*arguments: str) -> str:
    done = quantumtask(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("priority", 11, "priority: input should be less than or equal to 10"),
        ("priority", "high", "priority: input should be a valid integer"),
        ("owner", "", "owner: string should have at least 1 character"),
        ("owner", "a\nb", "owner: must not contain control characters"),
        ("owner", "x" * 51, "owner: string should have at most 50 characters"),
    ],
)
def test_a_wrong_owner_or_priority_is_refused_with_the_name_of_the_field(
    service: Service, field: str, value: object, reason: str
) -> None:
    answer = service.http.post("/tasks", json={"circuit": BELL, field: value})
    assert (answer.status_code, answer.json()["detail"]) == (400, reason)


@pytest.mark.parametrize("weights", ["alice", "alice=", "alice=0", "=2", "alice=-1", "a=1;b=2"])
def test_wrong_weights_are_refused_at_the_start_with_their_name(weights: str) -> None:
    with pytest.raises(SettingsError, match="QUANTUMTASK_OWNER_WEIGHTS"):
        load_settings({"QUANTUMTASK_OWNER_WEIGHTS": weights})


def test_weights_are_read_as_a_list_of_owners() -> None:
    settings = load_settings({"QUANTUMTASK_OWNER_WEIGHTS": " alice=4, the lab =.5,"})
    assert settings.weights == {"alice": 4.0, "the lab": 0.5}
