"""The executor for a Ray cluster, and the supervision of its driver process.

Ray runs in a driver process. When the driver is lost, its tasks have no outcome, and another driver
is started until there is a cluster again.
"""

import logging
import os
import queue
import socket
import subprocess
import sys
import threading
from importlib.util import find_spec
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from typing import Any

from quantumtask.shared.installation import install_command
from quantumtask.shared.settings import PREFIX, Settings, SettingsError
from quantumtask.shared.task import Assignment
from quantumtask.shared.task_progress import TaskProgress
from quantumtask.worker.outcome import AttemptOutcome, Report, TaskSize, decode_value
from quantumtask.worker.progress import AttemptKey, LatestProgress, decode_progress
from quantumtask.worker.ray.messages import (
    AttemptProgress,
    Capacity,
    ChunkEnd,
    DriverMessage,
    Kill,
    LogLine,
    Outcomes,
    Submit,
    decode_message,
)

log = logging.getLogger(__name__)

START_TIMEOUT_S = 60.0
SILENCE_TIMEOUT_S = 10.0
"""Time without a message after which a driver counts as lost."""

HEAD_TIMEOUT_S = 10
"""Time for which the head may be unreachable before its driver ends; tasks run on meanwhile."""

RESTART_PAUSES_S = (0.5, 1.0, 2.0, 4.0)
"""Pauses before the next driver, by the number of drivers before it that reached no cluster."""

_Chunk = dict[tuple[str, int], Assignment]


class RayExecutor:
    """An Executor with the slots of a cluster; it has no slots while there is no cluster."""

    def __init__(self, settings: Settings, report: Report) -> None:
        if find_spec("ray") is None:
            raise SettingsError(f"{PREFIX}EXECUTOR=ray needs Ray: {install_command('ray')}")
        self._settings = settings
        self._report = report
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._driver: _DriverProcess | None = None
        self._chunks: dict[int, _Chunk] = {}  # tasks that the driver has
        self._progress = LatestProgress()
        self._number = 0
        self._size = 0
        self._max_chunks = 0
        self._connected = False
        self._last_log = ""
        self._thread = threading.Thread(target=self._supervise, name="ray-driver")

    def warm(self) -> None:
        """Start the first driver, without waiting for the cluster."""
        forkserver.ensure_running()  # for the analysis child: see `LocalExecutor.warm`
        self._thread.start()

    @property
    def size(self) -> int:
        """Number of slots; 0 without a cluster."""
        return self._size

    @property
    def free(self) -> int:
        """Number of chunks that can be submitted now."""
        return max(0, self._max_chunks - len(self._chunks))

    @property
    def busy(self) -> int:
        """Number of slots that run tasks."""
        return self.size - self.free

    @property
    def progress(self) -> dict[AttemptKey, TaskProgress]:
        """The progress of the attempts that run now, as far as their engines can tell."""
        return self._progress.read()

    def submit(self, chunk: list[Assignment], _size: TaskSize | None = None) -> None:
        """Give a chunk to the driver, which itself starts larger slots for the memory of a task."""
        with self._lock:
            driver = self._driver
            if driver:
                self._number += 1
                self._chunks[self._number] = {(task.id, task.attempt): task for task in chunk}
                driver.send(Submit(self._number, chunk))
        if not driver:
            self._report([AttemptOutcome(task, None, requeue=True) for task in chunk])

    def kill(
        self, task_id: str | None = None, attempt: int | None = None, reason: str = "stopped"
    ) -> None:
        """Kill the slot that runs this attempt, if any; None: every slot that runs one."""
        with self._lock:
            if self._driver:
                self._driver.send(Kill(task_id, attempt, reason))

    def stop(self) -> None:
        """End the driver with all slots."""
        self._stopped.set()
        with self._lock:
            if self._driver:
                self._driver.kill()
        if self._thread.is_alive():
            self._thread.join()

    def _supervise(self) -> None:
        """Run one driver after the other."""
        failed_starts = 0
        while not self._stopped.is_set():
            failed_starts = 0 if self._run_driver() else failed_starts + 1
            self._stopped.wait(RESTART_PAUSES_S[min(failed_starts, len(RESTART_PAUSES_S) - 1)])

    def _run_driver(self) -> bool:
        """Run a driver until it is lost; return True if it had reached the cluster."""
        driver = _DriverProcess(self._settings)
        with self._lock:
            self._driver = driver
            if self._stopped.is_set():
                driver.kill()
        try:
            while True:
                timeout_s = SILENCE_TIMEOUT_S if self._connected else START_TIMEOUT_S
                self._on_message(driver.receive(timeout_s))
        except (EOFError, OSError, ValueError, TypeError, LookupError, RecursionError):
            return self._on_driver_lost(driver)

    def _on_message(self, message: DriverMessage) -> None:
        match message:
            case LogLine():
                self._log_once(*message)
            case Capacity(size, chunks):
                if not self._connected:
                    self._connected, self._last_log = True, ""
                    log.info("connected to the Ray cluster")
                self._size, self._max_chunks = size, chunks
            case AttemptProgress(number, progress):
                self._note_progress(number, decode_progress(progress))
            case Outcomes(number, outcomes):
                self._report(self._take_outcomes(number, outcomes))
            case ChunkEnd(number, retained):
                self._report(self._end_chunk(number, retained))

    def _note_progress(self, number: int, progress: dict[AttemptKey, TaskProgress]) -> None:
        with self._lock:
            for key in progress.keys() & self._chunks.get(number, {}).keys():
                self._progress.put(key, progress[key])

    def _take_outcomes(self, number: int, outcomes: list[Any]) -> list[AttemptOutcome]:
        with self._lock:
            chunk = self._chunks[number]
            self._progress.remove(chunk)
            return [
                AttemptOutcome(chunk.pop((task_id, attempt)), decode_value(kind, fields))
                for task_id, attempt, kind, fields in outcomes
            ]

    def _end_chunk(self, number: int, retained: str) -> list[AttemptOutcome]:
        """Return the outcomes of the tasks of a chunk that lost their slot."""
        with self._lock:
            chunk = self._chunks[number]
            self._progress.remove(chunk)
            lost = [key for key in chunk if key[0] != retained]
            outcomes = [AttemptOutcome(chunk.pop(key), None) for key in lost]
            if not chunk:
                del self._chunks[number]
        return outcomes

    def _log_once(self, level: str, event: str, details: dict[str, Any]) -> None:
        """Log an event of the driver, unless the last one was the same, of a driver before it."""
        if event != self._last_log:
            self._last_log = event
            log.log(logging.getLevelNamesMapping()[level], event, extra=details)

    def _on_driver_lost(self, driver: "_DriverProcess") -> bool:
        """Report that all tasks of a driver have lost their slot."""
        driver.reap()
        connected, self._connected = self._connected, False
        with self._lock:
            self._driver, self._size, self._max_chunks = None, 0, 0
            lost = [task for chunk in self._chunks.values() for task in chunk.values()]
            for chunk in self._chunks.values():
                self._progress.remove(chunk)
            self._chunks = {}
        if connected and not self._stopped.is_set():
            log.warning("Ray cluster lost: tasks wait for it", extra={"tasks": len(lost)})
        if lost:
            self._report([AttemptOutcome(task, None, requeue=True) for task in lost])
        return connected


