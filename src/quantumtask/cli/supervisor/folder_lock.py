"""The lock on a data folder: one `quantumtask up` has a folder, and says who it is."""

import fcntl
import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

PROBE_S = 0.2
"""Time after which `status` and others, which look for an owner, have dropped the lock again."""


@dataclass(frozen=True)
class FolderOwner:
    """The `quantumtask up` that has a data folder.

    Attributes:
        pid: Its process id.
        url: Address of its API.
        worker_url: Address of its worker.
        version: Version of QuantumTask.
        started_at: Time of its start, in seconds since 1970.
        ready: True once it has run a first circuit.
    """

    pid: int
    url: str
    worker_url: str
    version: str
    started_at: float
    ready: bool = False


class FolderLock:
    """A lock that the kernel drops when its process ends, however it ends."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "up.lock"
        self._handle: int | None = None
        self._owner: FolderOwner | None = None

    def take(self, owner: FolderOwner) -> bool:
        """Take the lock; return False if another process has it."""
        handle = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
        end = time.monotonic() + PROBE_S
        while not _lock(handle):
            if time.monotonic() > end:
                os.close(handle)
                return False
            time.sleep(PROBE_S / 20)
        self._handle = handle
        self._write(owner)
        return True

    def announce_ready(self) -> None:
        """Say that the services answer."""
        if self._owner is not None:
            self._write(replace(self._owner, ready=True))

    def owner(self) -> FolderOwner | None:
        """Return the process that has the lock; None if none has it."""
        with suppress(OSError):
            handle = os.open(self._file, os.O_RDONLY)
            try:
                return None if _lock(handle) else _read(handle)
            finally:
                os.close(handle)
        return None

    def wait_until_free(self, seconds: float) -> bool:
        """Wait until no process has the lock; return False if one still has it."""
        end = time.monotonic() + seconds
        while self.owner() is not None:
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def drop(self) -> None:
        """Drop the lock, if this process has it. The file stays: others may wait for its lock."""
        if self._handle is not None:
            os.ftruncate(self._handle, 0)
            os.close(self._handle)
            self._handle = None

    def _write(self, owner: FolderOwner) -> None:
        assert self._handle is not None
        self._owner = owner
        content = json.dumps(asdict(owner)).encode()
        os.pwrite(self._handle, content, 0)
        os.ftruncate(self._handle, len(content))


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(handle: int) -> FolderOwner:
    """Return the content of the file; the owner may be about to write it."""
    content: Mapping[str, Any] = {}
    with suppress(ValueError):
        content = json.loads(os.pread(handle, 10_000, 0))
    defaults = {"pid": 0, "url": "", "worker_url": "", "version": "", "started_at": 0.0}
    names = {field.name for field in fields(FolderOwner)}
    return FolderOwner(**{**defaults, **{k: v for k, v in content.items() if k in names}})
