"""A task gives its slot to an owner who waits and has none."""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantumtask.shared.fair_share import Turn
from quantumtask.shared.principal import ALL_PROJECTS
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Submission, TaskSpec
from quantumtask.worker.preemption import (
    PATIENCE_S,
    PROMISE_FACTOR,
    FreedSlot,
    Preemption,
    Run,
    choose_run,
)
from tests.support.services import ENDLESS, Service, until
from tests.support.stores import FullStore

Start = Callable[..., Service]
LONG_MS = 1_000.0
AT_ONCE = -1.0
"""Patience with a task that was submitted in this millisecond: the clock counts no less."""


@pytest.fixture
def store(configured: Settings) -> Iterator[FullStore]:
    opened = FullStore(configured)
    yield opened
    opened.close()


def submit(store: FullStore, task_id: str, owner: str, **more: Any) -> None:
    store.submit([Submission(task_id, TaskSpec("x", owner=owner, **more), LONG_MS)])


def turn_of(store: FullStore, assignment: Assignment) -> Turn:
    return next(turn for turn in store.held_turns("w") if turn.id == assignment.id)


def run(owner: str, seconds: float, rank: int = 0, turn_s: float | None = None) -> Run:
    return Run(Turn(f"{owner}{seconds}", 1, "default", owner, rank, turn_s), seconds)


def test_an_owner_without_a_running_task_is_starved_and_another_is_not(store: FullStore) -> None:
    for n in range(3):
        submit(store, f"a{n}", "alice")
    store.claim("w", 1.0)
    assert store.starved_task(AT_ONCE) is None
    submit(store, "b", "bob")
    starved = store.starved_task(AT_ONCE)
    assert starved is not None
    assert store.starved_task(60.0) is None


def test_owners_of_the_same_name_in_two_projects_are_two_owners(store: FullStore) -> None:
    submit(store, "a", "alice")
    store.claim("w", 1.0)
    submit(store, "b", "alice", project="physics")
    assert store.starved_task(AT_ONCE) is not None


def test_a_task_of_lower_priority_than_the_first_waiting_one_is_not_starved(
    store: FullStore,
) -> None:
    submit(store, "a0", "alice")
    store.claim("w", 1.0)
    submit(store, "a1", "alice")
    submit(store, "b", "bob", priority=-1)
    assert store.starved_task(AT_ONCE) is None


def test_a_task_gives_way_to_a_starved_one_which_is_claimed_next(store: FullStore) -> None:
    for n in range(3):
        submit(store, f"a{n}", "alice")
    [running] = store.claim("w", 1.0)
    submit(store, "b", "bob")
    starved = store.starved_task(AT_ONCE)
    assert store.give_way(turn_of(store, running), 7.0, "w", starved)
    assert not store.release(running)
    order = [store.claim("w", 1.0)[0] for _ in range(3)]
    assert [each.id for each in order] == ["b", "a0", "a1"]
    again = order[1]
    assert (again.attempt, again.crashes, turn_of(store, again).turn_s) == (2, 0, 7.0)
    moves = [change.move for change in store.read(ALL_PROJECTS, ["a0"])["a0"].changes]
    assert moves == ["submit", "claim", "release", "claim"]


def test_only_one_slot_is_freed_for_a_starved_task(store: FullStore) -> None:
    for n in range(2):
        submit(store, f"a{n}", "alice")
    runs = [store.claim("w", 1.0)[0] for _ in range(2)]
    submit(store, "b", "bob")
    starved = store.starved_task(AT_ONCE)
    assert store.give_way(turn_of(store, runs[0]), 1.0, "w", starved)
    assert not store.give_way(turn_of(store, runs[1]), 1.0, "w", starved)
    assert store.starved_task(AT_ONCE) is None
    assert [turn.id for turn in store.held_turns("w")] == ["a1"]


@pytest.mark.parametrize("begins", [False, True], ids=["all_stuck", "one_begins"])
def test_a_long_task_gives_way_only_if_no_other_slot_becomes_free(
    store: FullStore, configured: Settings, begins: bool
) -> None:
    preemption = Preemption(replace(configured, turn_s=2 * PATIENCE_S), store, "w")
    submit(store, "a", "alice")
    submit(store, "b", "bob")
    long, short = [store.claim("w", 1.0)[0] for _ in range(2)]
    preemption.start([long])
    turn_ends = time.monotonic() + 2 * PATIENCE_S
    submit(store, "c", "carol")
    until(lambda: time.monotonic() > turn_ends, 30)
    assert store.starved_task(PATIENCE_S) is not None
    if begins:
        preemption.start([short, short])
    freed = preemption.free_slot([])
    assert freed == (None if begins else FreedSlot((long.id, 1), for_queue=True))


def test_a_task_that_has_ended_gives_no_way(store: FullStore) -> None:
    submit(store, "a", "alice")
    [running] = store.claim("w", 1.0)
    turn = turn_of(store, running)
    assert store.release(running)
    assert not store.give_way(turn, 1.0, "w", None)


def test_the_last_run_of_the_owner_with_most_runs_gives_way() -> None:
    runs = [run("alice", 9), run("bob", 5), run("alice", 7), run("carol", 3)]
    assert choose_run(runs, 0, 1.0) == runs[2]


@pytest.mark.parametrize(
    "runs",
    [[run("alice", 0.9)], [run("alice", 9, turn_s=10.0)], [run("alice", 9, rank=-1)], []],
    ids=["too_short", "promised", "higher_priority", "none"],
)
def test_a_run_keeps_its_slot(runs: list[Run]) -> None:
    assert choose_run(runs, 0, 1.0) is None


@given(st.floats(1, 1e6), st.lists(st.floats(0, 1e6), max_size=100))
def test_all_lost_runs_of_a_task_are_shorter_than_two_whole_runs(
    whole_s: float, arrivals_s: list[float]
) -> None:
    """The promise doubles, so that the lost runs are bounded by a geometric series."""
    lost: list[float] = []
    promise_s = None
    for arrival_s in itertools.cycle([*arrivals_s, 0.0]):  # since the begin of the run
        seconds = max(arrival_s, 1.0, promise_s or 0.0)
        if seconds >= whole_s:
            break
        assert choose_run([run("alice", seconds, turn_s=promise_s)], 0, 1.0)
        lost.append(seconds)
        promise_s = PROMISE_FACTOR * seconds
    assert sum(lost) <= 2 * whole_s


@pytest.mark.parametrize("slots", [1, 2])
def test_a_short_task_starts_while_another_owners_endless_tasks_fill_all_slots(
    start: Start, slots: int
) -> None:
    service = start(slots=slots)
    tasks = [{"circuit": ENDLESS, "owner": "alice"} for _ in range(20)]
    service.http.post("/batches", json={"tasks": tasks}).raise_for_status()
    until(lambda: service.http.get("/queue").json()["running"] >= slots, 30, service.logs)
    for _ in range(2):
        body = service.finished(service.submit(owner="bob"))
        assert body["status"] == "completed"
    [alice] = [o for o in service.http.get("/queue").json()["owners"] if o["owner"] == "alice"]
    assert alice["waiting"] + alice["running"] == 20
