"""Runs the programs of the pages about clients of other clouds, where nothing but loopback is up.

`python -m tests.doors.journey` starts a service and prints the output of each page's programs. In a
network namespace of its own (`unshare -n`), no client can reach a vendor.
"""

import fcntl
import re
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.services import Service

DOCS = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = {"ionq": DOCS / "ionq.md", "qbraid": DOCS / "qbraid.md"}
"""The page of each door."""

SIOCSIFFLAGS, IFF_UP = 0x8914, 1


def start_loopback() -> None:
    """Let this network namespace have its loopback; elsewhere it is up already."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def programs(page: Path) -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def run_pages(url: str, folder: Path) -> None:
    for door, page in PAGES.items():
        for program in programs(page):
            script = folder / "script.py"
            script.write_text(program)
            command = ["run", "--door", door, "--url", url, sys.executable, "-W", "ignore"]
            done = subprocess.run(
                [sys.executable, "-m", "quantumtask", *command, str(script)],
                cwd=folder, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            print(door, done.stdout, flush=True)


if __name__ == "__main__":
    if "--alone" in sys.argv:
        start_loopback()
    with tempfile.TemporaryDirectory() as name:
        service = Service(Path(name), slots=1)
        try:
            run_pages(service.start().url, Path(name))
        finally:
            service.stop()
