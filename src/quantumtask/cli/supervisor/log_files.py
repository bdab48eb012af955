"""The log files of `quantumtask up`: their names, their rotation, and their newest lines."""

import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from quantumtask.shared.settings import MIB

LOG_NAMES = ("api", "worker", "up")
"""The logs of the API and the worker, and the output of a detached `quantumtask up`."""
MAX_LOG_BYTES = 10 * MIB
KEPT_LOGS = 5
READ_S = 0.2


def log_folder(data_folder: Path) -> Path:
    """Return the folder of the logs."""
    return data_folder / "logs"


def log_file(data_folder: Path, name: str) -> Path:
    """Return the log file of a service."""
    return log_folder(data_folder) / f"{name}.log"


def rotate(log: Path, max_bytes: int = MAX_LOG_BYTES) -> None:
    """Move the content of a log that is too large to `NAME.log.1`, of older ones to `.2` to `.5`.

    The service that writes the log has it open to append: the file itself stays and is emptied. A
    line that arrives between the copy and the end of this call is lost.
    """
    with suppress(OSError):
        if log.stat().st_size <= max_bytes:
            return
        for number in range(KEPT_LOGS - 1, 0, -1):
            older = _numbered(log, number)
            if older.exists():
                older.replace(_numbered(log, number + 1))
        shutil.copyfile(log, _numbered(log, 1))
        os.truncate(log, 0)


def _numbered(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")


def newest_lines(log: Path, count: int) -> list[str]:
    """Return the last lines of a log; none if there is no such file."""
    with suppress(OSError), log.open(encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n") for line in deque(file, count)]
    return []


class LogReader:
    """The lines that a log gets from now on."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._position = self._size()
        self._rest = b""

    def lines(self) -> Iterator[str]:
        """Yield each complete line since the last call."""
        size = self._size()
        if size < self._position:  # rotated
            self._position, self._rest = 0, b""
        if size == self._position:
            return
        with self._log.open("rb") as file:
            file.seek(self._position)
            content = self._rest + file.read()
            self._position = file.tell()
        *complete, self._rest = content.split(b"\n")
        for line in complete:
            yield line.decode("utf-8", "replace")

    def _size(self) -> int:
        with suppress(OSError):
            return self._log.stat().st_size
        return 0


def follow(logs: dict[str, Path], show: Callable[[str, str], None]) -> None:
    """Call `show` with the name of the log and each new line, until an exception ends it."""
    readers = {name: LogReader(log) for name, log in logs.items()}
    while True:
        for name, reader in readers.items():
            for line in reader.lines():
                show(name, line)
        time.sleep(READ_S)
