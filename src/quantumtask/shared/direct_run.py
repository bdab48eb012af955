"""Direct runs: small tasks that the API gives to the worker of its machine before it stores them.

The API sends a message with some tasks over a Unix socket in the data folder, and the worker
answers with what its slot has sent. Only then the API stores the tasks, with their results. The
reasons why nothing is lost are in docs/explanation/decisions/11-direct-runs.md.
"""

import json
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from quantumtask.shared.settings import Settings
from quantumtask.shared.slot_result import parse_slot_result
from quantumtask.shared.task import Assignment, Result, Submission, TaskSpec

MAX_ADDRESS_BYTES = 100
"""Longest path of a Unix socket; the systems have limits from 104 to 108."""

_FIELDS = ("circuit", "shots", "seed", "memory", "timeout_s", "parameters", "engine", "method")
"""Fields of a task that a slot needs, without the options."""


@dataclass(frozen=True, slots=True)
class DirectRun:
    """The run of a task that is not stored yet.

    Attributes:
        worker: The id of the worker.
        submitted_at: Time of the submission by the monotonic clock of the API.
        started_at: Time at which the task was sent to the worker, by the same clock.
        received_at: Time at which the result arrived, by the same clock.
    """

    worker: str
    result: Result
    submitted_at: float
    started_at: float
    received_at: float


def socket_address(settings: Settings, port: int | None) -> str | None:
    """Return the path of the socket of the worker with this port; None if it has none.

    The directory of a long path is named by its descriptor, which stays open.
    """
    folder, name = settings.data_dir, f"worker-{port}.socket"
    if not port:
        return None
    if len(os.fsencode(folder / name)) <= MAX_ADDRESS_BYTES:
        return str(folder / name)
    if sys.platform != "linux":
        return None
    return f"/proc/self/fd/{os.open(folder, os.O_PATH | os.O_DIRECTORY)}/{name}"


def api_address(settings: Settings) -> str | None:
    """Return the path of the socket that the API connects to."""
    return socket_address(settings, urlsplit(settings.doorbell_url).port)


def encode_tasks(submissions: Iterable[Submission]) -> bytes:
    """Return the message of the API with some tasks."""
    return json.dumps(
        [[each.id, each.cost_ms, _fields(each.spec)] for each in submissions]
    ).encode()


def _fields(spec: TaskSpec) -> dict[str, Any]:
    fields = {name: getattr(spec, name) for name in _FIELDS}
    return fields if spec.options is None else {**fields, "options": spec.options}


def decode_tasks(message: bytes, worker: str) -> list[Assignment]:
    """Return the tasks of a message, as first attempts of a worker.

    Raises:
        ValueError, TypeError: It is no such message, or one of another release.
    """
    return [
        Assignment(task_id, 1, worker, 0, cost_ms, TaskSpec(**fields))
        for task_id, cost_ms, fields in json.loads(message)
    ]


def encode_answer(worker: str, messages: Iterable[bytes]) -> bytes:
    """Return the answer of a worker: the JSON arrays that its slot has sent, as they are."""
    return b'{"worker":%b,"messages":[%b]}' % (json.dumps(worker).encode(), b",".join(messages))


class DirectAnswer(NamedTuple):
    """The answer of a worker.

    Attributes:
        worker: The id of the worker.
        results: The results by task; other outcomes are left out.
        refused: True if the worker has run nothing, or if no outcome can be used.
    """

    worker: str
    results: dict[str, Result]
    refused: bool


def decode_answer(message: bytes) -> DirectAnswer:
    """Return the answer of a worker.

    Raises:
        ValueError, TypeError, KeyError: It is no such answer.
    """
    answer = json.loads(message)
    results = {
        task_id: parse_slot_result(fields)
        for outcomes in answer["messages"]
        for task_id, attempt, kind, fields in outcomes
        if kind == "Result" and attempt == 1
    }
    return DirectAnswer(answer["worker"], results, not answer["messages"])
