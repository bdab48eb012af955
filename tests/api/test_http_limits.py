"""Clients that send without end, slowly, or too much at once: others are answered meanwhile."""

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import Any

import httpx
import pytest

from tests.support import http_attacks as attacks
from tests.support.http_attacks import GET, HOST, POST, connect
from tests.support.services import TLS, Service, memory_mib, until
from tests.support.sizes import sized

MAX_MIB = 512
"""Memory of the API that no attack may reach."""
MAX_CONNECTIONS = 120
"""Connections of one address."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("limits")
    service = Service(
        folder, slots=1, client_timeout_s=1, keep_alive_s=1, max_address_connections=MAX_CONNECTIONS
    )
    service.start()
    service.http.close()
    service.http = new_client(service)
    yield service
    service.stop()


def new_client(service: Service, address: str = "127.0.0.2") -> httpx.Client:
    """Return a client with a connection for each request: idle ones have to make room.

    Args:
        service: The service.
        address: The client's address; that of the attackers is 127.0.0.1.
    """
    limits = httpx.Limits(max_keepalive_connections=0)
    transport = httpx.HTTPTransport(limits=limits, local_address=address, verify=TLS)
    return httpx.Client(base_url=service.url, timeout=60, transport=transport)


def answer(port: int, *parts: bytes) -> tuple[int, dict[str, Any]]:
    """Send parts, and return the status and the document of the answer until its end."""
    with connect(port) as connection:
        with suppress(OSError):
            for part in parts:
                connection.sendall(part)
        return read_answer(connection)


def read_answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    text = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, body = text.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def check_others(service: Service) -> None:
    """Fail unless another client is answered, and its task runs, in moderate memory."""
    assert service.http.get("/health").status_code == 200
    assert service.run()["status"] == "completed"
    assert memory_mib(service.api.pid) < MAX_MIB


@pytest.mark.parametrize("attack", attacks.ON_THE_API, ids=lambda attack: attack.__name__)
def test_others_are_answered_during_an_attack(service: Service, attack: attacks.Attack) -> None:
    with attacks.running(attack, service.port):
        for _ in range(sized(2, 20)):
            check_others(service)
    check_others(service)


def test_clients_that_read_nothing_make_room_for_others_of_their_address(service: Service) -> None:
    with ExitStack() as stack:
        for _ in range(MAX_CONNECTIONS):
            reader = stack.enter_context(socket.socket())
            reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            reader.connect(("127.0.0.1", service.port))
            reader.sendall(f"GET /openapi.json HTTP/1.1\r\n{HOST}\r\n".encode() * 50)
            reader.recv(1, socket.MSG_PEEK)  # the next response waits
        with new_client(service, "127.0.0.1") as other:
            statuses = [other.get("/backends").status_code for _ in range(20)]
        assert statuses.count(200) >= 15  # a moment may come at which all are being answered


@pytest.fixture(params=["api", "worker"])
def port(service: Service, request: pytest.FixtureRequest) -> int:
    return service.port if request.param == "api" else service.worker_port


@pytest.mark.parametrize(
    "head",
    [b"a:b\r\n" * 101, b"a:b\r\n" * 100_000, b"a: " + b"b" * 33_000, b"a: " + b"b" * 5_000_000],
    ids=["101 headers", "100,000 headers", "a long header", "an endless header"],
)
def test_a_head_beyond_the_limits_is_refused_and_closed(port: int, head: bytes) -> None:
    status, document = answer(port, GET.encode(), head + b"\r\n\r\n")
    assert (status, document["code"]) == (431, "headers_too_large")
    assert "at most 100, and at most 32,768 bytes" in document["detail"]


def test_a_head_at_the_limits_is_answered(port: int) -> None:
    close = b"Connection: close\r\n"
    many = GET.encode() + close + b"a:b\r\n" * 98 + b"\r\n"
    assert answer(port, many)[0] == 200
    begin = GET.encode() + close + b"a: "
    assert answer(port, begin, b"b" * (32_768 - len(begin)) + b"\r\n\r\n")[0] == 200


@pytest.mark.parametrize("text", [b"\x16\x03\x01\x02\x00\x01", b"FROB / HTTP/1.1\r\n\r\n",
                                  b"GET / HTTP/1.1\r\nHost\r\n\r\n"])  # fmt: skip
def test_what_is_not_http_is_refused_and_closed(port: int, text: bytes) -> None:
    status, document = answer(port, text)
    assert (status, document["code"]) == (400, "bad_request")


@pytest.mark.parametrize("tail", [b"0\r\n" + b"a:b\r\n" * 12_000, b"5;" + b"a=b;" * 12_000],
                         ids=["trailers", "chunk extensions"])  # fmt: skip
def test_a_chunked_body_of_anything_but_chunks_is_refused(service: Service, tail: bytes) -> None:
    begin = f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode()
    assert answer(service.port, begin, tail)[0] in (400, 431)


@pytest.mark.parametrize(
    ("begin", "status"),
    [(b"GET /health HT", 408), (f"{POST}Content-Length: 9\r\n\r\n{{".encode(), 408)],
    ids=["head", "body"],
)
def test_a_request_that_does_not_arrive_in_time_is_refused(
    service: Service, begin: bytes, status: int
) -> None:
    actual, document = answer(service.port, begin)
    assert (actual, document["code"]) == (status, "request_timeout")


@pytest.mark.parametrize("begin", [b"", f"{GET}\r\n".encode(), b"\r\n"])
def test_a_connection_without_a_request_is_closed(service: Service, begin: bytes) -> None:
    with connect(service.port) as connection:
        connection.sendall(begin)
        received = b"".join(iter(lambda: connection.recv(65_536), b""))
    assert received.count(b"HTTP/1.1 200") == (1 if b"GET" in begin else 0)


def test_a_body_that_comes_steadily_may_take_longer_than_the_time_of_a_head(
    service: Service,
) -> None:
    body = json.dumps({"circuit": "qubit q;" + " " * 12_000}).encode()
    with connect(service.port) as connection:
        head = f"{POST}Connection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode())
        began = time.monotonic()
        for start in range(0, len(body), 1000):
            connection.sendall(body[start : start + 1000])
            time.sleep(0.2)  # the slow client is the subject of the test
        assert time.monotonic() - began > 2
        assert read_answer(connection)[0] == 200


def test_a_client_that_does_not_read_is_disconnected(service: Service) -> None:
    request = f"GET /openapi.json HTTP/1.1\r\n{HOST}\r\n".encode()
    with connect(service.port) as connection, suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(request * 100)
        until(lambda: connections(service.port) == 0, 30)
    until(lambda: connections(service.port) == 0, 30)


def connections(port: int) -> int:
    """Return the number of connections that a server on this machine has open."""
    with open("/proc/net/tcp") as table:  # noqa: PTH123
        rows = [line.split()[1:4] for line in table][1:]
    return sum(local.endswith(f":{port:04X}") and state == "01" for local, _, state in rows)


def test_pipelined_requests_are_answered_in_order_and_one_at_a_time(service: Service) -> None:
    long = service.submit("while (true) { }", timeout_s=600)
    requests = [f"GET /tasks/{long}?view=status&wait=1 HTTP/1.1\r\n{HOST}\r\n", f"{GET}\r\n",
                f"{POST}Content-Length: 2\r\n\r\n{{}}",
                f"GET /x HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n"]  # fmt: skip
    with connect(service.port) as connection:
        connection.sendall("".join(requests).encode())
        text = b"".join(iter(lambda: connection.recv(65_536), b"")).decode()
    statuses = [answer.split()[0] for answer in text.split("HTTP/1.1 ")[1:]]
    assert statuses == ["200", "200", "400", "404"]
    service.http.post(f"/tasks/{long}/cancel")


def test_the_limit_of_an_address_leaves_room_for_probes_only(service: Service) -> None:
    path = f"/tasks/{service.submit(shots=1)}"
    service.finished(path.rpartition("/")[2])
    waiting = service.submit("while (true) { }", timeout_s=600)
    poll = f"GET /tasks/{waiting}?wait=30 HTTP/1.1\r\n{HOST}\r\n".encode()
    with ExitStack() as stack:
        for _ in range(120):
            stack.enter_context(connect(service.port)).sendall(poll)
        for _ in range(100):  # more than there is room for, none of which says anything
            stack.enter_context(connect(service.port))
        until(lambda: answer(service.port, get(path))[0] == 503, 10)
        status, document = answer(service.port, get(path))
        assert (status, document["code"]) == (503, "too_many_connections")
        for probe in ("/health", "/ready"):
            assert answer(service.port, get(probe))[0] == 200
    until(lambda: answer(service.port, get(path))[0] == 200, 10)
    service.http.post(f"/tasks/{waiting}/cancel")


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode()
