"""A slot: one warm child process that runs chunks of tasks and can be killed at any moment."""

import json
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure
from quantumtask.worker.outcome import Outcome, decode
from quantumtask.worker.slots.child_process import Child, cause_of_death
from quantumtask.worker.telemetry import events

CHUNK_LIMIT_S = 2.0
"""A chunk of tiny tasks that takes longer holds one that is not tiny: it is broken up."""

Report = Callable[[list[Outcome]], None]


def _live(connection: Connection, settings: Settings, threads: int) -> None:
    """What the child does. Only there are the simulators imported: the Worker stays light."""
    from quantumtask.worker.slots.execute import serve

    serve(connection, settings, threads)


class Slot:
    """One child process at a time. `run` belongs to one thread; `kill` may be called from any."""

    def __init__(self, settings: Settings, threads: int, report: Report) -> None:
        self._settings = settings
        self._report = report
        self._lock = threading.Lock()
        self._unfinished: dict[str, Assignment] = {}
        self._killed = ""  # why, if it was
        self._alone = True
        self._child = Child(_live, settings, threads)

    def assign(self, chunk: list[Assignment]) -> None:
        """Says what `run` is about to run; from now on it can be killed."""
        with self._lock:
            self._unfinished = {a.id: a for a in chunk}
            self._killed = ""
            self._alone = len(chunk) == 1

    def run(self) -> list[Outcome]:
        """Runs what was assigned. Reports outcomes as they come; returns the last ones."""
        chunk = list(self._unfinished.values())
        limit_s = chunk[0].spec.timeout_s if self._alone else CHUNK_LIMIT_S
        outcomes: list[Outcome] = []
        in_time = True
        connection = self._child.warm()
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
        spent = any(map(_spent, outcomes))
        if self._unfinished or self._killed or spent:
            outcomes += self._give_up(in_time, spent)
        return outcomes

    def kill(
        self, task_id: str | None = None, attempt: int | None = None, why: str = "stopped"
    ) -> None:
        """Kills the child if it has this attempt at a task, or whatever it has if None.

        A child that is only starting has nothing yet: it is left alone and given nothing.
        """
        with self._lock:
            held = {(a.id, a.attempt) for a in self._unfinished.values()}
            if held and (task_id is None or (task_id, attempt) in held):
                self._killed = why
                self._child.kill(starting=False)

    def stop(self) -> None:
        """Ends the child for good."""
        with self._lock:
            self._killed = "stopped"
            self._child.kill()
        self._child.bury()

    def warm(self) -> None:
        """Has a child ready for what will be assigned."""
        self._child.warm()

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

    def _give_up(self, in_time: bool, spent: bool) -> list[Outcome]:
        """Buries the child and says of each task that it had why there is no result."""
        with self._lock:
            self._child.kill()
        exitcode = self._child.bury()
        with self._lock:
            left, self._unfinished = list(self._unfinished.values()), {}
            excused = self._killed or not self._alone
        events.slot_ended(self._why(in_time, spent, exitcode), exitcode, left)
        return [Outcome(a, None if excused else self._blame(a, in_time, exitcode)) for a in left]

    def _why(self, in_time: bool, spent: bool, exitcode: int | None) -> str:
        """Why the child ended, in a word."""
        if self._killed:
            return self._killed
        if spent:
            return "out_of_memory"
        if not in_time:
            return "timeout" if self._alone else "chunk_timeout"
        return _SIGNALS.get(exitcode, "crashed")

    def _blame(self, assignment: Assignment, in_time: bool, exitcode: int | None) -> Failure:
        if not in_time:
            seconds = assignment.spec.timeout_s
            return Failure("timeout", f"ran longer than its timeout_s of {seconds:g} seconds")
        return cause_of_death(exitcode, "running", self._settings)


_SIGNALS: dict[int | None, str] = {-signal.SIGPROF: "compile_timeout", -signal.SIGKILL: "killed"}


def _spent(outcome: Outcome) -> bool:
    """Whether the child that said this is about to end: see `execute`."""
    return isinstance(outcome.verdict, Failure) and outcome.verdict.code == "out_of_memory"
