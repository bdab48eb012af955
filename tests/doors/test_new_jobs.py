"""A request about a new job waits for its end for a moment, in every door."""

import asyncio
import signal
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from fastapi import Request

from quantumtask.doors.stored_jobs import NEW_JOB_S, read_requested_item
from quantumtask.shared.principal import LOCAL
from quantumtask.shared.task import Task, TaskState
from tests.doors.protocols import PROTOCOLS, SIMULATOR_QRN, braket_body
from tests.doors.test_ibm_jobs import JOBS, job_body
from tests.support.services import BELL, Service


class RecordingService:
    """A service with one task, which records how long its callers wait for the end."""

    def __init__(self, state: TaskState, age_s: float) -> None:
        self.waits_s: list[float] = []
        submitted_at = time.time() - age_s
        finished_at = submitted_at if state.final else None
        self._task = Task("id", 1, state, 1, None, (), submitted_at, 1, finished_at=finished_at)

    async def get(self, _scope: str, _task_id: str, wait_s: float = 0.0) -> Task:
        self.waits_s.append(wait_s)
        return self._task


def longest_wait_s(method: str, state: TaskState, age_s: float) -> float:
    service = RecordingService(state, age_s)
    app = SimpleNamespace(state=SimpleNamespace(service=service))
    scope: dict[str, Any] = {"type": "http", "method": method, "app": app, "principal": LOCAL}
    asyncio.run(read_requested_item(Request(scope), "id"))
    return max(service.waits_s)


@pytest.mark.parametrize("age_s", [-3600, 0])
def test_a_new_job_that_runs_is_awaited_even_if_the_clock_was_set_back(age_s: float) -> None:
    assert 0 < longest_wait_s("GET", TaskState.RUNNING, age_s) <= NEW_JOB_S


@pytest.mark.parametrize(
    ("method", "state", "age_s"),
    [
        ("GET", TaskState.RUNNING, NEW_JOB_S),
        ("GET", TaskState.COMPLETED, 0),
        ("PUT", TaskState.RUNNING, 0),
        ("DELETE", TaskState.SUBMITTED, 0),
    ],
)
def test_no_old_job_no_ended_job_and_no_other_call_waits(
    method: str, state: TaskState, age_s: float
) -> None:
    assert longest_wait_s(method, state, age_s) == 0


def job_of(door: str, http: httpx.Client) -> str:
    """Submit a job at a door, and return the path that has its state."""
    if door == "ionq":
        circuit = {"qubits": 1, "circuit": [{"gate": "h", "target": 0}]}
        body = {"type": "ionq.circuit.v1", "shots": 1, "backend": "simulator", "input": circuit}
        return f"/v0.4/jobs/{http.post('/v0.4/jobs', json=body).json()['id']}"
    if door == "qbraid":
        body = {
            "deviceQrn": SIMULATOR_QRN,
            "shots": 1,
            "program": {"format": "qasm3", "data": BELL},
        }
        jobs = "/qbraid/api/v1/jobs"
        return f"{jobs}/{http.post(jobs, json=body).json()['data']['jobQrn']}"
    if door == "braket":
        arn = http.post("/aws/quantum-task", json=braket_body("qubit[1] q; h q[0];")).json()[
            "quantumTaskArn"
        ]
        return f"/aws/quantum-task/{quote(arn, safe='')}"
    return f"{JOBS}/{http.post(JOBS, json=job_body()).json()['id']}?exclude_params=true"


def test_every_door_awaits_the_end_of_a_new_job_for_a_moment(start: Callable[..., Service]) -> None:
    """The worker stands still, so that no answer before the moment is over can be right."""
    service = start(slots=1)
    service.worker.signal(signal.SIGSTOP)
    for door in PROTOCOLS:
        began = time.time()
        path = job_of(door, service.http)
        assert service.http.get(path).status_code == 200
        assert time.time() - began >= NEW_JOB_S, door
