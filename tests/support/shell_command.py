"""A `quantumtask` and a `python` on the PATH of a shell, whose runs are forks of a launcher.

Each command of a page would otherwise start an interpreter that imports everything again.
"""

import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

from tests.support import launcher

PROGRAM = """#!{interpreter} -IS
import json, os, socket, sys
from pathlib import Path
arguments = [*{first}, *sys.argv[1:]]
if sys.platform != "linux" or "--show-completion" in arguments:  # this asks for its shell
    os.execv({interpreter!r}, [{interpreter!r}, *arguments])
server = socket.socket(socket.AF_UNIX)
server.connect(str(Path(__file__).with_name("socket")))
run = {{
    "arguments": arguments,
    "environment": dict(os.environ),
    "files": [f"/proc/{{os.getpid()}}/fd/{{number}}" for number in range(3)],
    "folder": os.getcwd(),
}}
server.sendall(json.dumps(run).encode() + b"\\n")
sys.exit(int(server.makefile().readline()))
"""

FIRST_ARGUMENTS = {"quantumtask": ["-m", "quantumtask"], "python": []}
"""Each program, and the arguments that it gives to the interpreter before its own."""


@contextmanager
def command_folder(
    folder: Path, kind: str = "command", programs: tuple[str, ...] = ("quantumtask",)
) -> Iterator[Path]:
    """Yield a folder for the front of PATH that has the programs.

    Args:
        folder: Where the folder is made; its path is short enough for the name of a socket.
        kind: The launcher whose forks they are.
        programs: Some of FIRST_ARGUMENTS; `python` runs scripts alone.
    """
    path = folder / "bin"
    path.mkdir()
    for name in programs:
        program = path / name
        first = FIRST_ARGUMENTS[name]
        program.write_text(PROGRAM.format(interpreter=sys.executable, first=first))
        program.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path / "socket"))
        server.listen()
        thread = Thread(target=_serve, args=[server, kind])
        thread.start()
        try:
            yield path
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(server: socket.socket, kind: str) -> None:
    """Run commands, each of which may start others, until the socket is shut down."""
    threads = []
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            break
        threads.append(Thread(target=_answer, args=[connection, kind]))
        threads[-1].start()
    for each in threads:
        each.join()


def _answer(connection: socket.socket, kind: str) -> None:
    with connection, connection.makefile("rw") as lines:
        lines.write(f"{_run(kind, **json.loads(lines.readline()))}\n")


def _run(
    kind: str, arguments: list[str], environment: dict[str, str], files: list[str], folder: str
) -> int:
    assert launcher.can_fork(environment), "the shell has changed how Python starts"
    return launcher.launch(kind, arguments, environment, *files, folder=folder).wait(300)
