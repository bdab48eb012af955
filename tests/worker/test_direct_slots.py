"""Direct runs take only slots that are ready, so that the loop of the worker never waits long."""

import errno
import json
import multiprocessing
import queue
import socket
import threading
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Client, Connection
from pathlib import Path
from typing import Any

import pytest

from quantumtask.shared.direct_run import decode_answer, encode_answer, encode_tasks, socket_address
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, Result, Submission, TaskSpec
from quantumtask.worker.direct_runs import MAX_ANSWER_BYTES, DirectRunServer, fit_answer
from quantumtask.worker.outcome import AttemptOutcome, encode_value
from quantumtask.worker.slots import child_process
from quantumtask.worker.slots.child_process import READY, ChildProcess
from quantumtask.worker.slots.executor import LocalExecutor
from quantumtask.worker.slots.slot import SlotMessage
from tests.support.services import until

SETTINGS = Settings(slots=1, slot_memory_mb=256)
TASK = Assignment("task", 1, "w", 0, 1.0, TaskSpec("circuit"))
RESULT = Result('{"0": 1}', None, 5, "aer", "1.0", "stabilizer", 2.5)


def answer(connection: Connection, _settings: Settings, _threads: int) -> None:
    """Answer each chunk with a result."""
    connection.send_bytes(READY)
    while chunk := connection.recv()[0]:
        outcomes = [[task.id, task.attempt, *encode_value(RESULT)] for task in chunk]
        connection.send_bytes(json.dumps(outcomes).encode())


def read_nothing(connection: Connection, _settings: Settings, _threads: int) -> None:
    """Be ready, and leave every message in the buffer."""
    connection.send_bytes(READY)
    threading.Event().wait()


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
    assert (executor.free, executor.busy) == (1, 1)
    gate.set()
    sender.join(30)
    assert (executor.free, executor.busy) == (1, 0)


@pytest.mark.parametrize("direct", [True, False])
def test_a_child_that_reads_nothing_holds_neither_the_worker_nor_a_slot(
    direct: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child_process, "_SEND_TIMEOUT_S", 60 if direct else 1)
    reports: queue.Queue[list[AttemptOutcome]] = queue.Queue()
    executor = LocalExecutor(SETTINGS, reports.put, lambda _: None)
    fork: Any = multiprocessing.get_context("fork")
    executor._slots[0]._child = ChildProcess(read_nothing, SETTINGS, processes=fork)
    executor._slots[0].warm()
    long = replace(TASK, spec=TaskSpec("x" * 2**20))
    sender = threading.Thread(target=executor.run_directly, args=([long], 0.05))
    if direct:
        sender.start()
        until(lambda: executor._direct, 30)
        executor.submit([TASK])  # it would wait for ever
        sender.join(30)
        assert not sender.is_alive()
    else:
        executor.submit([long])
        [outcome] = reports.get(timeout=30)
        assert isinstance(outcome.value, Failure)
        assert outcome.value.code == "worker_crashed"
    executor.stop()


def message(task_id: str, counts: str) -> SlotMessage:
    result = replace(RESULT, counts=counts)
    data = json.dumps([[task_id, 1, *encode_value(result)]]).encode()
    return SlotMessage([AttemptOutcome(replace(TASK, id=task_id), result)], data)


def test_a_result_that_fits_no_answer_takes_no_other_with_it() -> None:
    sent = fit_answer(
        [message("a", "{}"), message("large", "1" * MAX_ANSWER_BYTES), message("b", "{}")]
    )
    assert [outcome.assignment.id for each in sent for outcome in each.outcomes] == ["a", "b"]
    answer = decode_answer(encode_answer("w", [each.data or b"" for each in sent]))
    assert (list(answer.results), answer.refused) == (["a", "b"], False)
    alone = fit_answer([message("large", "1" * MAX_ANSWER_BYTES)])
    assert decode_answer(encode_answer("w", [each.data or b"" for each in alone])).refused is False


def test_a_worker_that_could_open_no_file_for_a_moment_accepts_the_next_api(
    executor: LocalExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor._slots[0].warm()
    accept, failures = socket.socket.accept, [OSError(errno.EMFILE, "too many open files")]

    def fail_once(listener: socket.socket) -> Any:
        if failures:
            raise failures.pop()
        return accept(listener)

    monkeypatch.setattr(socket.socket, "accept", fail_once)
    settings = Settings(data_dir=tmp_path, worker_port=8001)
    server = DirectRunServer(settings, "w", executor, lambda: False)
    server.start()
    address = socket_address(settings, 8001)
    assert address
    with Client(address, "AF_UNIX") as api:
        api.send_bytes(encode_tasks([Submission("task", TaskSpec("circuit"), 1.0)]))
        assert api.poll(30)
        assert list(decode_answer(api.recv_bytes()).results) == ["task"]
    server.stop()
