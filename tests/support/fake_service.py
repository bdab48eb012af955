"""HTTP service with prepared answers: older, busy, broken or silent."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from quantumtask import Client

Reply = tuple[int, dict[str, str], bytes]
Answer = Reply | Callable[[], None] | None
"""Status, headers and body. For None the service closes the connection without an answer; for a
function it keeps the connection open and sends nothing.
"""


@dataclass(frozen=True)
class RecordedRequest:
    """One request, as the service received it."""

    method: str
    path: str
    headers: Message
    body: bytes
    time: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class FakeService:
    """Service that sends one prepared answer for each request, and records the requests."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.requests: list[RecordedRequest] = []
        self.stop = threading.Event()


def json_reply(value: Any, status: int = 200, **headers: str) -> Reply:
    return (status, headers, json.dumps(value).encode())


def error_reply(status: int, code: str, detail: str) -> Reply:
    return json_reply({"status": status, "code": code, "detail": detail}, status)


def busy_reply(retry_after: str) -> Reply:
    body = json.dumps({"detail": "too many tasks are waiting", "code": "queue_full"}).encode()
    return (429, {"Retry-After": retry_after}, body)


def no_reply() -> None:
    """Stand for a request that the service never answers."""


COMPLETED = json_reply({"task_id": "t", "status": "completed", "shots": 1, "result": {}})


@contextmanager
def fake_service(*answers: Answer) -> Iterator[tuple[Client, FakeService]]:
    """Start a service with these answers; yield its client and the service."""
    service = FakeService(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            request = RecordedRequest(self.command, self.path, self.headers, body)
            service.requests.append(request)
            answer = service.answers.pop(0)
            if callable(answer):
                service.stop.wait(60)
            elif answer:
                status, headers, content = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with Client(f"http://127.0.0.1:{server.server_port}", timeout=5) as client:
            yield client, service
        service.stop.set()
        server.shutdown()
        thread.join()
