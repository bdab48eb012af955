"""Backup: a copy of the SQLite file as of one moment, made while services write to it."""

import os
import shutil
from pathlib import Path
from typing import BinaryIO

from quantumtask.shared.errors import QuantumTaskError


class BackupError(QuantumTaskError):
    """A backup that was not made; the message has the remedy."""


def back_up(source: Path, target: Path) -> int:
    """Copy the database to a new file, which is complete and durable, or does not exist.

    Returns:
        The size of the file in bytes.

    Raises:
        BackupError: `source` does not exist, or `target` does.
        StoreUnavailable: The database cannot be read.
        OSError: The target cannot be written.
    """
    from quantumtask.shared.database.sqlite import copy_database

    if not source.exists():
        raise BackupError(f"{source} does not exist: check QUANTUMTASK_DATA_DIR")
    if target.exists():
        raise BackupError(f"{target} exists already: choose another file, or remove this one")
    unfinished = target.with_name(target.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        copy_database(source, unfinished)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return target.stat().st_size


def stream_backup(source: Path, output: BinaryIO) -> int:
    """Write a copy of the database to a stream, after the copy was made and verified beside it.

    In a container, the folder of the database may be the only one with room for a file.

    Returns:
        The number of bytes.

    Raises:
        BackupError: `source` does not exist, or the stream is a terminal.
        StoreUnavailable: The database cannot be read.
        OSError: The copy or the stream cannot be written.
    """
    if output.isatty():
        raise BackupError("standard output is a terminal: redirect it, as in `> tasks.db`")
    copy = source.with_name(f"{source.name}.backup-{os.getpid()}")
    try:
        size = back_up(source, copy)
        with copy.open("rb") as file:
            shutil.copyfileobj(file, output)
        output.flush()
    finally:
        copy.unlink(missing_ok=True)
    return size
