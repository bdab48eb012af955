"""A slot: one warm child process that runs chunks of tasks and can be killed at any moment."""

import json
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Assignment, Failure, FailureCode
from quantumtask.shared.task_progress import TaskProgress
from quantumtask.worker.outcome import AttemptOutcome, SlotRequest, Value, decode_value
from quantumtask.worker.progress import (
    REPORT_INTERVAL_S,
    AttemptKey,
    LatestProgress,
    decode_progress,
)
from quantumtask.worker.slots.child_process import ChildProcess, exit_failure, is_readable
from quantumtask.worker.telemetry import events

CHUNK_LIMIT_S = 2.0
"""Time limit of a chunk of tiny tasks: a task of a slower chunk is not tiny, and runs alone."""

REPORTS_AT_ONCE = 3
"""Reports of progress that a child may send at once; after these, one in REPORT_INTERVAL_S."""

_EXIT_REASONS: dict[int | None, str] = {
    -signal.SIGPROF: "compile_timeout",
    -signal.SIGKILL: "killed",
}


class SlotMessage(NamedTuple):
    """Outcomes of a chunk.

    Attributes:
        outcomes: The outcomes.
        data: The JSON array that the child has sent; None for outcomes of the slot itself.
    """

    outcomes: list[AttemptOutcome]
    data: bytes | None = None


def _main(connection: Connection, settings: Settings, threads: int) -> None:
    """Run the child; only the child imports the simulators, so the worker stays small."""
    from quantumtask.worker.slots.execute import slot_main

    slot_main(connection, settings, threads)


