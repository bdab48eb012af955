"""The Python client, against a real service, and against peers that misbehave on purpose."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quantumtask import (
    CircuitError,
    Client,
    ServiceError,
    TaskCancelled,
    TaskFailed,
    Unreachable,
)
from tests.support.fake_service import DONE, busy, peer, silent
from tests.support.services import BELL, ENDLESS, TOO_LARGE, Service, free_port

WRONG = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nhh q;\n'


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def test_a_circuit_goes_out_and_its_counts_come_back(client: Client) -> None:
    task = client.submit(BELL, shots=100, seed=7, memory=True, name="pair", tags=["a", "b"])
    result = task.result()
    assert sum(result.counts.values()) == len(result.memory) == result.shots == 100
    assert (result.name, result.seed, result.task_id) == ("pair", 7, task.id)
    assert task.status() == "completed"
    assert task.info()["tags"] == ["a", "b"]


def test_a_circuit_may_be_a_file(client: Client, tmp_path: Path) -> None:
    file = tmp_path / "bell.qasm"
    file.write_text("\ufeff" + BELL)
    assert client.submit(file, shots=10).result().shots == 10
    with pytest.raises(FileNotFoundError):
        client.submit(tmp_path / "none.qasm")
    with pytest.raises(TypeError, match="this is a dict"):
        client.submit({})  # type: ignore[arg-type]


def test_the_same_key_gives_the_same_task_and_no_key_gives_a_new_one(client: Client) -> None:
    first, again = (client.submit(BELL, idempotency_key="client-test").id for _ in range(2))
    assert first == again
    assert client.submit(BELL).id != client.submit(BELL).id


def test_a_refusal_has_a_code_a_detail_and_a_status(client: Client) -> None:
    with pytest.raises(ServiceError) as refusal:
        client.task("nothing here?")
    assert refusal.value.code == "task_not_found"
    assert refusal.value.detail == str(refusal.value) == "task not found"
    assert refusal.value.status == 404


def test_a_wrong_circuit_is_an_exception_with_its_places(client: Client) -> None:
    task = client.submit(WRONG)
    with pytest.raises(CircuitError, match="hh") as failure:
        task.result()
    assert (failure.value.code, failure.value.line, failure.value.column) == ("unknown_gate", 4, 1)
    assert [problem.token for problem in failure.value.problems] == ["hh"]
    assert failure.value.task_id == task.id
    with pytest.raises(CircuitError) as refusal:
        client.estimate(WRONG)
    assert (refusal.value.line, refusal.value.task_id) == (4, None)


def test_a_task_that_fails_for_another_reason_says_which(client: Client) -> None:
    with pytest.raises(TaskFailed) as failure:
        client.submit(TOO_LARGE).result()
    assert failure.value.code == "out_of_memory"
    assert not isinstance(failure.value, CircuitError)


def test_a_finished_task_cannot_be_cancelled(client: Client) -> None:
    task = client.submit(BELL)
    task.result()
    with pytest.raises(ServiceError) as refusal:
        task.cancel()
    assert refusal.value.code == "task_already_finished"


def test_waiting_ends_when_its_time_is_up_and_the_task_goes_on(client: Client) -> None:
    task = client.submit(ENDLESS)
    with pytest.raises(TimeoutError, match=task.id):
        task.result(timeout=0.1)
    assert task.status() in ("submitted", "running")
    task.cancel()
    with pytest.raises(TaskCancelled, match=task.id):
        task.result()
    assert client.task(task.id).status() == "cancelled"


def test_all_tasks_are_listed_over_all_pages(client: Client) -> None:
    tag = f"list-{time.time_ns()}"
    sent = [client.submit(BELL, tags=[tag]).id for _ in range(3)]
    page = client.page(tag=tag, limit=2)
    rest = client.page(tag=tag, limit=2, cursor=page["next_cursor"])
    assert [task["task_id"] for task in page["tasks"] + rest["tasks"]] == sent[::-1]
    assert [task.id for task in client.tasks(tag=tag)] == sent[::-1]
    assert list(client.tasks(tag=tag, status="failed")) == []


def test_every_change_of_a_task_is_an_event(client: Client) -> None:
    task = client.submit(BELL)
    task.result()
    events = list(task.events())
    assert [event.state for event in events] == ["submitted", "running", "completed"]
    assert {event.task_id for event in events} == {task.id}


def test_health_and_readiness_are_plain_answers(client: Client) -> None:
    assert client.health()
    assert client.ready()
    with Client(f"http://127.0.0.1:{free_port()}") as nobody:
        assert not nobody.health()
        assert not nobody.ready()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}", "127.0.0.1:{port}", "http://[", "nonsense"]
)
def test_where_no_service_is_the_error_says_what_to_do(url: str) -> None:
    with pytest.raises(Unreachable, match="Is `quantumtask up` running"):
        Client(url.format(port=free_port())).submit(BELL)


def test_a_wait_survives_a_restart_of_the_api(start: Callable[..., Service]) -> None:
    service = start(slots=1)
    with Client(service.url) as client:
        task = client.submit(ENDLESS)
        service.running(task.id)
        ends: list[str] = []
        waiter = threading.Thread(target=lambda: ends.append(task.wait()["status"]))
        waiter.start()
        service.api.kill()
        service.start_api()
        with Client(service.url) as other:
            service.wait_ready()
            other.task(task.id).cancel()
        waiter.join(60)
    assert ends == ["cancelled"]


def test_a_busy_service_is_asked_again_when_it_said() -> None:
    with peer(busy("1"), DONE) as (client, ours):
        assert client.submit(BELL).id == "t"
    assert ours.asked[1].at - ours.asked[0].at >= 1


def test_a_submission_that_is_sent_again_carries_the_same_key() -> None:
    with peer(DONE, None, busy("0"), DONE) as (client, ours):
        client.task("t")
        client.submit(BELL)
    keys = [asked.headers["Idempotency-Key"] for asked in ours.asked[1:]]
    assert keys[0] is not None
    assert keys == keys[:1] * 3


def test_a_service_that_asks_for_more_patience_than_there_is_is_reported_at_once() -> None:
    with peer(busy("3600")) as (client, ours), pytest.raises(ServiceError) as refusal:
        client.submit(BELL)
    assert (refusal.value.code, refusal.value.status) == ("queue_full", 429)
    assert len(ours.asked) == 1


@pytest.mark.parametrize("body", [b"<h1>Bad gateway</h1>", b"[]", b"", b"\xff"])
def test_the_error_page_of_a_proxy_is_a_service_error_too(body: bytes) -> None:
    with peer((502, {}, body)) as (client, _), pytest.raises(ServiceError) as refusal:
        client.task("t")
    assert (refusal.value.code, refusal.value.status) == ("http_502", 502)
    assert "502" in refusal.value.detail


def test_the_token_goes_along_and_what_is_not_given_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUANTUMTASK_TOKEN", "secret")
    with peer(DONE) as (client, ours):
        client.submit(BELL)
    [asked] = ours.asked
    assert asked.headers["Authorization"] == "Bearer secret"
    assert asked.json == {"circuit": BELL}


def test_a_service_that_never_answers_in_time_is_a_timeout() -> None:
    with peer(silent) as (client, _), pytest.raises(TimeoutError, match="did not answer"):
        client.queue(timeout=0.2)


def test_waiting_is_silent_where_nobody_watches_and_shows_a_line_where_somebody_does(
    capsys: pytest.CaptureFixture[str], service: Service
) -> None:
    def wait(progress: bool | None) -> str:
        with Client(service.url, progress=progress) as client:
            task = client.submit(ENDLESS)
            with pytest.raises(TimeoutError):
                task.result(timeout=2.5)
            task.cancel()
        return capsys.readouterr().err

    assert wait(None) == ""
    shown = wait(True)
    assert re.search(r"\r(submitted|running).*0:00:0\d", shown)
    assert shown.endswith("\r")
