"""The API's side of direct runs, with a worker that the test plays."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from quantumtask.api.service.direct_runs import LOST_SLOT_S, DirectRunClient
from quantumtask.api.service.submission_writer import SubmissionWriter
from quantumtask.shared.direct_run import DirectRun, api_address, encode_answer
from quantumtask.shared.errors import QueueFull
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Result, Submission, Task, TaskSpec

FAILED = json.dumps([["task", 1, "Failure", {"code": "c", "message": "m"}]]).encode()
TASK = Submission("task", TaskSpec("circuit"), 1.0)


async def messages_after(
    folder: Path,
    answers: list[list[bytes]],
    pause_s: float = 0,
    task: Submission = TASK,
    before: Callable[[DirectRunClient], None] = lambda _: None,
) -> int:
    """Run a task as often as there are answers; return the number of messages to the worker."""
    settings = Settings(data_dir=folder)
    address = api_address(settings)
    assert address
    messages, ended = 0, asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal messages
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError):
            for answer in answers:
                await reader.readexactly(int.from_bytes(await reader.readexactly(4)))
                messages += 1
                await asyncio.sleep(pause_s)
                data = encode_answer("worker", answer)
                writer.write(len(data).to_bytes(4) + data)
        await writer.wait_closed()
        ended.set()

    client = DirectRunClient(settings)
    before(client)
    async with await asyncio.start_unix_server(serve, address):
        for _ in answers:
            assert await client.run(task, wait_s=30) is None
        client.stop()
        if messages:
            await asyncio.wait_for(ended.wait(), 30)
    return messages


def test_a_wrong_circuit_ends_no_direct_runs_of_others(tmp_path: Path) -> None:
    assert asyncio.run(messages_after(tmp_path, [[FAILED], [FAILED], [FAILED]])) == 3


@pytest.mark.parametrize(
    ("answer", "pause_s"), [([], 0), ([], LOST_SLOT_S + 0.01), ([FAILED], LOST_SLOT_S + 0.01)]
)
def test_no_task_is_sent_right_after_a_refusal_or_a_lost_slot(
    tmp_path: Path, answer: list[bytes], pause_s: float
) -> None:
    assert asyncio.run(messages_after(tmp_path, [answer, answer], pause_s)) == 1


def test_a_repeated_key_is_not_run_again(tmp_path: Path) -> None:
    task = replace(TASK, key="key")
    assert asyncio.run(messages_after(tmp_path, [[FAILED], [FAILED]], task=task)) == 1


def test_an_owner_whose_task_is_refused_runs_none_directly(tmp_path: Path) -> None:
    run = DirectRun("worker", Result("{}", None, 5, "aer", "1", "stabilizer", 2.5), 0, 0, 0)

    def refuse(client: DirectRunClient) -> None:
        with pytest.raises(QueueFull), client.pause_if_refused(TASK, run):
            raise QueueFull("full")

    assert asyncio.run(messages_after(tmp_path, [[FAILED]], before=refuse)) == 0
    other = replace(TASK, spec=replace(TASK.spec, owner="other"))
    assert asyncio.run(messages_after(tmp_path, [[FAILED]], before=refuse, task=other)) == 1


@pytest.mark.parametrize("first", [True, False])
def test_a_repetition_without_wait_gets_the_id_of_a_direct_run(tmp_path: Path, first: bool) -> None:
    result = Result('{"0": 1}', None, 5, "aer", "1.0", "stabilizer", 2.5)
    run = (replace(TASK, key="key"), DirectRun("worker", result, 0.0, 0.0, 0.0))
    repetition = (replace(TASK, id="other", key="key"), None)
    writer = SubmissionWriter(Settings(data_dir=tmp_path))
    stored = writer._write([run, repetition] if first else [repetition, run])
    writer.stop()
    if first:
        assert isinstance(stored[0], Task)
        assert stored[1] == "task"
    else:
        assert stored == ["other", "other"]
