"""The process from which a launcher forks: it has imported the modules of one kind of process.

usage: python -m tests.support.launcher_process SOCKET KIND    (by start_launcher alone)
"""

import atexit
import fcntl
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import util
from pathlib import Path
from typing import Any, NoReturn, Protocol, TextIO

from quantumtask.worker.sandbox.environment import child_environment
from tests.support.launcher import GREETING

SERVICE = (
    "anyio._backends._asyncio",
    "encodings.idna",
    "importlib.readers",
    "quantumtask.cli.serve",
    "quantumtask.shared.database.sqlite",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
)
"""Modules that both services import after their start, at the first use."""

MODULES: dict[str, Sequence[str]] = {
    "api": (
        "quantumtask.api.main",
        "quantumtask.doors.registry",
        "quantumtask.web",
        "fastapi_swagger",
        *SERVICE,
    ),
    "worker": (
        "quantumtask.worker.main",
        "quantumtask.worker.slots.execute",
        "pydantic.v1",
        *SERVICE,
    ),
    "command": (
        "quantumtask.cli.commands.root",
        "quantumtask.cli.commands.local_validation",
        "quantumtask.cli.doctor",
        "quantumtask.cli.render.service_view",
        "quantumtask.client",
        "quantumtask.openqasm",
        "quantumtask.shared.database.sqlite",
        "quantumtask.worker.analysis.child",
        "encodings.idna",
        "httpcore",
        "importlib.readers",
        "rich.progress",
        "rich.live",
        "matplotlib.figure",
        "matplotlib.backends.backend_agg",
        "matplotlib.backends.backend_svg",
        "typer._adapters",
    ),
    "s3": ("moto.server",),
    "client": (
        "quantumtask.cli.commands.root",
        "quantumtask.client.credentials",
        "asyncio",
        "boto3",
        "braket.circuits",
        "braket.default_simulator",
        "cirq",
        "cryptography.x509",
        "pennylane",
        "pydantic",
        "pyqasm",
        "pyqir",
        "qiskit",
        "qiskit.qasm3",
    ),
}
"""The modules that a launcher of each kind imports.

For "client", they are what the clients of other clouds import: most of their start. The clients
themselves read variables, so that each program imports its own.
"""

FORK_SERVER = "from multiprocessing.forkserver import main"
RESOURCE_TRACKER = "from multiprocessing.resource_tracker import main"
PROGRAMS = (FORK_SERVER, RESOURCE_TRACKER)
"""The starts of the programs that multiprocessing starts in new interpreters."""

HIGH = 512
"""A number above those of a worker's files when it starts its fork server."""


class Closable(Protocol):
    """A socket or a file."""

    def close(self) -> None: ...


def serve(listener: socket.socket) -> dict[str, Any] | None:
    """Answer requests until the last connection ends; in each new child, return its request."""
    connections: dict[socket.socket, TextIO] = {}
    while True:
        for ready in select.select([listener, *connections], [], [])[0]:
            if ready is listener:
                connection, _ = listener.accept()
                connections[connection] = connection.makefile("rw")
                connection.send(GREETING)
            elif request := read_request(connections[ready]):
                answer = reap(request["poll"]) if "poll" in request else fork(request)
                if answer == 0 and "poll" not in request:
                    close(listener, *connections, *connections.values())
                    return request
                connections[ready].write(json.dumps(answer) + "\n")
                connections[ready].flush()
            elif len(connections) > 1:
                close(connections.pop(ready), ready)
            else:
                return None


def read_request(lines: TextIO) -> dict[str, Any] | None:
    """Return the next request; None at the end of the connection."""
    with suppress(ConnectionResetError):  # pytest was killed
        if line := lines.readline():
            request: dict[str, Any] = json.loads(line)
            return request
    return None


def fork(request: dict[str, Any]) -> int:
    """Fork a child, and open its files for it before its caller may close them."""
    request["files"] = open_files(request["files"])
    pid = os.fork()
    if pid:
        for file in request["files"]:
            os.close(file)
    return pid


def close(*files: Closable) -> None:
    for file in files:
        file.close()


def open_files(names: Sequence[str]) -> list[int]:
    """Open the standard input, output and error of a child."""
    write = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    modes = (os.O_RDONLY, write, write)
    return [os.open(n, mode | os.O_NOCTTY, 0o666) for n, mode in zip(names, modes, strict=True)]