class Slot:
    """A slot of a worker. It has one child process at a time, which it replaces after its end.

    `run` belongs to one thread; any thread may call `kill`.
    """

    def __init__(self, settings: Settings, threads: int) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._unfinished: dict[tuple[str, int], Assignment] = {}
        self._kill_reason = ""
        self._single = True
        self._elastic = False
        self._limit_s: float | None = None
        self._progress = LatestProgress()
        self._last_fraction = 0.0
        self._reports_allowed_from = 0.0  # on the monotonic clock
        self._child = ChildProcess(_main, settings, threads)

    def warm(self) -> None:
        """Start the child, so that it is ready for the first chunk."""
        self._child.ensure_ready()

    def assign(
        self, chunk: list[Assignment], elastic: bool = False, limit_s: float | None = None
    ) -> None:
        """Set the chunk that `run` is going to run; from now on `kill` can end it.

        Args:
            chunk: The tasks.
            elastic: The outcome of a task may be a SlotRequest.
            limit_s: Time limit of the chunk; None: that of its task, or of a chunk.
        """
        with self._lock:
            self._unfinished = {(task.id, task.attempt): task for task in chunk}
            self._kill_reason = ""
            self._single = len(chunk) == 1
            self._elastic = elastic
            self._limit_s = limit_s
            self._last_fraction = 0.0
            self._reports_allowed_from = time.monotonic() - REPORTS_AT_ONCE * REPORT_INTERVAL_S

    @property
    def is_ready(self) -> bool:
        """True if the child of a slot without a chunk is ready; otherwise `run` starts one."""
        return self._child.is_ready

    @property
    def progress(self) -> dict[AttemptKey, TaskProgress]:
        """The progress of the task that is alone in the slot, as far as it is known."""
        return self._progress.read()

    def run(self) -> Iterator[SlotMessage]:
        """Run the assigned chunk and yield its outcomes as they arrive.

        There is one outcome for each task. The slot is free again when the iterator ends.

        Raises:
            ChildStartError: No child could be started.
        """
        chunk = list(self._unfinished.values())
        limit_s = self._limit_s
        if limit_s is None:
            limit_s = chunk[0].spec.timeout_s if self._single else CHUNK_LIMIT_S
        message: SlotMessage | None = None
        in_time = True
        connection = self._child.ensure_ready()
        try:
            if not self._kill_reason:
                connection.send((chunk, self._elastic))
            deadline = time.monotonic() + limit_s
            while self._unfinished and in_time and not self._kill_reason:
                if message:
                    yield message
                message = self._receive(connection, deadline)
                in_time = message is not None
        except (EOFError, OSError):
            message = None
        self._progress.remove([(task.id, task.attempt) for task in chunk])
        out_of_memory = message is not None and any(map(_is_out_of_memory, message.outcomes))
        lost: list[AttemptOutcome] = []
        if self._unfinished or self._kill_reason or out_of_memory:
            lost = self._give_up(in_time, out_of_memory)
        if message:
            yield message
        if lost:
            yield SlotMessage(lost)

    def kill(
        self, task_id: str | None = None, attempt: int | None = None, reason: str = "stopped"
    ) -> None:
        """Kill the child if it has this attempt, or if it has any task and the id is None.

        A child that is still starting has no task: it is not killed, and gets none of the chunk.
        """
        with self._lock:
            if self._unfinished and (task_id is None or (task_id, attempt) in self._unfinished):
                self._kill_reason = reason
                self._child.kill(starting=False)

    def stop(self) -> None:
        """End the child for good."""
        with self._lock:
            self._kill_reason = "stopped"
            self._child.kill()
        self._child.reap()

    def _receive(self, connection: Connection, deadline: float) -> SlotMessage | None:
        """Return the next outcomes; None if none arrive before the deadline.

        Raises:
            EOFError: The child has ended or sent a wrong message, which a sane child never does.
        """
        while is_readable(connection, max(0.0, deadline - time.monotonic())):
            data = connection.recv_bytes()
            try:
                # As UTF-8, because other readers of `data` do not guess another encoding.
                message = json.loads(data.decode())
                if isinstance(message, dict):
                    self._note_progress(message)
                    continue
                values = [
                    ((task_id, attempt), self._check(decode_value(kind, fields)))
                    for task_id, attempt, kind, fields in message
                ]
                outcomes = self._take_outcomes(values)
            except (ValueError, TypeError, KeyError, RecursionError) as error:
                raise EOFError from error
            return SlotMessage(outcomes, data) if outcomes else None
        return None

    def _note_progress(self, message: Any) -> None:
        """Note the progress of a task that is alone in the slot.

        Raises:
            ValueError: It is of another task, goes back, or comes too soon after earlier ones.
        """
        self._reports_allowed_from += REPORT_INTERVAL_S
        if not self._single or self._reports_allowed_from > time.monotonic():
            raise ValueError("a report that the child may not make")
        [(key, progress)] = decode_progress(message).items()
        fraction = progress.fraction or 0.0
        if key not in self._unfinished or fraction < self._last_fraction:
            raise ValueError("the progress of no unfinished task, or less than before")
        self._last_fraction = fraction
        self._progress.put(key, progress)

    def _take_outcomes(self, values: list[tuple[tuple[str, int], Value]]) -> list[AttemptOutcome]:
        """Return the outcomes of unfinished tasks.

        Raises:
            ValueError: A task is not unfinished, or occurs twice.
        """
        keys = {key for key, _ in values}
        with self._lock:
            if len(keys) < len(values) or not keys <= self._unfinished.keys():
                raise ValueError("an outcome of no unfinished task")
            return [AttemptOutcome(self._unfinished.pop(key), value) for key, value in values]

    def _check(self, value: Value) -> Value:
        """Return a value. Raises ValueError for a request that the child may not make."""
        if isinstance(value, SlotRequest):
            may_request = self._elastic and isinstance(value.slots, int)
            if not (may_request and 1 <= value.slots <= self._settings.max_task_slots):
                raise ValueError("a request for slots that the task may not make")
        return value

    def _give_up(self, in_time: bool, out_of_memory: bool) -> list[AttemptOutcome]:
        """End the child; return the outcomes of its unfinished tasks."""
        with self._lock:
            self._child.kill()
        exitcode = self._child.reap()
        with self._lock:
            lost, self._unfinished = list(self._unfinished.values()), {}
            excused = self._kill_reason or not self._single
        events.slot_ended(self._end_reason(in_time, out_of_memory, exitcode), exitcode, lost)
        return [
            AttemptOutcome(task, None if excused else self._failure(task, in_time, exitcode))
            for task in lost
        ]

    def _end_reason(self, in_time: bool, out_of_memory: bool, exitcode: int | None) -> str:
        """Return the reason for the end of the child, one of SLOT_END_REASONS."""
        if self._kill_reason:
            return self._kill_reason
        if out_of_memory:
            return "out_of_memory"
        if not in_time:
            return "timeout" if self._single else "chunk_timeout"
        return _EXIT_REASONS.get(exitcode, "crashed")

    def _failure(self, assignment: Assignment, in_time: bool, exitcode: int | None) -> Failure:
        """Return the failure of a task that was alone in its slot."""
        if not in_time:
            seconds = assignment.spec.timeout_s
            message = f"ran longer than its timeout_s of {seconds:g} seconds"
            return Failure(FailureCode.TIMEOUT, message)
        return exit_failure(exitcode, "running the task", self._settings)


def _is_out_of_memory(outcome: AttemptOutcome) -> bool:
    """Return True if the child that sent this outcome ends: see `execute.child_loop`."""
    return isinstance(outcome.value, Failure) and outcome.value.is_out_of_memory
