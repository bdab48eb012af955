"""A stand-in for a service that is older, busy, broken or rude: it gives prepared answers."""

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
"""Status, headers and body. None drops the connection without a word, a function is called."""


@dataclass(frozen=True)
class Asked:
    """One request, as it came in."""

    method: str
    path: str
    headers: Message
    body: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Peer:
    """Gives its answers, one a request, and keeps what it was asked."""

    def __init__(self, answers: list[Answer]) -> None:
        self.answers = answers
        self.asked: list[Asked] = []
        self.over = threading.Event()


def said(told: Any, status: int = 200, **headers: str) -> Reply:
    """An answer of JSON."""
    return (status, headers, json.dumps(told).encode())


def refused(status: int, code: str, detail: str) -> Reply:
    return said({"status": status, "code": code, "detail": detail}, status)


def busy(seconds: str) -> Reply:
    body = json.dumps({"detail": "too many tasks are waiting", "code": "queue_full"}).encode()
    return (429, {"Retry-After": seconds}, body)


def silent() -> None:
    """Takes a request and never answers it."""


DONE = said({"task_id": "t", "status": "completed", "shots": 1, "result": {}})


@contextmanager
def peer(*answers: Answer) -> Iterator[tuple[Client, Peer]]:
    ours = Peer(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            ours.asked.append(Asked(self.command, self.path, self.headers, body))
            answer = ours.answers.pop(0)
            if callable(answer):
                ours.over.wait(60)
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
            yield client, ours
        ours.over.set()
        server.shutdown()
        thread.join()