class _DriverProcess:
    """A driver process, and the connection to it."""

    def __init__(self, settings: Settings) -> None:
        own_socket, driver_socket = socket.socketpair()
        with driver_socket:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "quantumtask.worker.ray.driver"),
                    *(str(driver_socket.fileno()), str(os.getpid())),
                ],
                pass_fds=[driver_socket.fileno()],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # Ray has log files of its own
            )
        self._connection = Connection(own_socket.detach())
        self._to_send: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._to_send.put(settings.without_secrets())
        self._sender = threading.Thread(target=self._send_all, name="ray-sender", daemon=True)
        self._sender.start()

    def send(self, message: Submit | Kill) -> None:
        """Send a message without waiting: a stuck driver must not block the worker's loop."""
        self._to_send.put(message)

    def receive(self, timeout_s: float) -> DriverMessage:
        """Return the next message. Raises EOFError if none arrives in time."""
        if not self._connection.poll(timeout_s):
            raise EOFError
        return decode_message(self._connection.recv_bytes())

    def kill(self) -> None:
        """Send SIGKILL to the process."""
        self._process.kill()

    def reap(self) -> None:
        """Kill the process, and wait for its end and for that of the sender."""
        self.kill()
        self._process.wait()
        self._to_send.put(None)
        self._sender.join()
        self._connection.close()

    def _send_all(self) -> None:
        try:
            while (message := self._to_send.get()) is not None:
                self._connection.send(message)
        except OSError:
            pass  # the process has ended, which `receive` reports


def _environment() -> dict[str, str]:
    """Return our environment without our settings, which may have secrets, and with Ray's."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)}
    return {
        "RAY_AUTH_MODE": "token",
        **inherited,
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_gcs_rpc_server_reconnect_timeout_s": str(HEAD_TIMEOUT_S),
    }
