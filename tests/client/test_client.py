"""Tests of the Python client with a real service, and with a fake service that misbehaves."""

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
from tests.support.fake_service import COMPLETED, busy_reply, fake_service, no_reply
from tests.support.services import BELL, ENDLESS, TOO_LARGE, Service, free_port

NO_FILE = "/no/such/certificates.pem"
WRONG = 'OPENQASM 3.0;\ninclude "stdgates.inc";\nqubit q;\nhh q;\n'


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def test_a_result_has_the_counts_and_the_options_of_its_task(client: Client) -> None:
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
    for one in (BELL, file):
        with pytest.raises(TypeError, match=r"must be a list of circuits; .*call `submit`"):
            client.batch(one)  # type: ignore[arg-type]


def test_the_same_key_gives_the_same_task_and_no_key_gives_a_new_one(client: Client) -> None:
    first, second = (client.submit(BELL, idempotency_key="client-test").id for _ in range(2))
    assert first == second
    assert client.submit(BELL).id != client.submit(BELL).id


def test_a_refusal_has_a_code_a_detail_and_a_status(client: Client) -> None:
    with pytest.raises(ServiceError) as refusal:
        client.task("nothing here?")
    assert refusal.value.code == "task_not_found"
    assert refusal.value.detail == str(refusal.value) == "task not found"
    assert refusal.value.status == 404


def test_a_wrong_circuit_raises_an_error_with_lines_and_columns(client: Client) -> None:
    task = client.submit(WRONG)
    with pytest.raises(CircuitError, match="hh") as failure:
        task.result()
    assert (failure.value.code, failure.value.line, failure.value.column) == ("unknown_gate", 4, 1)
    assert [problem.token for problem in failure.value.problems] == ["hh"]
    assert failure.value.task_id == task.id
    with pytest.raises(CircuitError) as refusal:
        client.estimate(WRONG)
    assert (refusal.value.line, refusal.value.task_id) == (4, None)


def test_a_task_that_fails_for_another_reason_raises_task_failed(client: Client) -> None:
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


def test_a_timeout_ends_the_wait_but_not_the_task(client: Client) -> None:
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
    ids = [client.submit(BELL, tags=[tag]).id for _ in range(3)]
    page = client.page(tag=tag, limit=2)
    rest = client.page(tag=tag, limit=2, cursor=page["next_cursor"])
    assert [task["task_id"] for task in page["tasks"] + rest["tasks"]] == ids[::-1]
    assert [task.id for task in client.tasks(tag=tag)] == ids[::-1]
    assert list(client.tasks(tag=tag, status="failed")) == []


def test_every_change_of_a_task_is_an_event(client: Client) -> None:
    task = client.submit(BELL)
    task.result()
    events = list(task.events())
    assert [event.state for event in events] == ["submitted", "running", "completed"]
    assert {event.task_id for event in events} == {task.id}


def test_health_and_readiness_are_true_or_false(client: Client) -> None:
    assert client.health()
    assert client.ready()
    with Client(f"http://127.0.0.1:{free_port()}") as unreachable:
        assert not unreachable.health()
        assert not unreachable.ready()


def test_an_address_without_a_scheme_or_of_the_documentation_works(service: Service) -> None:
    for address in (service.url.removeprefix("http://"), service.url + "/docs"):
        with Client(address) as client:
            assert client.ready()
            assert client.url == service.url


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{port}", "127.0.0.1:{port}", "http://[", "nonsense"]
)
def test_without_a_service_the_error_names_the_remedy(url: str) -> None:
    with pytest.raises(Unreachable, match="Is `quantumtask up` running"):
        Client(url.format(port=free_port())).submit(BELL)


def test_a_wait_survives_a_restart_of_the_api(start: Callable[..., Service]) -> None:
    service = start(slots=1)
    with Client(service.url) as client:
        task = client.submit(ENDLESS)
        service.running(task.id)
        statuses: list[str] = []
        waiter = threading.Thread(target=lambda: statuses.append(task.wait()["status"]))
        waiter.start()
        service.api.kill()
        service.start_api()
        with Client(service.url) as other:
            service.wait_ready()
            other.task(task.id).cancel()
        waiter.join(60)
    assert statuses == ["cancelled"]


def test_a_request_to_a_busy_service_is_repeated_after_the_time_in_retry_after() -> None:
    with fake_service(busy_reply("1"), COMPLETED) as (client, service):
        assert client.submit(BELL).id == "t"
    assert service.requests[1].time - service.requests[0].time >= 1


def test_a_repeated_submission_has_the_same_key() -> None:
    with fake_service(COMPLETED, None, busy_reply("0"), COMPLETED) as (client, service):
        client.task("t")
        client.submit(BELL)
    keys = [request.headers["Idempotency-Key"] for request in service.requests[1:]]
    assert keys[0] is not None
    assert keys == keys[:1] * 3


def test_a_retry_after_beyond_the_timeout_is_reported_at_once() -> None:
    with (
        fake_service(busy_reply("3600")) as (client, service),
        pytest.raises(ServiceError) as refusal,
    ):
        client.submit(BELL)
    assert (refusal.value.code, refusal.value.status) == ("queue_full", 429)
    assert len(service.requests) == 1


@pytest.mark.parametrize("body", [b"<h1>Bad gateway</h1>", b"[]", b"", b"\xff"])
def test_the_error_page_of_a_proxy_is_a_service_error_too(body: bytes) -> None:
    with fake_service((502, {}, body)) as (client, _), pytest.raises(ServiceError) as refusal:
        client.task("t")
    assert (refusal.value.code, refusal.value.status) == ("http_502", 502)
    assert "502" in refusal.value.detail


def test_a_request_has_the_token_and_only_the_options_of_the_caller(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QUANTUMTASK_TOKEN", "secret")
    with fake_service(COMPLETED) as (client, service):
        client.submit(BELL)
    [request] = service.requests
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.json == {"circuit": BELL}


def test_a_service_that_does_not_answer_in_time_raises_a_timeout() -> None:
    with fake_service(no_reply) as (client, _), pytest.raises(TimeoutError, match="did not answer"):
        client.queue(timeout=0.2)


def test_a_progress_line_is_shown_only_in_a_terminal_or_on_request(
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
    output = wait(True)
    assert re.search(r"\r(submitted|running).*0:00:0\d", output)
    assert output.endswith("\r")


def test_certificates_are_read_for_https_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading them takes most of the time in which a client is made."""
    monkeypatch.setenv("SSL_CERT_FILE", NO_FILE)
    Client("http://quantum.example.org").close()
    with pytest.raises(FileNotFoundError):
        Client("https://quantum.example.org")
