"""The worker's side of direct runs: a thread for each API process that is connected."""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from quantumtask.shared.direct_run import decode_tasks, encode_answer, socket_address
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Result
from quantumtask.worker.executor_protocol import Executor
from quantumtask.worker.slots.child_process import ChildStartError
from quantumtask.worker.slots.executor import LocalExecutor
from quantumtask.worker.slots.slot import SlotMessage
from quantumtask.worker.telemetry import metrics

log = logging.getLogger(__name__)

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
MAX_ANSWER_BYTES = 128 * 1024
"""Longest answer: larger results go through the database, or through the store of results."""
ACCEPT_PAUSE_S = 0.1
_NO_OUTCOMES = b"[]"

LIMIT_S = 0.25
"""Longest direct run: a task that takes longer is stored, and runs again from its beginning."""


class DirectRunServer:
    """Answers the messages of the APIs of this machine; only the user of the worker may send some.

    The thread that reads a message also runs its tasks, so that no thread has to wake another.
    """

    def __init__(
        self,
        settings: Settings,
        worker: str,
        executor: Executor,
        has_other_work: Callable[[], bool],
    ) -> None:
        self._settings = settings
        self._worker = worker
        self._executor = executor
        self._has_other_work = has_other_work
        self._listener: socket.socket | None = None
        self._address = ""
        self._stopping = threading.Event()

    def start(self) -> None:
        """Listen from now on; without a place for the socket, all tasks go through the database."""
        address = socket_address(self._settings, self._settings.worker_port)
        if address is None or not isinstance(self._executor, LocalExecutor):
            return
        try:
            self._listener, self._address = _listen(address), address
        except OSError as error:
            log.warning("no direct runs", extra={"reason": str(error)})
            return
        threading.Thread(target=self._accept, name="direct runs", daemon=True).start()

    def stop(self) -> None:
        """Remove the socket: the API stores all tasks before they run."""
        self._stopping.set()
        if self._listener:
            Path(self._address).unlink(missing_ok=True)
            self._listener.close()

    def _accept(self) -> None:
        assert self._listener
        while not self._stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:  # too many open files, or the end
                self._stopping.wait(ACCEPT_PAUSE_S)
                continue
            threading.Thread(
                target=self._serve, args=(connection,), name="direct run", daemon=True
            ).start()

    def _serve(self, client: socket.socket) -> None:
        # A slot that does not start is reported by the loop of the worker.
        ends = contextlib.suppress(EOFError, OSError, ValueError, TypeError, ChildStartError)
        with Connection(client.detach()) as connection, ends:
            while True:
                chunk = decode_tasks(connection.recv_bytes(MAX_MESSAGE_BYTES), self._worker)
                messages = fit_answer(self._run(chunk))
                data = [message.data for message in messages if message.data]
                connection.send_bytes(encode_answer(self._worker, data))
                _count(messages)  # after the answer, for which a client waits

    def _run(self, chunk: list[Assignment]) -> list[SlotMessage]:
        """Run a chunk; return what the slot has sent, nothing if the worker has other work."""
        assert isinstance(self._executor, LocalExecutor)
        if self._has_other_work():
            return []
        return self._executor.run_directly(chunk, LIMIT_S)


def fit_answer(messages: list[SlotMessage]) -> list[SlotMessage]:
    """Return messages without the outcomes that an answer has no room for.

    An empty message takes their place: nothing was refused, so other tasks go on to run directly.
    """
    answer: list[SlotMessage] = []
    room = MAX_ANSWER_BYTES
    for message in messages:
        size = len(message.data or b"")
        answer.append(message if size <= room else SlotMessage([], _NO_OUTCOMES))
        room -= size if size <= room else 0
    return answer


def _count(messages: list[SlotMessage]) -> None:
    for outcome in (each for message in messages for each in message.outcomes):
        if isinstance(outcome.value, Result):
            metrics.completed(outcome.assignment, outcome.value)


def _listen(address: str) -> socket.socket:
    """Return a socket that listens; raise OSError if another worker listens there."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        if not probe.connect_ex(address):
            raise OSError(f"another worker listens at {address}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = Path(address)
    path.unlink(missing_ok=True)  # of a worker that was killed
    listener.bind(address)
    path.chmod(0o600)  # before anyone can connect
    listener.listen()
    return listener
