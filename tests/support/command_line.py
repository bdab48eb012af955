"""The command `quantumtask`, run as a process."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile

from tests.support.launcher import ChildProcess, can_fork, launch

Run = subprocess.CompletedProcess[str]


def environment(url: str | None = None, **more: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("QUANTUMTASK_")}
    # As in an environment that is activated: messages name the command `quantumtask`.
    path = f"{Path(sys.executable).parent}{os.pathsep}{clean.get('PATH', '')}"
    return {**clean, "PATH": path, **({"QUANTUMTASK_URL": url} if url else {}), **more}


def quantumtask(*arguments: str, url: str | None = None, stdin: str = "", **more: str) -> Run:
    """Run the command without a terminal, as a script does."""
    with TemporaryFile() as source, TemporaryFile() as out, TemporaryFile() as err:
        source.write(stdin.encode())
        source.seek(0)
        files = (source.fileno(), out.fileno(), err.fileno())
        status = start(arguments, files, environment(url, **more)).wait(300)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode())
    return subprocess.CompletedProcess(arguments, status, *texts)


def start(
    arguments: Sequence[str], files: tuple[int, int, int], variables: Mapping[str, str]
) -> ChildProcess:
    """Start the command with its three files: a fork of a launcher, if it can be."""
    command = ["-m", "quantumtask", *arguments]
    if can_fork(variables):
        names = [f"/proc/{os.getpid()}/fd/{file}" for file in files]
        return launch("command", command, variables, *names)
    stdin, stdout, stderr = files
    return subprocess.Popen(
        [sys.executable, *command],
        env=variables,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,
    )


def read_until(terminal: int, condition: Callable[[str], object], limit: float = 120) -> None:
    """Read what the other side of a terminal writes until the whole text fulfils a condition."""
    text, end = "", time.monotonic() + limit
    while not condition(text):
        ready, _, _ = select.select([terminal], [], [], max(0, end - time.monotonic()))
        part = read_terminal(terminal) if ready else b""
        assert part, f"not so at the end, or within {limit} s: {text[-5000:]}"
        text += part.decode(errors="replace")


def read_terminal(terminal: int) -> bytes:
    """Return the text that the other side of a terminal wrote; b"" after a hangup (EIO)."""
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""
