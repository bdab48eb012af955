"""A `quantumtask` on the PATH of a shell, whose runs are forks of the launcher of commands.

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

PROGRAM = f"""#!{sys.executable} -IS
import json, os, socket, sys
from pathlib import Path
if "--show-completion" in sys.argv:  # this asks for the shell that is its parent
    os.execv(sys.executable, [sys.executable, "-m", "quantumtask", *sys.argv[1:]])
server = socket.socket(socket.AF_UNIX)
server.connect(str(Path(__file__).with_name("socket")))
run = {{
    "arguments": ["-m", "quantumtask", *sys.argv[1:]],
    "environment": dict(os.environ),
    "files": [f"/proc/{{os.getpid()}}/fd/{{number}}" for number in range(3)],
    "folder": os.getcwd(),
}}
server.sendall(json.dumps(run).encode() + b"\\n")
sys.exit(int(server.makefile().readline()))
"""


@contextmanager
def command_folder(folder: Path) -> Iterator[Path]:
    """Yield a folder for the front of PATH that has the command `quantumtask`.

    Args:
        folder: Where the folder is made; its path is short enough for the name of a socket.
    """
    path = folder / "bin"
    path.mkdir()
    command = path / "quantumtask"
    command.write_text(PROGRAM)
    command.chmod(0o755)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path / "socket"))
        server.listen()
        thread = Thread(target=_serve, args=[server])
        thread.start()
        try:
            yield path
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(server: socket.socket) -> None:
    """Run one command after the other until the socket is shut down."""
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        with connection, connection.makefile("rw") as lines:
            lines.write(f"{_run(**json.loads(lines.readline()))}\n")


def _run(arguments: list[str], environment: dict[str, str], files: list[str], folder: str) -> int:
    assert launcher.can_fork(environment), "the shell has changed how Python starts"
    return launcher.launch("command", arguments, environment, *files, folder=folder).wait(300)
