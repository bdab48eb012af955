"""Launch processes of QuantumTask as forks of a process that has imported their modules.

Importing takes two thirds of a service's start and most of a command's time, and the tests start
hundreds of services and commands. A run of pytest therefore has one launcher each for API
processes, workers, commands, S3 servers and clients of other clouds, which the processes of pytest
share. A launched process has a session, an environment, arguments and files of its own, and runs
the same `main` as `python -m`; only its imports are those of the launcher. `launcher_process.py` is
the launcher's side.
"""

import atexit
import errno
import hashlib
import json
import os
import select
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

SERVICES = ("api", "worker")
S3_SERVER = ("-m", "moto.server")
GREETING = b"\n"
"""Bytes that a launcher sends to each new connection."""


class ChildProcess(Protocol):
    """The part of subprocess.Popen that the tests use."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


def can_fork(environment: Mapping[str, str]) -> bool:
    """Return True if a fork behaves as a new interpreter does in this environment."""
    read_at_start = {n for n in (*environment, *os.environ) if n.startswith(("PYTHON", "LD_"))}
    return sys.platform == "linux" and all(
        environment.get(name) == os.environ.get(name) for name in read_at_start - {"LD_PRELOAD"}
    )


def kind_of(arguments: Sequence[str], environment: Mapping[str, str]) -> str | None:
    """Return the launcher whose fork behaves as a new interpreter does; None if none does."""
    if not can_fork(environment):
        return None
    if tuple(arguments[:2]) == S3_SERVER:
        return "s3"
    is_known = arguments[0] == "-m" or arguments[0].endswith(".py")
    return arguments[-1] if is_known and arguments[-1] in SERVICES else None


def launch(
    kind: str,
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *files: str,
    folder: str | None = None,
) -> ChildProcess:
    """Start `python ARGUMENTS`.

    Args:
        kind: The launcher whose imports the process needs, of MODULES in `launcher_process.py`.
        arguments: `-m MODULE` or a script, and the arguments of the program.
        environment: The whole environment.
        files: The names of standard input, output and error.
        folder: The working directory; that of this process by default.
    """
    loaded = [(name, environment[name]) for name in environment if name.startswith(READ_BY_LOADER)]
    folder = folder or str(Path.cwd())
    return launcher(kind, *sorted(loaded)).launch(arguments, environment, files, folder)


READ_BY_LOADER = ("LD_PRELOAD", "FAKETIME")
"""Beginnings of the variables that are read when a program is loaded: a fork has its launcher's."""


@cache
def launcher(kind: str, *loaded: tuple[str, str]) -> "Launcher":
    """Return the launcher of this run for a kind of process, with variables of the loader."""
    return Launcher(kind, dict(loaded))


RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
"""A name that the processes of a run of pytest share, and no other process has."""


def connect(kind: str, variables: Mapping[str, str]) -> socket.socket:
    """Return a connection to the launcher, which is started by the first process that needs it."""
    key = hashlib.sha256(repr((kind, sorted(variables.items()))).encode()).hexdigest()
    name = f"\0launcher {RUN} {key[:32]}"  # an abstract address, which is no file
    while True:
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(name)
            if connection.recv(len(GREETING)):  # otherwise it has ended meanwhile
                return connection
        except ConnectionRefusedError:
            start_launcher(name, kind, variables)
        except ConnectionResetError:
            pass
        connection.close()


def start_launcher(name: str, kind: str, variables: Mapping[str, str]) -> None:
    """Start a launcher that listens on a socket, unless another process is just doing so."""
    with socket.socket(socket.AF_UNIX) as listener:
        try:
            listener.bind(name)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            time.sleep(0.01)
            return
        listener.listen()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("QUANTUMTASK_")}
        os.set_inheritable(listener.fileno(), True)
        # It may outlive this process, so that subprocess.Popen would warn of it.
        os.posix_spawn(
            sys.executable,
            [
                *(sys.executable, "-m", "tests.support.launcher_process"),
                *(str(listener.fileno()), kind),
            ],
            # As a worker sets it: otherwise numpy would start threads, and a fork has only one.
            {"OPENBLAS_NUM_THREADS": "1", **clean, **variables},
            setsid=True,
        )


class Launcher:
    """The connection of a process of pytest to a launcher."""

    def __init__(self, kind: str, variables: Mapping[str, str]) -> None:
        self._connection = connect(kind, variables)
        self._requests = self._connection.makefile("rw")
        self._lock = threading.Lock()
        atexit.register(self.close)

    def close(self) -> None:
        """Leave the launcher, which ends after its last connection; what it launched goes on."""
        with self._connection, self._requests:
            self._connection.shutdown(socket.SHUT_WR)
            self._requests.read()

    def launch(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        files: Sequence[str],
        folder: str,
    ) -> "Fork":
        pid = self.call(
            arguments=[*arguments], environment={**environment}, files=files, cwd=folder
        )
        assert pid is not None
        return Fork(self, pid)

    def call(self, **request: Any) -> int | None:
        """Send a request and return its answer: a process id, or an exit status if there is one."""
        with self._lock:
            self._requests.write(json.dumps(request) + "\n")
            self._requests.flush()
            answer: int | None = json.loads(self._requests.readline())
        return answer


class Fork:
    """A launched process. Its exit status is kept by the launcher, which is its parent."""

    def __init__(self, owner: Launcher, pid: int) -> None:
        self._owner, self.pid = owner, pid
        self._ended = os.pidfd_open(pid)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._owner.call(poll=self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        if self.poll() is None:
            select.select([self._ended], [], [], timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def __del__(self) -> None:
        os.close(self._ended)
