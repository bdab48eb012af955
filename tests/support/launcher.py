"""Launch processes of QuantumTask as forks of a process that has imported their modules.

Importing takes two thirds of a service's start, and the tests start hundreds of services. Each
process of pytest therefore keeps one launcher for API processes and one for workers. A launched
process has a session, an environment, arguments and a log of its own, and runs the same `main` as
`python -m quantumtask`; only its imports are those of the launcher.

usage: python -m tests.support.launcher SOCKET MODULE    (by Launcher alone)
"""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Protocol

MODULES = {"api": "quantumtask.api.main", "worker": "quantumtask.worker.main"}


class ChildProcess(Protocol):
    """The part of subprocess.Popen that the tests use."""

    pid: int

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


def can_launch(arguments: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return True if a fork behaves as a new interpreter with these arguments does."""
    read_at_start = {n for n in (*environment, *os.environ) if n.startswith(("PYTHON", "LD_"))}
    return (
        sys.platform == "linux"
        and arguments[0] == "-m"
        and arguments[-1] in MODULES
        and all(environment.get(name) == os.environ.get(name) for name in read_at_start)
    )


def launch(arguments: Sequence[str], environment: Mapping[str, str], log: str) -> ChildProcess:
    """Start `python ARGUMENTS`, whose output goes to the file `log`."""
    return launcher(arguments[-1]).launch(arguments[1:], environment, log)


@cache
def launcher(service: str) -> "Launcher":
    """Return the launcher of this process for one of the two services."""
    return Launcher(MODULES[service])


class Launcher:
    """The pytest side of one launcher process."""

    def __init__(self, module: str) -> None:
        ours, theirs = socket.socketpair()
        clean = {k: v for k, v in os.environ.items() if not k.startswith("QUANTUMTASK_")}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.launcher", str(theirs.fileno()), module],
                env=clean,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        with ours:
            self._requests = ours.makefile("rw")
        self._lock = threading.Lock()
        atexit.register(self.close)

    def close(self) -> None:
        """End the launcher; what it launched goes on."""
        self._requests.close()
        self._process.wait(30)

    def launch(self, arguments: Sequence[str], environment: Mapping[str, str], log: str) -> "Fork":
        pid = self.call(
            arguments=[*arguments], environment={**environment}, log=log, cwd=str(Path.cwd())
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


def serve(requests: socket.socket) -> list[str] | None:
    """Answer requests until there are no more; in each new child, return its arguments."""
    with requests, requests.makefile("rw") as lines:
        for line in iter(lines.readline, ""):
            request = json.loads(line)
            if "poll" in request:
                answer = reap(request["poll"])
            else:
                answer = os.fork()
                if answer == 0:
                    become(request)
                    return list(request["arguments"])
            lines.write(json.dumps(answer) + "\n")
            lines.flush()
    return None


def reap(pid: int) -> int | None:
    """Return the exit status of a child that has ended, as subprocess.Popen writes it."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def become(request: dict[str, Any]) -> None:
    """Give a new child what subprocess.Popen would give it."""
    os.setsid()
    log = os.open(request["log"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])


def main() -> None:
    requests = socket.socket(fileno=int(sys.argv[1]))
    importlib.import_module("quantumtask.cli.app")
    importlib.import_module(sys.argv[2])
    assert len([*Path("/proc/self/task").iterdir()]) == 1, "importing has started a thread"
    gc.freeze()
    if arguments := serve(requests):
        module, *sys.argv[1:] = arguments
        runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
