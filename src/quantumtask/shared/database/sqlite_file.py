"""The files of an open SQLite database: whether they are still there, and have room to grow."""

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from quantumtask.shared.errors import StoreUnavailable

ROOM_BYTES = 1024 * 1024
"""Space on the disk without which the database counts as full."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_GONE = (
    "the database file was removed or replaced while it was open: put the same file back, or "
    "restart the API and the workers on the file that is there"
)


class SqliteFiles:
    """The database file and its write-ahead log, as a connection has opened them.

    A process that has a file open writes to it also after the file was removed from its folder:
    without an error, and without a trace once the process has ended.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._log = path.with_name(path.name + "-wal")
        self._opened = _identify(path)
        self._opened_log: tuple[int, int] | None = None  # SQLite creates it with the first write

    def check(self) -> None:
        """Raise StoreUnavailable if the files in the folder are not those that were opened."""
        log = _identify(self._log)
        self._opened_log = self._opened_log or log
        if _identify(self._path) != self._opened or log != self._opened_log:
            raise StoreUnavailable(_GONE)

    def check_room(self) -> None:
        """Raise StoreUnavailable if the disk has no room for more tasks."""
        try:
            with tempfile.TemporaryFile(dir=self._path.parent) as file:
                _allocate(file.fileno())
        except OSError as error:
            reason = "the disk is full" if error.errno in _FULL else "its folder cannot be written"
            raise StoreUnavailable(reason) from error


def _identify(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from all others, of any name; None if there is no file."""
    with suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino
    return None


def _allocate(handle: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(handle, 0, ROOM_BYTES)
    else:
        os.write(handle, bytes(ROOM_BYTES))
