"""A copy of SQLite's file as it is at one moment, made while services go on writing it."""

from pathlib import Path

from quantumtask.shared.errors import QuantumTaskError


class BackupError(QuantumTaskError):
    """Why no copy was made; the message says what to do."""


def back_up(source: Path, target: Path) -> None:
    """Copies the database to a new file that holds all of it: whole and durable, or not there.

    Raises BackupRefused, StoreUnavailable or OSError.
    """
    from quantumtask.shared.database.sqlite import copy_database

    if not source.exists():
        raise BackupError(f"{source} is not there: is QUANTUMTASK_DATA_DIR right?")
    if target.exists():
        raise BackupError(f"{target} is there already, and is left as it is.")
    unfinished = target.with_name(target.name + ".unfinished")
    unfinished.unlink(missing_ok=True)
    try:
        copy_database(source, unfinished)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
