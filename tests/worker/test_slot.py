"""A slot whose child sends wrong messages: each task has one outcome all the same."""

import json
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, FailureCode, TaskSpec
from quantumtask.shared.task_progress import TaskProgress
from quantumtask.worker.outcome import AttemptOutcome, encode_value
from quantumtask.worker.progress import (
    MAX_REMAINING_S,
    REPORT_INTERVAL_S,
    decode_progress,
    encode_progress,
)
from quantumtask.worker.slots.child_process import READY, ChildProcess
from quantumtask.worker.slots.progress_sender import ProgressSender
from quantumtask.worker.slots.slot import REPORTS_AT_ONCE, Slot

SETTINGS = Settings(slot_memory_mb=256)
FAILURE = encode_value(Failure("x", "from the child"))
TASKS = [Assignment(name, 1, "w", 0, 1.0, TaskSpec("circuit")) for name in ("a", "b")]

WRONG: dict[str, Any] = {
    "another task": [["a", 1, *FAILURE], ["c", 1, *FAILURE]],
    "another attempt": [["a", 2, *FAILURE]],
    "the same task twice": [["a", 1, *FAILURE], ["a", 1, *FAILURE]],
    "an unknown field": [["a", 1, "Failure", {"problems": [], "unknown": 1}]],
    "no array": {"a": 1},
    "no outcome": [],
    "a request that it may not make": [["a", 1, "SlotRequest", {"slots": 1}]],
}
WRONG |= {
    f"progress {what}": {"progress": reports}
    for what, reports in {
        "of another task": [["c", 1, 0.5, None]],
        "of another attempt": [["a", 2, 0.5, None]],
        "of no task": [],
        "of two tasks": [["a", 1, 0.5, None], ["b", 1, 0.5, None]],
        "with a field too few": [["a", 1, 0.5]],
        "of a task that is no text": [[["a"], 1, 0.5, None]],
        "above 1": [["a", 1, 1.1, None]],
        "below 0": [["a", 1, -0.1, None]],
        "that is no number": [["a", 1, "0.5", None]],
        "that is a bool": [["a", 1, True, None]],
        "that is not finite": [["a", 1, float("nan"), None]],
        "with a time that is infinite": [["a", 1, 0.5, float("inf")]],
        "with a time below 0": [["a", 1, 0.5, -1]],
        "with a huge time": [["a", 1, 0.5, 10**400]],
    }.items()
}
MESSAGES = {name: json.dumps(message).encode() for name, message in WRONG.items()} | {
    "no JSON": b"no json",
    "another encoding": json.dumps([["a", 1, *FAILURE]]).encode("utf-16"),
    "deep nesting": b"[" * 100_000,
}


def slot_with(*messages: bytes) -> Slot:
    """Return a slot whose child answers each chunk with these messages."""

    def main(connection: Connection, _settings: Settings, _threads: int) -> None:
        connection.send_bytes(READY)
        while connection.recv():
            for message in messages:
                connection.send_bytes(message)

    slot = Slot(SETTINGS, 1)
    slot._child = ChildProcess(main, SETTINGS, processes=multiprocessing.get_context("fork"))
    return slot


@pytest.fixture(params=MESSAGES)
def slot(request: pytest.FixtureRequest) -> Iterator[Slot]:
    slot = slot_with(MESSAGES[request.param])
    yield slot
    slot.stop()


def run(slot: Slot, tasks: list[Assignment]) -> list[AttemptOutcome]:
    slot.assign(tasks)
    return [outcome for message in slot.run() for outcome in message.outcomes]


def test_tasks_of_a_chunk_run_again_after_a_wrong_message(slot: Slot) -> None:
    outcomes = run(slot, TASKS)
    assert [(outcome.assignment, outcome.value) for outcome in outcomes] == [
        (task, None) for task in TASKS
    ]


def test_a_single_task_fails_after_a_wrong_message(slot: Slot) -> None:
    [outcome] = run(slot, TASKS[:1])
    assert isinstance(outcome.value, Failure)
    assert outcome.value.code in (FailureCode.WORKER_CRASHED, FailureCode.TIMEOUT)


def test_the_bytes_of_a_right_message_are_passed_on() -> None:
    data = json.dumps([[task.id, task.attempt, *FAILURE] for task in TASKS]).encode()
    slot = slot_with(data)
    slot.assign(TASKS)
    [message] = slot.run()
    slot.stop()
    assert message.data == data
    assert [outcome.assignment for outcome in message.outcomes] == TASKS


END = json.dumps([["a", 1, *FAILURE]]).encode()


def report(fraction: float | None, remaining_s: float | None = None) -> bytes:
    return encode_progress({("a", 1): TaskProgress(fraction, remaining_s)})


def test_the_progress_of_a_task_is_known_until_it_ends() -> None:
    slot = slot_with(report(None, 60), report(0.25, 30), END)
    slot.assign(TASKS[:1])
    assert slot.progress == {}
    reports: list[TaskProgress] = []
    put = slot._progress.put

    def watch(key: tuple[str, int], progress: TaskProgress) -> None:
        put(key, progress)
        reports.append(slot.progress[key])

    slot._progress.put = watch  # type: ignore[method-assign]
    [message] = slot.run()
    slot.stop()
    assert message.data == END
    assert [each.fraction for each in reports] == [None, 0.25]
    assert all(each.remaining_s and 0 < each.remaining_s <= 60 for each in reports)
    assert slot.progress == {}


@pytest.mark.parametrize(
    ("messages", "tasks"),
    [
        ([report(0.5), report(0.4), END], TASKS[:1]),
        ([report(0.5), report(None, 9), END], TASKS[:1]),
        ([*[report(0.5)] * (10 * REPORTS_AT_ONCE), END], TASKS[:1]),
        ([report(0.5), END], TASKS),
    ],
    ids=["goes back", "is forgotten", "comes too often", "is of a task in a chunk"],
)
def test_a_child_whose_progress_is_wrong_is_killed(
    messages: list[bytes], tasks: list[Assignment]
) -> None:
    slot = slot_with(*messages)
    outcomes = run(slot, tasks)
    slot.stop()
    assert [
        outcome.value for outcome in outcomes if outcome.value != Failure("x", "from the child")
    ]
    assert slot.progress == {}


def test_a_sender_sends_no_fraction_in_the_first_second_and_few_after_it() -> None:
    sent: list[bytes] = []
    sender = ProgressSender(sent.append, TASKS[0])
    for number in range(10_000):
        sender.on_fraction(number / 10_000)
    assert sent == []
    sender.on_prediction(5)
    sender.on_prediction(6)
    assert [decode_progress(json.loads(each)) for each in sent] == [
        {("a", 1): TaskProgress(None, 5)}
    ]
    sender._due -= REPORT_INTERVAL_S
    for fraction in (0.0, 0.5, 0.4, 0.9):
        sender.on_fraction(fraction)
    [_, last] = sent
    [progress] = decode_progress(json.loads(last)).values()
    assert progress.fraction == 0.5
    assert progress.remaining_s is not None


@given(
    fraction=st.none() | st.floats(0, 1),
    remaining_s=st.none() | st.floats(0, MAX_REMAINING_S),
)
def test_progress_is_decoded_as_it_was_encoded(
    fraction: float | None, remaining_s: float | None
) -> None:
    progress = {("a", 3): TaskProgress(fraction, remaining_s)}
    assert decode_progress(json.loads(encode_progress(progress))) == progress
