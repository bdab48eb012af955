"""Commands for the service of a data folder: status, stop, logs."""

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quantumtask.cli.commands.terminal import exit_with
from quantumtask.shared.data_folder import RUN_FOLDER, has_run_data
from quantumtask.shared.installation import as_typed
from quantumtask.shared.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from quantumtask.cli.supervisor.folder_lock import FolderOwner

NOT_RUNNING = 3
STOP_S = 20.0
"""Time for the end of the service beyond the time for running tasks (`drain_s`)."""
DataDirOption = Annotated[
    Path | None, typer.Option(help="Data folder of the service; default: that of `quantumtask up`.")
]


def status(
    data_dir: DataDirOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Show whether the service runs; exit status 3: it does not, 1: it does not answer."""
    settings = _settings(data_dir)
    owner = _owner(settings)
    report: dict[str, Any] = {"running": owner is not None, "data_dir": str(settings.data_dir)}
    if owner is not None:
        services = {"api": _answers(owner.url), "worker": _answers(owner.worker_url)}
        report |= {
            "ready": owner.ready and all(services.values()),
            "pid": owner.pid,
            "url": owner.url,
            "version": owner.version,
            "uptime_s": round(time.time() - owner.started_at),
            "services": services,
        }
    print(json.dumps(report) if as_json else as_typed("\n".join(_lines(report))))
    if owner is None:
        raise typer.Exit(NOT_RUNNING)
    raise typer.Exit(0 if report["ready"] else 1)


def stop(data_dir: DataDirOption = None) -> None:
    """Stop the service of a data folder, and wait for its end; running circuits have 10 s left."""
    settings = _settings(data_dir)
    owner = _owner(settings)
    if owner is None:
        print("\n".join(_absence(settings.data_dir)))
        return
    try:
        os.kill(owner.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    except PermissionError:
        exit_with(f"process {owner.pid} is of another user, who must stop it.", 1)
    if not _lock(settings).wait_until_free(settings.drain_s + STOP_S):
        exit_with(f"process {owner.pid} did not end; kill it: kill -9 {owner.pid}", 1)
    print(f"Stopped process {owner.pid}, which served {owner.url}.")


def logs(
    service: Annotated[
        str | None, typer.Argument(help="api, worker or up; default: all.", show_default=False)
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show new lines, too.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="Newest lines.")] = 20,
    data_dir: DataDirOption = None,
) -> None:
    """Show the newest lines of the logs; a line of all logs begins with the name of its log."""
    from quantumtask.cli.supervisor import log_files

    settings = _settings(data_dir)
    if service not in (None, *log_files.LOG_NAMES):
        choices = ", ".join(log_files.LOG_NAMES)
        exit_with(f"SERVICE: must be one of {choices}; got {service!r}.", 2)
    names = (service,) if service else log_files.LOG_NAMES
    files = {name: log_files.log_file(settings.data_dir, name) for name in names}
    if not any(file.exists() for file in files.values()):
        folder = log_files.log_folder(settings.data_dir)
        exit_with("\n".join([f"there is no log in {folder}.", *_other_data()]), NOT_RUNNING)

    def show(name: str, line: str) -> None:
        print(line if service else f"{name:6} {line}", flush=True)

    with suppress(KeyboardInterrupt):
        for name, file in files.items():
            for line in log_files.newest_lines(file, lines):
                show(name, line)
        if follow:
            log_files.follow(files, show)


def _settings(data_dir: Path | None) -> Settings:
    try:
        settings = load_settings(data_dir=data_dir)
    except SettingsError as error:
        exit_with(str(error), 2)
    return settings


def _lock(settings: Settings) -> Any:
    from quantumtask.cli.supervisor.folder_lock import FolderLock

    return FolderLock(settings.data_dir)


def _owner(settings: Settings) -> "FolderOwner | None":
    owner: FolderOwner | None = _lock(settings).owner()
    return owner


def _answers(url: str) -> bool:
    from quantumtask.client import Client

    with Client(url) as client:
        return client.health()


def _absence(folder: Path | str) -> list[str]:
    return [f"No service runs on {folder}.", *_other_data()]


def _other_data() -> list[str]:
    """Return a line about the data of `make run` in the current folder, if there is some."""
    if not has_run_data(os.environ):
        return []
    return [f"The data of `make run` is in {RUN_FOLDER}: --data-dir {RUN_FOLDER}"]


def _lines(report: dict[str, Any]) -> list[str]:
    if not report["running"]:
        from quantumtask.cli.supervisor.preparation import data_option

        folder = Path(report["data_dir"])
        option = data_option(Settings(folder))
        return [*_absence(folder), f"Start it: quantumtask up --detach{option}"]
    dead = [name for name, answers in report["services"].items() if not answers]
    state = f"does not answer: {', '.join(dead)}" if dead else "runs"
    if not dead and not report["ready"]:
        state = "starts"
    uptime = report["uptime_s"]
    return [
        f"QuantumTask {report['version']} {state}",
        f"URL            {report['url']}",
        f"Process        {report['pid']}, for {uptime // 3600} h {uptime // 60 % 60} min",
        f"Data folder    {report['data_dir']}",
    ]
