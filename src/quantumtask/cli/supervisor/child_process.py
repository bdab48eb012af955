"""One service as a child process of `quantumtask up`, and being told to stop."""

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

LAST_LINES = 15
LONGEST_BACKOFF_S = 30.0
STEADY_S = 60.0
"""A service that ran so long is not failing over and over: its next restart comes soon again."""


class Stop:
    """Ctrl-C and its kin: `asked` once one came, and `again` is called for every further one."""

    def __init__(self, again: Callable[[], None]) -> None:
        self.asked = False
        self._again = again
        self._ear, self._mouth = os.pipe()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._note)

    def wait(self, seconds: float) -> bool:
        """Lets time pass; True as soon as somebody asked us to stop."""
        if not self.asked:
            select.select([self._ear], [], [], seconds)
        return self.asked

    def _note(self, *_: object) -> None:
        if self.asked:
            self._again()
        self.asked = True
        os.write(self._mouth, b".")


class Service:
    """`quantumtask NAME` in a session of its own, which Ctrl-C does not reach; logs to a file."""

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
        # -P: files in the folder that we were started from must not stand in for modules.
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
        return self._process is not None and self._process.poll() is None

    def tend(self, say: Callable[[str], None]) -> None:
        """Starts the service again if it ended: after 1 s, then 2, 4 ... 30 if it keeps ending."""
        if self.alive:
            return
        now = time.monotonic()
        if self._process is None:
            if now >= self._restart_at:
                self.start()
            return
        _kill_group(self._process.pid)  # what it had started must not run beside its successor
        self._failures = 0 if now - self._started_at > STEADY_S else self._failures
        delay = min(2.0**self._failures, LONGEST_BACKOFF_S)
        say(f"The {self.name} ended ({self.how_it_ended()}): see {self.log}.")
        say(f"It starts again in {delay:g} s.")
        self._failures += 1
        self._restart_at = now + delay
        self._process = None

    def terminate(self) -> None:
        if self._process is not None:
            self._process.terminate()

    def end(self) -> None:
        """Waits as long as the service may take to end, then kills it and all that it started."""
        if self._process is None:
            return
        try:
            self._process.wait(self.grace_s)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        _kill_group(self._process.pid)  # what it did not end itself

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            _kill_group(self._process.pid)

    def how_it_ended(self) -> str:
        code = self._process.returncode if self._process else None
        if code is None:
            return "not started"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"

    def last_words(self) -> list[str]:
        """The end of what it logged since its last start."""
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            lines = deque(log, LAST_LINES)
        return [line.decode("utf-8", "replace").rstrip() for line in lines]


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # nobody left, or only zombies
        os.killpg(leader, signal.SIGKILL)
