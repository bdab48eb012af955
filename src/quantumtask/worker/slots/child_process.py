"""A child process that can be killed at any moment and is started again on demand."""

import logging
import multiprocessing
import os
import select
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable
from multiprocessing import util
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, ForkProcess, ForkServerContext, ForkServerProcess

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, FailureCode
from quantumtask.worker.sandbox.environment import start_program

log = logging.getLogger(__name__)

READY = b"ready"
"""The message of a child that is ready for work."""

_START_TIMEOUT_S = 60.0
_SEND_TIMEOUT_S = 10
"""Time in which an idle child has to take the next part of a message, of tens of kilobytes."""
_MAX_STARTS = 5

# The fork server must not get the secrets of the worker: multiprocessing has no argument for it.
util.spawnv_passfds = start_program
_FORK_SERVER = multiprocessing.get_context("forkserver")
_FORK_SERVER.set_forkserver_preload(["quantumtask.worker.slots.preload"])
# multiprocessing's own records of its children are not safe for several threads.
_PROCESSES_LOCK = threading.Lock()

ChildMain = Callable[[Connection, Settings, int], None]
"""Main function of a child; takes its connection, the settings and its number of threads."""


class ChildStartError(Exception):
    """A child process that could not be started."""


class ChildProcess:
    """A child process, and the next one after its end: there is one at a time.

    Any thread may call `kill`; all other methods belong to one thread.
    """

    def __init__(
        self,
        main: ChildMain,
        settings: Settings,
        threads: int = 1,
        processes: ForkServerContext | ForkContext = _FORK_SERVER,
    ) -> None:
        self._main = main
        self._settings = settings.without_secrets()
        self._threads = threads
        self._processes = processes
        self._lock = threading.Lock()
        self._process: ForkServerProcess | ForkProcess | None = None
        self._connection: Connection | None = None

    @property
    def is_ready(self) -> bool:
        """True if there is an idle child that is ready; for the thread that may use the child."""
        # An idle child sends no message: this would be the end of its connection.
        return self._connection is not None and not is_readable(self._connection)

    def ensure_ready(self) -> Connection:
        """Return the connection to a child that is ready; start one if there is none.

        Raises:
            ChildStartError: No child became ready.
        """
        if self._connection is not None and is_readable(self._connection):
            self.reap()  # an idle child sends no message: this is the end of its connection
        for attempt in range(_MAX_STARTS):
            if self._connection is not None:
                return self._connection
            self._start()
            if self._connection is None:
                log.error("slot did not start", extra={"tries": attempt + 1})
                time.sleep(0.2 * 2**attempt)
        raise ChildStartError("no slot process could be started")

    def kill(self, *, starting: bool = True) -> None:
        """Send SIGKILL to the child, if there is one.

        Args:
            starting: Also to a child that is not ready yet.
        """
        with self._lock:
            if self._process is not None and (starting or self._connection is not None):
                self._process.kill()

    def reap(self) -> int | None:
        """Wait for the end of the child and return its exit code; None without a child."""
        with self._lock:
            process, self._process = self._process, None
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if process is None:
            return None
        with _PROCESSES_LOCK:
            process.join()
            exitcode = process.exitcode
            process.close()
        return exitcode

    def _start(self) -> None:
        connection, child_connection = self._processes.Pipe()
        _limit_sending(connection)
        with _PROCESSES_LOCK:
            process = self._processes.Process(
                target=self._main,
                args=(child_connection, self._settings, self._threads),
                daemon=True,
            )
            process.start()
            self._process = process
        child_connection.close()
        try:
            if connection.poll(_START_TIMEOUT_S) and connection.recv_bytes() == READY:
                self._connection = connection
                return
        except (EOFError, OSError):
            pass
        self.kill()
        self.reap()


def _limit_sending(connection: Connection) -> None:
    """Let `send` raise BlockingIOError for a child that does not read, instead of waiting for ever.

    A hostile circuit could stop its child, and a message that does not fit into the buffer of the
    connection would then have no time limit.
    """
    limit = struct.pack("@ll", _SEND_TIMEOUT_S, 0)  # C's struct timeval
    with socket.socket(fileno=os.dup(connection.fileno())) as opened:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


def is_readable(connection: Connection, timeout_s: float = 0.0) -> bool:
    """Return True if a message, or the end of a connection, arrives in time.

    `Connection.poll` takes six times as long, because it makes a selector.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(timeout_s * 1e3))


def exit_failure(exitcode: int | None, activity: str, settings: Settings) -> Failure:
    """Return the failure of a task whose child ended by itself.

    Args:
        exitcode: The exit code of the child.
        activity: The work of the child at that time, such as "running the task".
        settings: The settings with the limits of the child.
    """
    if exitcode == -signal.SIGPROF:
        seconds = settings.compile_limit_s
        message = f"reading or compiling the circuit took more than {seconds:g} seconds"
        return Failure(FailureCode.COMPILE_TIMEOUT, message)
    message = f"the slot died while {activity} ({_exit_reason(exitcode)})"
    return Failure(FailureCode.WORKER_CRASHED, message)


def _exit_reason(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"signal {signal.Signals(-exitcode).name}"
    return f"exit code {exitcode}"
