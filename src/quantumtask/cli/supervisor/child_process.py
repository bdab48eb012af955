"""A service as a child process of `quantumtask up`, and the signal to stop."""

import os
import select
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

LOG_TAIL_LINES = 15
MAX_BACKOFF_S = 30.0
STEADY_S = 60.0
"""Run time after which the delay of a restart begins at its shortest again."""


class StopSignal:
    """SIGINT, SIGTERM or SIGHUP.

    Attributes:
        received: True after the first signal. Every later signal calls `on_repeat`.
    """

    def __init__(self, on_repeat: Callable[[], None]) -> None:
        self.received = False
        self._on_repeat = on_repeat
        self._reader, self._writer = os.pipe()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._handle)

    def wait(self, seconds: float) -> bool:
        """Wait, at most so many seconds; return True as soon as a signal has arrived."""
        if not self.received:
            select.select([self._reader], [], [], seconds)
        return self.received

    def _handle(self, *_: object) -> None:
        if self.received:
            self._on_repeat()
        self.received = True
        os.write(self._writer, b".")


class ManagedService:
    """Child process `quantumtask NAME` in its own session, out of reach of Ctrl-C.

    The output of the service goes to a log file.
    """

    def __init__(
        self, name: str, environment: Mapping[str, str], logs: Path, grace_s: float
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self.grace_s = grace_s
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = self._restart_at = 0.0
        self._failures = 0
        self._log_start = 0

    def start(self) -> None:
        """Start the process."""
        # -P: files in the current folder must not replace modules.
        command = [sys.executable, "-P", "-m", "quantumtask", self.name]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            self._process = subprocess.Popen(
                command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._started_at = time.monotonic()

    @property
    def alive(self) -> bool:
        """State of the process: True while it runs."""
        return self._process is not None and self._process.poll() is None

    def restart_if_ended(self, report: Callable[[str], None]) -> None:
        """Start the service again if it ended, after 1 s, then 2, 4 ... 30 s.

        Args:
            report: Function that prints the reason and the delay.
        """
        if self.alive:
            return
        now = time.monotonic()
        if self._process is None:
            if now >= self._restart_at:
                self.start()
            return
        _kill_group(self._process.pid)  # its children must not run beside the next process
        self._failures = 0 if now - self._started_at > STEADY_S else self._failures
        delay = min(2.0**self._failures, MAX_BACKOFF_S)
        report(f"The {self.name} ended ({self.exit_message()}): see {self.log}.")
        report(f"The {self.name} starts again in {delay:g} s.")
        self._failures += 1
        self._restart_at = now + delay
        self._process = None

    def terminate(self) -> None:
        """Send SIGTERM."""
        if self._process is not None:
            self._process.terminate()

    def end(self) -> None:
        """Wait for the end during the grace period, and then kill the process and its children."""
        if self._process is None:
            return
        try:
            self._process.wait(self.grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        _kill_group(self._process.pid)  # children that the service did not end

    def kill(self) -> None:
        """Kill the process and its children."""
        if self._process is not None and self._process.poll() is None:
            _kill_group(self._process.pid)

    def exit_message(self) -> str:
        """Return a text that says how the process ended, such as `exit status 1`."""
        code = self._process.returncode if self._process else None
        if code is None:
            return "not started"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"

    def log_tail(self) -> list[str]:
        """Return the last lines that the service logged since its last start."""
        with self.log.open("rb") as log:
            log.seek(min(self._log_start, log.seek(0, os.SEEK_END)))
            lines = deque(log, LOG_TAIL_LINES)
        return [line.decode("utf-8", "replace").rstrip() for line in lines]


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # no process left, or only zombies
        os.killpg(leader, signal.SIGKILL)
