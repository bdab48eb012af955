"""The Python client, against a real service, and against peers that misbehave on purpose."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from quantumtask.client import Client, ServiceError, Unreachable
from tests.services import BELL, ENDLESS, Service, free_port

Answer = tuple[int, dict[str, str], bytes] | None
"""Status, headers and body; None drops the connection without a word."""

DONE: Answer = (200, {}, b'{"task_id": "t", "status": "completed", "result": {}}')


@pytest.fixture
def client(service: Service) -> Iterator[Client]:
    with Client(service.url) as client:
        yield client


def test_a_circuit_goes_out_and_its_counts_come_back(client: Client) -> None:
    task_id = client.submit(BELL, shots=100, seed=7, memory=True, name="pair", tags=["a", "b"])
    task = client.wait(task_id)
    assert task["status"] == "completed"
    assert sum(task["result"].values()) == len(task["memory"]) == 100
    assert (task["name"], task["tags"], task["seed"]) == ("pair", ["a", "b"], 7)


def test_the_same_key_gives_the_same_task_and_no_key_gives_a_new_one(client: Client) -> None:
    first, again = (client.submit(BELL, idempotency_key="client-test") for _ in range(2))
    assert first == again
    assert client.submit(BELL) != client.submit(BELL)


def test_a_refusal_has_a_code_a_detail_and_a_status(client: Client) -> None:
    with pytest.raises(ServiceError) as refusal:
        client.get("nothing here?")
    assert refusal.value.code == "task_not_found"
    assert refusal.value.detail == str(refusal.value) == "task not found"
    assert refusal.value.status == 404


def test_a_finished_task_cannot_be_cancelled(client: Client) -> None:
    task_id = client.submit(BELL)
    client.wait(task_id)
    with pytest.raises(ServiceError) as refusal:
        client.cancel(task_id)
    assert refusal.value.code == "task_already_finished"


def test_waiting_ends_when_its_time_is_up_and_the_task_goes_on(client: Client) -> None:
    task_id = client.submit(ENDLESS)
    with pytest.raises(TimeoutError, match=task_id):
        client.wait(task_id, timeout=0.1)
    assert client.get(task_id)["status"] == "pending"
    assert client.cancel(task_id)["status"] == "cancelled"
    assert client.wait(task_id)["state"] == "cancelled"


def test_the_list_goes_on_where_its_cursor_says(client: Client) -> None:
    tag = f"list-{time.time_ns()}"
    sent = [client.submit(BELL, tags=[tag]) for _ in range(3)]
    page = client.list(tag=tag, limit=2)
    rest = client.list(tag=tag, limit=2, cursor=page["next_cursor"])
    assert [task["task_id"] for task in page["tasks"] + rest["tasks"]] == sent[::-1]


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
        task_id = client.submit(ENDLESS)
        service.running(task_id)
        ends: list[str] = []
        waiter = threading.Thread(target=lambda: ends.append(client.wait(task_id)["status"]))
        waiter.start()
        service.api.kill()
        service.start_api()
        with Client(service.url) as other:
            service.wait_ready()
            other.cancel(task_id)
        waiter.join(60)
    assert ends == ["cancelled"]


class Peer:
    """Gives prepared answers, one a request, and keeps what it was asked."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.keys: list[str | None] = []
        self.asked_at: list[float] = []


@contextmanager
def peer(*answers: Answer) -> Iterator[tuple[Client, Peer]]:
    ours = Peer(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            ours.asked_at.append(time.monotonic())
            ours.keys.append(self.headers["Idempotency-Key"])
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            if answer := ours.answers.pop(0):
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with Client(f"http://127.0.0.1:{server.server_port}", patience=5) as client:
            yield client, ours
        server.shutdown()
        thread.join()


def busy(seconds: str) -> Answer:
    body = json.dumps({"detail": "too many tasks are waiting", "code": "queue_full"}).encode()
    return (429, {"Retry-After": seconds}, body)


def test_a_busy_service_is_asked_again_when_it_said() -> None:
    with peer(busy("1"), DONE) as (client, ours):
        assert client.submit(BELL) == "t"
    assert ours.asked_at[1] - ours.asked_at[0] >= 1


def test_a_submission_that_is_sent_again_carries_the_same_key() -> None:
    with peer(DONE, None, busy("0"), DONE) as (client, ours):
        client.get("t")
        client.submit(BELL)
    assert ours.keys[1] is not None
    assert ours.keys[1] == ours.keys[2] == ours.keys[3]


def test_a_service_that_asks_for_more_patience_than_there_is_is_reported_at_once() -> None:
    with peer(busy("3600")) as (client, ours), pytest.raises(ServiceError) as refusal:
        client.submit(BELL)
    assert (refusal.value.code, refusal.value.status) == ("queue_full", 429)
    assert len(ours.asked_at) == 1


@pytest.mark.parametrize("body", [b"<h1>Bad gateway</h1>", b"[]", b"", b"\xff"])
def test_the_error_page_of_a_proxy_is_a_service_error_too(body: bytes) -> None:
    with peer((502, {}, body)) as (client, _), pytest.raises(ServiceError) as refusal:
        client.get("t")
    assert (refusal.value.code, refusal.value.status) == ("http_502", 502)
    assert "502" in refusal.value.detail
