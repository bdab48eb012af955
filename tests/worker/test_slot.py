"""A slot whose child sends wrong messages: each task has one outcome all the same."""

import json
import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, FailureCode, TaskSpec
from quantumtask.worker.outcome import AttemptOutcome, encode_value
from quantumtask.worker.slots.child_process import READY, ChildProcess
from quantumtask.worker.slots.slot import Slot

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
MESSAGES = {name: json.dumps(message).encode() for name, message in WRONG.items()} | {
    "no JSON": b"no json",
    "another encoding": json.dumps([["a", 1, *FAILURE]]).encode("utf-16"),
    "deep nesting": b"[" * 100_000,
}


def slot_with(message: bytes) -> Slot:
    """Return a slot whose child answers each chunk with this message."""

    def main(connection: Connection, _settings: Settings, _threads: int) -> None:
        connection.send_bytes(READY)
        while connection.recv():
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
