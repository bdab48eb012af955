"""One analysis child, which reads circuits outside the slots."""

import logging
import threading
from multiprocessing.connection import Connection

from quantumtask.shared.errors import AnalysisQueueFull
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Failure, FailureCode
from quantumtask.worker.analysis.messages import (
    AnalysisRequest,
    AnalysisResponse,
    decode_response,
    failure_response,
)
from quantumtask.worker.slots.child_process import ChildProcess, exit_failure

log = logging.getLogger(__name__)

WALL_CLOCK_FACTOR = 4.0
"""Limit of the wall-clock time of a request, as a multiple of its limit of processor time: tasks
use the processors too."""


def run_analysis_child(connection: Connection, settings: Settings, threads: int) -> None:
    """Run the child; only the child reads circuits."""
    from quantumtask.worker.analysis.child import analysis_main

    analysis_main(connection, settings, threads)


class AnalysisProcess:
    """A child process that responds to requests. `stop` may be called from any thread.

    A child that exceeds a limit or dies is replaced by another one.
    """

    def __init__(self, settings: Settings, child: ChildProcess | None = None) -> None:
        self._settings = settings
        self._child = child or ChildProcess(run_analysis_child, settings, settings.slot_threads)
        self._limit_s = WALL_CLOCK_FACTOR * settings.compile_limit_s
        self._stopped = False

    def analyze(self, request: AnalysisRequest) -> AnalysisResponse:
        """Return the response of the child, or a failure if the child died or took too long.

        Raises:
            ChildStartError: No child could be started.
            AnalysisQueueFull: `stop` was called.
        """
        connection = self._child.ensure_ready()
        late = threading.Event()
        timer = threading.Timer(self._limit_s, self._kill_late, (late,))
        timer.start()
        try:
            return self._request(connection, request)
        except (EOFError, OSError, ValueError, TypeError, LookupError):
            return failure_response(request.kind, self._give_up(late.is_set()))
        finally:
            timer.cancel()
            timer.join()  # so that the timer cannot kill the next child
            if late.is_set():
                self._end_child()  # a child that was killed just after its response

    def _request(self, connection: Connection, request: AnalysisRequest) -> AnalysisResponse:
        """Return the response; an exception means a dead child, or a wrong response."""
        if self._stopped:
            raise EOFError
        connection.send(request)
        response = decode_response(connection.recv_bytes())
        if not response.child_usable:
            self._end_child()
        return response

    def _kill_late(self, late: threading.Event) -> None:
        late.set()
        self._child.kill()

    def stop(self) -> None:
        """Refuse all further requests and end the current one."""
        self._stopped = True
        self._child.kill()

    def close(self) -> None:
        """End the child."""
        self._end_child()

    def _give_up(self, late: bool) -> Failure:
        exitcode = self._end_child()
        if self._stopped:
            raise AnalysisQueueFull("the worker is stopping; try again")
        failure = exit_failure(exitcode, "reading the circuit", self._settings)
        if late:
            message = f"reading the circuit took more than {self._limit_s:g} seconds of wall clock"
            failure = Failure(FailureCode.COMPILE_TIMEOUT, message)
        log.info("analysis process died", extra={"exitcode": exitcode, "code": failure.code})
        return failure

    def _end_child(self) -> int | None:
        """End the child and return its exit code; the next request starts another child."""
        self._child.kill()
        return self._child.reap()
