"""Commands, the client and the Qiskit provider say at once that no worker is running."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from quantumtask import Client, ServiceError
from quantumtask.client import progress
from quantumtask.client.qiskit import QuantumTaskProvider
from tests.support.command_line import environment, quantumtask
from tests.support.fake_service import error_reply, fake_service, json_reply
from tests.support.services import BELL, Service, until

SENTENCE = "no worker is running: start one with `quantumtask worker`, or read its log"


def test_without_a_worker_everything_says_so_and_a_waiting_command_goes_on(
    start: Callable[..., Service],
) -> None:
    service = start(slots=1)
    assert service.worker.stop() == 0
    until(lambda: service.http.get("/queue").json()["workers"] == 0, 30)

    for command in (["engines"], ["backends"], ["backends", "fake_manila"], ["estimate", "-"]):
        done = quantumtask(*command, url=service.url, stdin=BELL)
        assert (done.returncode, done.stderr) == (3, f"quantumtask: {SENTENCE}.\n")

    with QuantumTaskProvider(service.url) as provider:
        for call in (provider.backend, provider.backends):
            with pytest.raises(ServiceError) as refusal:
                call()
            assert str(refusal.value) == SENTENCE

    command = [sys.executable, "-m", "quantumtask", "submit", "-", "--wait"]
    waiting = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(service.url),
    )  # fmt: skip
    assert waiting.stdin is not None and waiting.stderr is not None
    waiting.stdin.write(BELL)
    waiting.stdin.close()
    waiting.stdin = None
    assert waiting.stderr.readline() == f"quantumtask: {SENTENCE}. The task waits.\n"
    service.start_worker()
    output, errors = waiting.communicate(timeout=120)
    assert (waiting.returncode, errors) == (0, ""), output
    assert output.startswith("completed")


UNAVAILABLE = error_reply(503, "worker_unavailable", "no worker answers")


def test_a_worker_that_does_not_answer_is_asked_again_while_it_has_a_heartbeat() -> None:
    engines = json_reply({"engines": []})
    alive = json_reply({"workers": 1})
    with fake_service(UNAVAILABLE, alive, UNAVAILABLE, alive, engines) as (client, service):
        assert client.engines() == {"engines": []}
    assert [each.path for each in service.requests] == ["/engines", "/queue"] * 2 + ["/engines"]


def test_a_call_ends_as_soon_as_no_worker_has_a_heartbeat() -> None:
    alive, none = json_reply({"workers": 1}), json_reply({"workers": 0})
    with (
        fake_service(UNAVAILABLE, alive, UNAVAILABLE, none) as (client, _),
        pytest.raises(ServiceError) as refusal,
    ):
        client.engines()
    assert (refusal.value.code, refusal.value.detail) == ("worker_unavailable", SENTENCE)


def test_the_progress_of_a_task_says_that_no_worker_is_running(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "MIN_WAIT_S", 0)
    queue = {"position": 1, "at_least": False, "expected_start": None}
    pending = {"task_id": "t", "status": "pending", "state": "submitted", "queue": queue}
    completed = {"task_id": "t", "status": "completed", "shots": 1, "result": {}}
    answers = [json_reply(pending), json_reply(pending), json_reply(completed)]
    with fake_service(*answers) as (client, _), Client(client.url, progress=True) as shown:
        shown._task(pending).wait()
    assert "submitted, position 1, no worker is running" in capsys.readouterr().err
