"""The folder of the database and the logs, if no setting and no option names another one."""

import sys
from collections.abc import Mapping
from pathlib import Path

DATA_FOLDER = Path("~/.local/share/quantumtask")
"""The default. XDG_DATA_HOME replaces its beginning, and macOS has another place for such data."""
RUN_FOLDER = Path("data")
"""The data folder of `make run`, in a clone of the repository."""
MACOS_DATA_FOLDER = Path("~/Library/Application Support/quantumtask")


def home_folder(environment: Mapping[str, str]) -> Path:
    """Return the home of this user; `/` for a user that the system has no entry for, as in systemd.

    systemd (DynamicUser) and containers run programs as such users.
    """
    if home := environment.get("HOME"):
        return Path(home)
    try:
        return Path.home()
    except RuntimeError:
        return Path("/")


def data_folder(folder: Path, environment: Mapping[str, str]) -> Path:
    """Return the folder that a setting means: the default on this system, `~` as the home."""
    if folder == DATA_FOLDER:
        folder = _default(sys.platform, environment)
    if folder.parts[:1] != ("~",):
        return folder
    return home_folder(environment).joinpath(*folder.parts[1:])


def has_run_data(environment: Mapping[str, str]) -> bool:
    """Return True if the current folder has a database of `make run`, and no variable names one."""
    chosen = {"QUANTUMTASK_DATA_DIR", "QUANTUMTASK_DATABASE", "QUANTUMTASK_DATABASE_FILE"}
    return chosen.isdisjoint(environment) and (RUN_FOLDER / "quantumtask.db").exists()


def two_folders(environment: Mapping[str, str]) -> str:
    """Return the sentence for a command that needs the option `--data-dir` here."""
    default = data_folder(DATA_FOLDER, environment)
    return (
        f"--data-dir: must name the database: --data-dir {RUN_FOLDER}, that of `make run` in this "
        f"folder, or --data-dir {default}, the default of `quantumtask up`."
    )


def _default(system: str, environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_DATA_HOME", "")
    if Path(base).is_absolute():  # the specification has other values ignored
        return Path(base, "quantumtask")
    return MACOS_DATA_FOLDER if system == "darwin" else DATA_FOLDER
