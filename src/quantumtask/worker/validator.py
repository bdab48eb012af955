"""Validation of circuits: in one child process for all of them, apart from the slots of tasks."""

import json
import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any

from quantumtask.shared.errors import WorkerBusy
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, TaskSpec
from quantumtask.worker.child import Child, cause_of_death
from quantumtask.worker.findings import findings

log = logging.getLogger(__name__)

MOST_WAITING = 64
"""Circuits that wait to be read, at most; one more is refused."""

PATIENCE_S = 10.0
"""How long a circuit waits for its turn before it is refused: somebody is waiting for it."""

CLOCK = 4.0
"""How much longer than its processor time a reading may take by the clock: tasks want the machine
as well."""


def live(connection: Connection, settings: Settings, threads: int) -> None:
    """What the child does. Only there is a circuit read."""
    from quantumtask.worker.execute import serve_validations

    serve_validations(connection, settings, threads)


class Validator:
    """Has its child read circuits. `validate` belongs to one thread; `kill` may be called from any.

    A child that took too long, too much or that died makes way for a fresh one.
    """

    def __init__(self, settings: Settings, child: Child | None = None) -> None:
        self._settings = settings
        self._child = child or Child(live, settings)
        self._limit_s = CLOCK * settings.compile_limit_s
        self._stopped = False

    def validate(self, circuit: str, parameters: str | None) -> bytes:
        """The findings, as JSON text.

        Raises SlotBroken if no child can be started, WorkerBusy once `stop` was called.
        """
        connection = self._child.warm()
        late = threading.Event()
        watch = threading.Timer(self._limit_s, self._cut_short, (late,))
        watch.start()
        try:
            return self._ask(connection, TaskSpec(circuit, parameters=parameters))
        except (EOFError, OSError, ValueError, TypeError, LookupError):
            return self._give_up(late.is_set())
        finally:
            watch.cancel()
            watch.join()  # so that it cannot hit the next child
            if late.is_set():
                self._end()  # a child that was hit just after its answer

    def _ask(self, connection: Connection, spec: TaskSpec) -> bytes:
        """The child's answer; raises whatever comes of a child that is dead or as good as that."""
        if self._stopped:
            raise EOFError
        connection.send(spec)
        found = json.loads(connection.recv_bytes())
        if _out_of_memory(found):
            self._end()  # it is about to end anyhow: see `execute`
        return json.dumps(found).encode()

    def _cut_short(self, late: threading.Event) -> None:
        late.set()
        self._child.kill()

    def stop(self) -> None:
        """Lets nothing more be read, and ends what is being read."""
        self._stopped = True
        self._child.kill()

    def close(self) -> None:
        """Ends the child."""
        self._end()

    def _give_up(self, late: bool) -> bytes:
        exitcode = self._end()
        if self._stopped:
            raise WorkerBusy("the worker is stopping")
        failure = cause_of_death(exitcode, "reading", self._settings)
        if late:
            words = f"reading the circuit took more than {self._limit_s:g} seconds by the clock"
            failure = Failure("compile_timeout", words)
        log.info("validation died", extra={"exitcode": exitcode, "code": failure.code})
        return findings(failure)

    def _end(self) -> int | None:
        """Ends the child and returns its exit code; the next circuit gets a fresh one."""
        self._child.kill()
        return self._child.bury()


def _out_of_memory(found: Any) -> bool:
    return not found["valid"] and found["problems"][0]["code"] == "out_of_memory"


class Validations:
    """Circuits in, futures of their findings out: one after the other, and only so many wait."""

    def __init__(self, settings: Settings) -> None:
        self._validator = Validator(settings)
        self._lock = threading.Lock()
        self._waiting = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="validator")

    def submit(self, circuit: str, parameters: str | None) -> "Future[bytes]":
        """Asks for the findings; what waits too long ends with WorkerBusy.

        Raises WorkerBusy where too many wait already.
        """
        with self._lock:
            if self._waiting >= MOST_WAITING:
                raise WorkerBusy(f"{MOST_WAITING} circuits wait to be validated already")
            self._waiting += 1
        future = self._pool.submit(self._validate, circuit, parameters, time.monotonic())
        future.add_done_callback(self._answered)
        return future

    def stop(self) -> None:
        """Ends the child; what still waits is cancelled."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._validator.stop()
        self._pool.shutdown()
        self._validator.close()

    def _validate(self, circuit: str, parameters: str | None, asked_at: float) -> bytes:
        waited_s = time.monotonic() - asked_at
        if waited_s > PATIENCE_S:
            raise WorkerBusy(f"validations take long now: this one waited {waited_s:.0f} seconds")
        return self._validator.validate(circuit, parameters)

    def _answered(self, _: "Future[bytes]") -> None:
        with self._lock:
            self._waiting -= 1
