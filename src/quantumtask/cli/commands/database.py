"""The database of the service, for commands of its operator."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Protocol, TypeVar

import typer

from quantumtask.cli.commands.terminal import exit_with
from quantumtask.shared.data_folder import has_run_data, two_folders
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.settings import Settings, SettingsError, load_settings


def choose_folder(data_dir: Path | None) -> Path | None:
    """Return the option, or end the command where it is missing and two databases could be meant.

    A token that is created in the wrong database protects nothing.
    """
    if data_dir is None and has_run_data(os.environ):
        exit_with(two_folders(os.environ), 2)
    return data_dir


DataDirOption = Annotated[Path | None, typer.Option(help="Folder of the database.")]


class _Store(Protocol):
    def close(self) -> None: ...


S = TypeVar("S", bound=_Store)


@contextmanager
def open_store(kind: Callable[[Settings], S], data_dir: Path | None) -> Iterator[S]:
    """Open the database; end the command with a sentence if that fails or an argument is wrong."""
    from quantumtask.shared.processes import keep_files_private

    keep_files_private()
    try:
        store = kind(load_settings(data_dir=choose_folder(data_dir)))
        try:
            yield store
        finally:
            store.close()
    except (SettingsError, ValueError) as error:
        exit_with(str(error), 2)
    except (OSError, QuantumTaskError) as error:
        exit_with(f"the database cannot be used: {error}", 1)
