"""Asking the Worker what is wrong with a circuit: the API itself reads none."""

import asyncio
import http.client
import json
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

from quantumtask.api.doorbell import connect
from quantumtask.shared.errors import WorkerBusy, WorkerUnavailable

MOST_AT_ONCE = 64
"""Validations under way, at most; the Worker lets as many wait."""

LIMIT_S = 60.0
"""Longer than the Worker may take, with all its waiting."""

NO_WORKER = (
    "only a worker can validate, and none answers: see that `quantumtask worker` runs, or use "
    "`quantumtask validate FILE`, which needs no service"
)


class Validation:
    """Forwards circuits to one Worker. The standard library's client: a thread for each call."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._asked = 0
        self._open: set[socket.socket] = set()
        self._pool = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="validation")

    async def __call__(self, circuit: str, parameters: str | None) -> bytes:
        """The Worker's findings, as JSON text. Raises WorkerBusy or WorkerUnavailable."""
        if self._asked >= MOST_AT_ONCE:
            raise WorkerBusy(f"{MOST_AT_ONCE} circuits are being validated already")
        body = json.dumps({"circuit": circuit, "parameters": parameters})
        self._asked += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._ask, body)
        finally:
            self._asked -= 1

    def stop(self) -> None:
        """Answers nobody any more: the process must not wait for what the Worker takes."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for opened in tuple(self._open):
            with suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)

    def _ask(self, body: str) -> bytes:
        connection = connect(self._url, LIMIT_S)
        try:
            with self._connected(connection):
                connection.request("POST", "/validate", body, {"Content-Type": "application/json"})
                answer = connection.getresponse()
                content = answer.read()
        except (OSError, http.client.HTTPException):
            raise WorkerUnavailable(NO_WORKER) from None
        if answer.status == 503:
            raise WorkerBusy(content.decode(errors="replace"))
        if answer.status != 200:
            raise WorkerUnavailable("the worker could not validate this: its log says why")
        return content

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
