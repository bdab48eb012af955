"""The doorbell of the API against a worker that closes connections, hangs up or does not answer."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from quantumtask.api.service.worker_client import WAKE_TIMEOUT_S
from tests.support.services import BELL, Service, free_port, until

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"


class Listener:
    """A server in the place of a worker, which handles each connection with the given function."""

    def __init__(self, answer: Callable[[socket.socket], bytes]) -> None:
        self.port = free_port()
        self.rings: list[str] = []
        self.connections = 0
        self._answer = answer
        self._socket = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                self.connections += 1
                threading.Thread(target=self._receive, args=[connection], daemon=True).start()

    def _receive(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while ring := self._answer(connection):
                head, _, body = ring.partition(b"\r\n\r\n")
                assert head.startswith(b"POST /execute HTTP/1.1\r\n")
                self.rings.append(json.loads(body)["task_id"])

    def close(self) -> None:
        self._socket.close()


StartWithListener = Callable[[Callable[[socket.socket], bytes]], tuple[Service, Listener]]


@pytest.fixture
def start_with_listener(tmp_path: Path) -> Iterator[StartWithListener]:
    """Start an API whose worker is a listener."""
    ending: list[Callable[[], None]] = []

    def listen(answer: Callable[[socket.socket], bytes]) -> tuple[Service, Listener]:
        listener = Listener(answer)
        service = Service(tmp_path, worker_port=listener.port)
        ending.extend((service.stop, listener.close))
        service.start_api()
        until(lambda: service.try_get("/health") == 200, 30, service.logs)
        return service, listener

    yield listen
    for end in ending:
        end()


def answer_ring(connection: socket.socket) -> bytes:
    ring = connection.recv(65_536)
    connection.sendall(ANSWER)
    return ring


def submit_and_wait_for_ring(service: Service, listener: Listener) -> None:
    """Submit a task after a moment without a ring, and wait until its ring arrives."""
    time.sleep(0.05)
    task_id = service.submit()
    until(lambda: task_id in listener.rings, 10)


def test_a_submission_rings_with_its_id_over_one_connection(
    start_with_listener: StartWithListener,
) -> None:
    service, listener = start_with_listener(answer_ring)
    for _ in range(3):
        submit_and_wait_for_ring(service, listener)
    assert listener.connections == 1


def test_a_ring_that_meets_a_closed_connection_is_sent_once_more(
    start_with_listener: StartWithListener,
) -> None:
    def answer_and_close(connection: socket.socket) -> bytes:
        ring = answer_ring(connection)
        connection.shutdown(socket.SHUT_RDWR)
        return ring

    service, listener = start_with_listener(answer_and_close)
    for _ in range(3):
        submit_and_wait_for_ring(service, listener)
    assert listener.connections >= 3


def test_a_worker_that_hangs_up_is_not_rung_without_end(
    start_with_listener: StartWithListener,
) -> None:
    def hang_up(connection: socket.socket) -> bytes:
        connection.close()
        return b""

    service, listener = start_with_listener(hang_up)
    for _ in range(3):
        before = listener.connections
        time.sleep(0.05)
        service.submit()
        until(lambda before=before: listener.connections > before, 10)
    assert service.try_get("/health") == 200  # time for as many more as there would be
    assert listener.connections == 3


def test_a_worker_that_says_nothing_holds_nobody_up(start_with_listener: StartWithListener) -> None:
    service, listener = start_with_listener(lambda connection: connection.recv(65_536))
    began = time.monotonic()
    for _ in range(20):
        time.sleep(0.03)
        service.submit()
    # The first ring is still under way, unless this machine is slower than its time limit.
    most = 1 + int((time.monotonic() - began) / WAKE_TIMEOUT_S)
    assert 1 <= len(listener.rings) <= most < 20


def test_a_submission_that_is_refused_is_no_less_refused_for_its_ring(
    start_with_listener: StartWithListener,
) -> None:
    service, _ = start_with_listener(answer_ring)
    assert service.http.post("/tasks", json={"circuit": BELL, "shots": 0}).status_code == 400
    assert service.try_get("/health") == 200
