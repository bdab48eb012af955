"""Backup: a copy of the SQLite file as of one moment, made while services write to it."""

from pathlib import Path

from quantumtask.shared.errors import QuantumTaskError


class BackupError(QuantumTaskError):
    """A backup that was not made; the message has the remedy."""


def back_up(source: Path, target: Path) -> None:
    """Copy the database to a new file, which is complete and durable, or does not exist.

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
