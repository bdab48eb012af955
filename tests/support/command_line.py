"""The command `quantumtask`, run as a process."""

import os
import subprocess
import sys

Run = subprocess.CompletedProcess[str]


def environment(url: str | None = None, **more: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("QUANTUMTASK_")}
    return {**clean, **({"QUANTUMTASK_URL": url} if url else {}), **more}


def quantumtask(*arguments: str, url: str | None = None, stdin: str = "", **more: str) -> Run:
    """Run the command without a terminal, as a script does."""
    return subprocess.run(
        [sys.executable, "-m", "quantumtask", *arguments],
        env=environment(url, **more),
        input=stdin,
        capture_output=True,
        text=True,
    )


def read_terminal(terminal: int) -> bytes:
    """What the other side of a terminal wrote; nothing once it is closed, which Linux calls EIO."""
    try:
        return os.read(terminal, 1000)
    except OSError:
        return b""
