"""Questions about circuits: one client's keep no other client, and no static answer, waiting."""

import json
import select
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.support.circuits import LONG
from tests.support.services import BELL, Service, until


@pytest.fixture
def neighbour(service: Service) -> Iterator[httpx.Client]:
    """Return a client at another address of this machine."""
    transport = httpx.HTTPTransport(local_address="127.0.0.2")
    with httpx.Client(base_url=service.url, transport=transport, timeout=60) as client:
        yield client


def ask(service: Service, count: int) -> list[socket.socket]:
    """Send so many long circuits to validate, each over a connection of its own."""
    body = json.dumps({"circuit": LONG}).encode()
    head = f"POST /validate HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    clients = [socket.create_connection(("127.0.0.1", service.port)) for _ in range(count)]
    for client in clients:
        client.sendall(head.encode() + body)
    return clients


def statuses(clients: list[socket.socket]) -> set[str]:
    """Return the statuses of those that have an answer; "" for those that have none yet."""
    answered, _, _ = select.select(clients, [], [], 0)
    codes = {client.recv(12, socket.MSG_PEEK).decode()[-3:] for client in answered}
    return codes | ({""} if len(answered) < len(clients) else set())


@pytest.mark.slow_first
def test_seventy_questions_of_one_client_keep_nobody_else_waiting(
    service: Service, neighbour: httpx.Client
) -> None:
    clients = ask(service, 70)
    try:
        for client in (neighbour, service.http):
            for path in ("/engines", "/backends", "/backends/simulator", "/health"):
                assert client.get(path).status_code == 200
        assert neighbour.post("/validate", json={"circuit": BELL}).json()["valid"] is True
        assert neighbour.post("/estimate", json={"circuit": BELL}).status_code == 200
        strict = neighbour.post("/tasks?strict=true&wait=30", json={"circuit": BELL})
        assert strict.json()["status"] == "completed"
        assert "" in statuses(clients)
        until(lambda: statuses(clients) >= {"200", "503"}, 60, service.logs)
        assert statuses(clients) <= {"200", "503", ""}
    finally:
        for each in clients:
            each.close()


def test_questions_of_clients_that_leave_are_withdrawn(service: Service) -> None:
    for client in ask(service, 60):
        client.close()
    until(lambda: service.http.post("/validate", json={"circuit": BELL}).status_code == 200, 60)


def test_an_unknown_backend_is_not_found_while_the_known_ones_are_kept(service: Service) -> None:
    for _ in range(2):
        answer = service.http.get("/backends/fake_moon")
        assert (answer.status_code, answer.json()["code"]) == (404, "backend_not_found")
        assert service.http.get("/backends/simulator").json()["name"] == "simulator"
