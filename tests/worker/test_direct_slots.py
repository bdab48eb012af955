"""Direct runs take only slots that are ready, so that the loop of the worker never waits long."""

import json
import multiprocessing
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import pytest

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Result, TaskSpec
from quantumtask.worker.outcome import encode_value
from quantumtask.worker.slots.child_process import READY, ChildProcess
from quantumtask.worker.slots.executor import LocalExecutor

SETTINGS = Settings(slots=1, slot_memory_mb=256)
TASK = Assignment("task", 1, "w", 0, 1.0, TaskSpec("circuit"))
RESULT = Result('{"0": 1}', None, 5, "aer", "1.0", "stabilizer", 2.5)


def answer(connection: Connection, _settings: Settings, _threads: int) -> None:
    """Answer each chunk with a result."""
    connection.send_bytes(READY)
    while chunk := connection.recv()[0]:
        outcomes = [[task.id, task.attempt, *encode_value(RESULT)] for task in chunk]
        connection.send_bytes(json.dumps(outcomes).encode())


@pytest.fixture
def executor() -> Iterator[LocalExecutor]:
    executor = LocalExecutor(SETTINGS, lambda _: None, lambda _: None)
    fork: Any = multiprocessing.get_context("fork")
    executor._slots[0]._child = ChildProcess(answer, SETTINGS, processes=fork)
    yield executor
    executor.stop()


def test_a_direct_run_starts_no_child(executor: LocalExecutor) -> None:
    assert executor.run_directly([TASK], 5.0) == []
    executor._slots[0].warm()
    [message] = executor.run_directly([TASK], 5.0)
    assert [outcome.value for outcome in message.outcomes] == [RESULT]
    process = executor._slots[0]._child._process
    assert process
    process.kill()
    process.join()
    assert executor.run_directly([TASK], 5.0) == []
    assert executor.free == 1


class SlowList(list[Any]):
    """A list after whose length is read another thread takes its turn."""

    turn: Any = None

    def __len__(self) -> int:
        length = super().__len__()
        if (turn := self.turn) is not None:
            self.turn = None
            turn()
        return length


def test_a_slot_that_begins_a_direct_run_is_not_counted_twice(executor: LocalExecutor) -> None:
    executor._slots[0].warm()
    gate, began = threading.Event(), threading.Event()
    run = executor._slots[0].run

    def slow_run() -> Any:
        began.set()
        gate.wait(30)
        return run()

    executor._slots[0].run = slow_run  # type: ignore[method-assign]
    sender = threading.Thread(target=executor.run_directly, args=([TASK], 5.0))
    free = SlowList(executor._free)
    executor._free = free

    def begin() -> None:
        sender.start()
        began.wait(0.3)

    free.turn = begin
    assert executor.free == 1
    assert began.wait(30)
    assert executor.free == 1
    gate.set()
    sender.join(30)
    assert executor.free == 1