def reap(pid: int) -> int | None:
    """Return the exit status of a child that has ended, as subprocess.Popen writes it."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if ended else None


def become(request: dict[str, Any]) -> None:
    """Give a new child what subprocess.Popen would give it."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in a background job
    for number, file in enumerate(request["files"]):
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(request["environment"])
    os.chdir(request["cwd"])


def run(arguments: Sequence[str]) -> None:
    """Run a module or a script as the main program, and end as it ends."""
    try:
        run_main(arguments)
    except SystemExit as end:
        if not isinstance(end.code, int):
            raise
        end_process(end.code)
    end_process(0)


def end_process(status: int) -> NoReturn:
    """End as an interpreter does, but leave the objects of the modules to the kernel.

    Python would write to each of them to free it, and the kernel copy each page for that: most of
    what a short command costs.
    """
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def run_main(arguments: Sequence[str]) -> None:
    if arguments[0] == "-m":
        _, module, *sys.argv[1:] = arguments
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [*arguments]
        runpy.run_path(arguments[0], run_name="__main__")


def import_simulators() -> None:
    """Import what a fork server imports, so that its fork has it."""
    from quantumtask.engines.selection.methods import engine_version
    from quantumtask.engines.simulators.base import load_engine
    from quantumtask.shared.task import ENGINES

    for name in ENGINES:
        if engine_version(name) is not None:
            load_engine(name)


class PreparedChild:
    """A child that becomes a program of multiprocessing once the worker starts it.

    The child is forked before the worker has threads, files or secrets. It imports nothing more:
    the simulators are there.
    """

    def __init__(self) -> None:
        self._order, order = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = os.fork()
        if self._pid == 0:
            self._order.close()
            wait_for_order(order)
        order.close()

    def start(self, program: str, files: Sequence[int]) -> int:
        """Give the child its program and its files; return its process id."""
        environment = child_environment(os.environ)
        order = {"program": program, "environment": environment, "files": [*files]}
        socket.send_fds(self._order, [json.dumps(order).encode()], [*files])
        self._order.close()
        return self._pid


class PreparedChildren:
    """The children that become the fork server and the resource tracker of this worker.

    A second one of each is a new interpreter, as usual.
    """

    def __init__(self) -> None:
        self._children = {program: PreparedChild() for program in PROGRAMS}
        self._spawn = util.spawnv_passfds
        util.spawnv_passfds = self.spawn  # type: ignore[assignment]

    def spawn(self, path: Any, arguments: Sequence[Any], files: Sequence[int]) -> int:
        """Start a program, as `multiprocessing.util.spawnv_passfds` does."""
        program = str(arguments[-1])
        if child := self._children.pop(program.partition(";")[0], None):
            return child.start(program, files)
        return int(self._spawn(path, arguments, files))


def wait_for_order(order: socket.socket) -> NoReturn:
    """Become a program with the files of the worker, or end with it."""
    text, files, *_ = socket.recv_fds(order, 1 << 20, 10)
    if not text:
        os._exit(0)
    request = json.loads(text)
    # The program names its files by the worker's numbers. All others are closed, as by exec.
    copies = [fcntl.fcntl(file, fcntl.F_DUPFD, HIGH) for file in files]
    order.detach()
    os.closerange(3, HIGH)
    for copy, number in zip(copies, request["files"], strict=True):
        os.dup2(copy, number)
        os.close(copy)
    os.environ.clear()
    os.environ.update(request["environment"])
    if request["program"].startswith(FORK_SERVER):
        Path("/proc/self/comm").write_text("forkserver")
    with suppress(SystemExit):  # a fork server ends with it
        exec(request["program"], {})
    atexit._run_exitfuncs()
    os._exit(0)  # as in `end_process`; a resource tracker has closed its standard output


def main() -> None:
    listener, kind = socket.socket(fileno=int(sys.argv[1])), sys.argv[2]
    listener.set_inheritable(False)
    for module in ("quantumtask.cli.app", *MODULES[kind]):
        importlib.import_module(module)
    if kind == "worker":
        import_simulators()
    assert len([*Path("/proc/self/task").iterdir()]) == 1, "importing has started a thread"
    gc.freeze()
    if request := serve(listener):
        become(request)
        if kind == "worker":
            PreparedChildren()
        run(request["arguments"])


if __name__ == "__main__":
    main()
