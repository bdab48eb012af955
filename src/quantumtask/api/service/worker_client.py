"""Asking the Worker about a circuit and about engines: the API itself reads none and knows none."""

import asyncio
import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

from quantumtask.shared.errors import AnalysisQueueFull, UnrunnableCircuit, WorkerUnavailable
from quantumtask.shared.task import Failure, Problem, TaskSpec

MOST_AT_ONCE = 64
"""Questions under way, at most; the Worker lets as many wait."""

LIMIT_S = 60.0
"""Longer than the Worker may take, with all its waiting."""

ASKED = ("circuit", "parameters", "shots", "engine", "method", "options")
"""What a question tells of a task."""

NO_WORKER = (
    "only a worker can tell, and none answers: see that `quantumtask worker` runs "
    "(`quantumtask validate FILE` needs no service)"
)


class WorkerClient:
    """Forwards questions to one Worker. The standard library's client: a thread for each call."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._asked = 0
        self._open: set[socket.socket] = set()
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="questions")

    async def request(self, path: str, spec: TaskSpec | None = None) -> bytes:
        """The Worker's answer as JSON text: to a question about a task, or to one about itself.

        Raises UnrunnableCircuit, AnalysisQueueFull or WorkerUnavailable.
        """
        if self._asked >= MOST_AT_ONCE:
            raise AnalysisQueueFull(f"{MOST_AT_ONCE} questions are being answered already")
        self._asked += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._ask, path, spec)
        finally:
            self._asked -= 1

    def stop(self) -> None:
        """Answers nobody any more: the process must not wait for what the Worker takes."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for opened in tuple(self._open):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def _ask(self, path: str, spec: TaskSpec | None) -> bytes:
        connection = self._connection()
        try:
            with self._connected(connection):
                connection.request(*_request(path, spec))
                answer = connection.getresponse()
                content = answer.read()
        except (OSError, http.client.HTTPException):
            raise WorkerUnavailable(NO_WORKER) from None
        if answer.status == 503:
            raise AnalysisQueueFull(content.decode(errors="replace"))
        if answer.status == 422 and (failure := _failure(content)):
            raise UnrunnableCircuit(failure)
        if answer.status != 200:
            raise WorkerUnavailable("the worker could not tell: its log says why")
        return content

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._url)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=LIMIT_S)

    @contextmanager
    def _connected(self, connection: http.client.HTTPConnection) -> Iterator[None]:
        connection.connect()
        opened: socket.socket = connection.sock
        self._open.add(opened)
        try:
            yield
        finally:
            self._open.discard(opened)
            connection.close()


def _request(path: str, spec: TaskSpec | None) -> tuple[str, str, str | None, dict[str, str]]:
    if spec is None:
        return "GET", path, None, {}
    asked = {name: value for name in ASKED if (value := getattr(spec, name)) is not None}
    return "POST", path, json.dumps(asked), {"Content-Type": "application/json"}


def _failure(content: bytes) -> Failure | None:
    """The failure that the Worker tells of; None: it tells of something else."""
    try:
        told = json.loads(content)
        problems = tuple(Problem(**problem) for problem in told["problems"])
        return Failure(told["code"], told["message"], problems)
    except (ValueError, TypeError, LookupError):
        return None
