"""The analysis child of a worker, apart from the slots, and the bounded queue in front of it."""

import logging
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
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

MAX_QUEUED_REQUESTS = 64
"""Largest number of requests in the queue; others are refused."""

MAX_QUEUE_WAIT_S = 10.0
"""Longest time of a request in the queue: a client waits for the response."""

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
            raise AnalysisQueueFull("the worker is stopping")
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


class AnalysisQueue:
    """A bounded queue in front of an AnalysisProcess; requests are handled one by one."""

    def __init__(self, settings: Settings) -> None:
        self._process = AnalysisProcess(settings)
        self._lock = threading.Lock()
        self._queued = 0
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="analysis")

    def submit(self, request: AnalysisRequest) -> "Future[AnalysisResponse]":
        """Queue a request; its future ends with AnalysisQueueFull if the wait is too long.

        Raises:
            AnalysisQueueFull: Too many requests are queued.
        """
        with self._lock:
            if self._queued >= MAX_QUEUED_REQUESTS:
                raise AnalysisQueueFull(
                    f"analysis queue full: {MAX_QUEUED_REQUESTS} circuits are waiting"
                )
            self._queued += 1
        future = self._pool.submit(self._analyze, request, time.monotonic())
        future.add_done_callback(self._on_done)
        return future

    def stop(self) -> None:
        """Cancel all queued requests and end the child."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._process.stop()
        self._pool.shutdown()
        self._process.close()

    def _analyze(self, request: AnalysisRequest, queued_at: float) -> AnalysisResponse:
        waited_s = time.monotonic() - queued_at
        if waited_s > MAX_QUEUE_WAIT_S:
            raise AnalysisQueueFull(
                f"analysis queue full: this circuit waited {waited_s:.0f} seconds; "
                f"at most {MAX_QUEUE_WAIT_S:.0f}"
            )
        return self._process.analyze(request)

    def _on_done(self, _: "Future[AnalysisResponse]") -> None:
        with self._lock:
            self._queued -= 1
