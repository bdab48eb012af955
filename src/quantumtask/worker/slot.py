"""A slot: one warm child process that runs chunks of tasks and can be killed at any moment."""

import json
import logging
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure
from quantumtask.worker.outcome import READY, Outcome, decode

log = logging.getLogger(__name__)

CHUNK_LIMIT_S = 2.0
"""A chunk of tiny tasks that takes longer holds one that is not tiny: it is broken up."""

_SPAWN_LIMIT_S = 60.0
_SPAWN_TRIES = 5

_FORK = multiprocessing.get_context("forkserver")
_FORK.set_forkserver_preload(["quantumtask.worker.nursery"])
# multiprocessing's bookkeeping of children is not for several threads.
_PROCESSES = threading.Lock()

Report = Callable[[list[Outcome]], None]


def _live(connection: Connection, settings: Settings, threads: int) -> None:
    """What the child does. Only there are the simulators imported: the Worker stays light."""
    from quantumtask.worker.execute import serve

    serve(connection, settings, threads)


class SlotBroken(Exception):
    """No child could be started."""


class Slot:
    """One child process at a time. `run` belongs to one thread; `kill` may be called from any."""

    def __init__(self, settings: Settings, threads: int, report: Report) -> None:
        self._settings = settings
        self._threads = threads
        self._report = report
        self._lock = threading.Lock()
        self._unfinished: dict[str, Assignment] = {}
        self._killed = False
        self._alone = True
        self._process: ForkServerProcess | None = None
        self._connection: Connection | None = None

    def assign(self, chunk: list[Assignment]) -> None:
        """Says what `run` is about to run; from now on it can be killed."""
        with self._lock:
            self._unfinished = {a.id: a for a in chunk}
            self._killed = False
            self._alone = len(chunk) == 1

    def run(self) -> list[Outcome]:
        """Runs what was assigned. Reports outcomes as they come; returns the last ones."""
        chunk = list(self._unfinished.values())
        limit_s = chunk[0].spec.timeout_s if self._alone else CHUNK_LIMIT_S
        outcomes: list[Outcome] = []
        in_time = True
        connection = self.warm()
        try:
            if not self._killed:
                connection.send(chunk)
            deadline = time.monotonic() + limit_s
            while self._unfinished and in_time and not self._killed:
                self._report(outcomes)
                outcomes = self._receive(connection, deadline)
                in_time = bool(outcomes)
        except (EOFError, OSError):
            outcomes = []
        if self._unfinished or self._killed or any(map(_spent, outcomes)):
            outcomes += self._give_up(in_time)
        return outcomes

    def kill(self, task_id: str | None = None, attempt: int | None = None) -> None:
        """Kills the child if it has this attempt at a task, or whatever it has if None.

        A child that is only starting has nothing yet: it is left alone and given nothing.
        """
        with self._lock:
            held = {(a.id, a.attempt) for a in self._unfinished.values()}
            if held and (task_id is None or (task_id, attempt) in held):
                self._killed = True
                if self._connection is not None:
                    self._kill()

    def stop(self) -> None:
        """Ends the child for good."""
        with self._lock:
            self._killed = True
            self._kill()
        self._bury()

    def warm(self) -> Connection:
        """The connection to a child that is ready, started if there is none."""
        if self._connection is not None and self._connection.poll(0):
            self._bury()  # an idle child has nothing to say: it died
        for attempt in range(_SPAWN_TRIES):
            if self._connection is not None:
                return self._connection
            self._spawn()
            if self._connection is None:
                log.error("slot did not start", extra={"attempt": attempt + 1})
                time.sleep(0.2 * 2**attempt)
        raise SlotBroken("no slot process could be started")

    def _spawn(self) -> None:
        ours, theirs = _FORK.Pipe()
        with _PROCESSES:
            self._process = _FORK.Process(
                target=_live, args=(theirs, self._settings, self._threads), daemon=True
            )
            self._process.start()
        theirs.close()
        try:
            if ours.poll(_SPAWN_LIMIT_S) and ours.recv_bytes() == READY:
                self._connection = ours
                return
        except (EOFError, OSError):
            pass
        with self._lock:
            self._kill()
        self._bury()

    def _receive(self, connection: Connection, deadline: float) -> list[Outcome]:
        """The next outcomes; none if there are none before the deadline.

        Raises EOFError for what is no outcome: a child that says such things is as good as dead.
        """
        if not connection.poll(max(0.0, deadline - time.monotonic())):
            return []
        try:
            verdicts = {
                task_id: decode(kind, fields)
                for task_id, kind, fields in json.loads(connection.recv_bytes())
            }
            with self._lock:
                return [Outcome(self._unfinished.pop(k), v) for k, v in verdicts.items()]
        except (ValueError, TypeError, KeyError) as error:
            raise EOFError from error

    def _give_up(self, in_time: bool) -> list[Outcome]:
        """Buries the child and says of each task that it had why there is no result."""
        with self._lock:
            self._kill()
        exitcode = self._bury()
        with self._lock:
            left, self._unfinished = list(self._unfinished.values()), {}
            excused = self._killed or not self._alone
        return [Outcome(a, None if excused else self._blame(a, in_time, exitcode)) for a in left]

    def _blame(self, assignment: Assignment, in_time: bool, exitcode: int | None) -> Failure:
        if not in_time:
            seconds = assignment.spec.timeout_s
            return Failure("timeout", f"ran longer than its timeout_s of {seconds:g} seconds")
        if exitcode == -signal.SIGPROF:
            seconds = self._settings.compile_limit_s
            return Failure(
                "compile_timeout", f"reading the circuit took more than {seconds:g} seconds"
            )
        log.warning("slot died", extra={"task_id": assignment.id, "exitcode": exitcode})
        return Failure("worker_crashed", f"the slot running it died ({_cause(exitcode)})")

    def _kill(self) -> None:
        """SIGKILL to the child, if there is one. Call it with the lock held."""
        if self._process is not None:
            self._process.kill()

    def _bury(self) -> int | None:
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


def _spent(outcome: Outcome) -> bool:
    """Whether the child that said this is about to end: see `execute`."""
    return isinstance(outcome.verdict, Failure) and outcome.verdict.code == "out_of_memory"


def _cause(exitcode: int | None) -> str:
    if exitcode is not None and exitcode < 0:
        return f"signal {signal.Signals(-exitcode).name}"
    return f"exit code {exitcode}"
