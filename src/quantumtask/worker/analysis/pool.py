"""Questions about circuits: one child process, apart from the slots of tasks, answers them all."""

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection

from quantumtask.shared.errors import AnalysisQueueFull
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure
from quantumtask.worker.analysis.messages import Finding, Question, decoded, of_failure
from quantumtask.worker.slots.child_process import Child, cause_of_death

log = logging.getLogger(__name__)

MOST_WAITING = 64
"""Questions that wait for their turn, at most; one more is refused."""

PATIENCE_S = 10.0
"""How long a question waits for its turn before it is refused: somebody is waiting for it."""

CLOCK = 4.0
"""How much longer than its processor time a reading may take by the clock: tasks want the machine
as well."""


def live(connection: Connection, settings: Settings, threads: int) -> None:
    """What the child does. Only there is a circuit read."""
    from quantumtask.worker.analysis.child import serve

    serve(connection, settings, threads)


class Respondent:
    """Has its child answer. `answer` belongs to one thread; `kill` may be called from any.

    A child that took too long, too much or that died makes way for a fresh one.
    """

    def __init__(self, settings: Settings, child: Child | None = None) -> None:
        self._settings = settings
        self._child = child or Child(live, settings, settings.slot_threads)
        self._limit_s = CLOCK * settings.compile_limit_s
        self._stopped = False

    def answer(self, question: Question) -> Finding:
        """What the child found, or why it could not.

        Raises SlotBroken if no child can be started, AnalysisQueueFull once `stop` was called.
        """
        connection = self._child.warm()
        late = threading.Event()
        watch = threading.Timer(self._limit_s, self._cut_short, (late,))
        watch.start()
        try:
            return self._ask(connection, question)
        except (EOFError, OSError, ValueError, TypeError, LookupError):
            return of_failure(question.kind, self._give_up(late.is_set()))
        finally:
            watch.cancel()
            watch.join()  # so that it cannot hit the next child
            if late.is_set():
                self._end()  # a child that was hit just after its answer

    def _ask(self, connection: Connection, question: Question) -> Finding:
        """The child's answer; raises whatever comes of a child that is dead or as good as that."""
        if self._stopped:
            raise EOFError
        connection.send(question)
        finding = decoded(connection.recv_bytes())
        if not finding.fit:
            self._end()
        return finding

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

    def _give_up(self, late: bool) -> Failure:
        exitcode = self._end()
        if self._stopped:
            raise AnalysisQueueFull("the worker is stopping")
        failure = cause_of_death(exitcode, "reading", self._settings)
        if late:
            words = f"reading the circuit took more than {self._limit_s:g} seconds by the clock"
            failure = Failure("compile_timeout", words)
        log.info("reading died", extra={"exitcode": exitcode, "code": failure.code})
        return failure

    def _end(self) -> int | None:
        """Ends the child and returns its exit code; the next question gets a fresh one."""
        self._child.kill()
        return self._child.bury()


class Questions:
    """Questions in, futures of findings out: one after the other, and only so many wait."""

    def __init__(self, settings: Settings) -> None:
        self._respondent = Respondent(settings)
        self._lock = threading.Lock()
        self._waiting = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="questions")

    def submit(self, question: Question) -> "Future[Finding]":
        """Asks; what waits too long ends with AnalysisQueueFull.

        Raises AnalysisQueueFull where too many wait already.
        """
        with self._lock:
            if self._waiting >= MOST_WAITING:
                raise AnalysisQueueFull(f"{MOST_WAITING} circuits wait to be read already")
            self._waiting += 1
        future = self._pool.submit(self._answer, question, time.monotonic())
        future.add_done_callback(self._answered)
        return future

    def stop(self) -> None:
        """Ends the child; what still waits is cancelled."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._respondent.stop()
        self._pool.shutdown()
        self._respondent.close()

    def _answer(self, question: Question, asked_at: float) -> Finding:
        waited_s = time.monotonic() - asked_at
        if waited_s > PATIENCE_S:
            raise AnalysisQueueFull(
                f"reading takes long now: this circuit waited {waited_s:.0f} seconds"
            )
        return self._respondent.answer(question)

    def _answered(self, _: "Future[Finding]") -> None:
        with self._lock:
            self._waiting -= 1
