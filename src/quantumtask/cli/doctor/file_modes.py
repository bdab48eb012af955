"""Check of the modes of files: only the user of the services may read tasks and logs."""

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from quantumtask.cli.doctor.check_result import CheckResult, ok, warning
from quantumtask.shared.settings import Settings

CHECK = "files"
FOLDER_MODE, FILE_MODE = 0o700, 0o600


def check(settings: Settings) -> Iterator[CheckResult]:
    """Check the data folder, the database and the logs, as far as they exist."""
    folder = settings.data_dir.absolute()
    if not folder.is_dir():
        return
    open_files = [
        each for each in (folder, *_files(folder)) if _mode(each) & ~(FOLDER_MODE | FILE_MODE)
    ]
    for each in open_files:
        finding = f"other users may use {each} (mode {_mode(each):o})"
        right = FOLDER_MODE if each == folder else FILE_MODE
        yield warning(CHECK, finding, f"Run chmod {right:o} {each}")
    if not open_files:
        yield ok(CHECK, f"only this user may read {folder}, its database and its logs")


def _files(folder: Path) -> Iterator[Path]:
    for pattern in ("quantumtask.db*", "logs/*.log"):
        yield from sorted(folder.glob(pattern))


def _mode(file: Path) -> int:
    """Return the permissions of a file; 0 for one that has just been removed."""
    with suppress(OSError):
        return stat.S_IMODE(file.stat().st_mode)
    return 0
