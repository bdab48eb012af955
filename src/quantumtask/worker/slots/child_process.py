"""A child process that can be killed at any moment: started, kept warm, buried, started again."""

import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, ForkProcess, ForkServerContext, ForkServerProcess

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure

log = logging.getLogger(__name__)

READY = b"ready"
"""What a child sends when it is warm."""

_SPAWN_LIMIT_S = 60.0
_SPAWN_TRIES = 5

_FORK = multiprocessing.get_context("forkserver")
_FORK.set_forkserver_preload(["quantumtask.worker.slots.preload"])
# multiprocessing's bookkeeping of children is not for several threads.
_PROCESSES = threading.Lock()

Life = Callable[[Connection, Settings, int], None]
"""What the child does, given its end of the connection, the settings and its number of threads."""


class SlotBroken(Exception):
    """No child could be started."""


class Child:
    """One child process at a time. `kill` may be called from any thread, the rest from one."""

    def __init__(
        self,
        life: Life,
        settings: Settings,
        threads: int = 1,
        processes: ForkServerContext | ForkContext = _FORK,
    ) -> None:
        self._life = life
        self._settings = settings.without_secrets()
        self._threads = threads
        self._processes = processes
        self._lock = threading.Lock()
        self._process: ForkServerProcess | ForkProcess | None = None
        self._connection: Connection | None = None

    def warm(self) -> Connection:
        """The connection to a child that is ready, started if there is none."""
        if self._connection is not None and self._connection.poll(0):
            self.bury()  # an idle child has nothing to say: it died
        for attempt in range(_SPAWN_TRIES):
            if self._connection is not None:
                return self._connection
            self._spawn()
            if self._connection is None:
                log.error("slot did not start", extra={"tries": attempt + 1})
                time.sleep(0.2 * 2**attempt)
        raise SlotBroken("no slot process could be started")

    def kill(self, *, starting: bool = True) -> None:
        """SIGKILL to the child, if there is one; not `starting`: only to one that is ready."""
        with self._lock:
            if self._process is not None and (starting or self._connection is not None):
                self._process.kill()

    def bury(self) -> int | None:
        """Waits for the end of the child and returns its exit code."""
        with self._lock:
            process, self._process = self._process, None
            connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
        if process is None:
            return None
        with _PROCESSES:
            process.join()
            exitcode = process.exitcode
            process.close()
        return exitcode

    def _spawn(self) -> None:
        ours, theirs = self._processes.Pipe()
        with _PROCESSES:
            process = self._processes.Process(
                target=self._life, args=(theirs, self._settings, self._threads), daemon=True
            )
            process.start()
            self._process = process
        theirs.close()
        try:
            if ours.poll(_SPAWN_LIMIT_S) and ours.recv_bytes() == READY:
                self._connection = ours
                return
        except (EOFError, OSError):
            pass
        self.kill()
        self.bury()


def cause_of_death(exitcode: int | None, what: str, settings: Settings) -> Failure:
    """Why a child that did `what` ended by itself."""
    if exitcode == -signal.SIGPROF:
        seconds = settings.compile_limit_s
        words = f"reading or compiling the circuit took more than {seconds:g} seconds"
        return Failure("compile_timeout", words)
    return Failure("worker_crashed", f"the slot {what} it died ({_named(exitcode)})")


def _named(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"signal {signal.Signals(-exitcode).name}"
    return f"exit code {exitcode}"
