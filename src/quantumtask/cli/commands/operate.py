"""Commands of operators: up, api, worker, doctor, backup; `service` has status, stop and logs."""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from quantumtask.cli.commands.database import choose_folder
from quantumtask.cli.commands.terminal import exit_with
from quantumtask.shared.errors import QuantumTaskError
from quantumtask.shared.settings import PREFIX, Settings, SettingsError, load_settings


def up(
    host: Annotated[str | None, typer.Option(help="Address the API listens on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the API.")] = None,
    worker_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the Worker; only the API uses it.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the database and the logs.")
    ] = None,
    slots: Annotated[
        int | None, typer.Option(min=0, help="Circuits that run at the same time; 0: one per core.")
    ] = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Require no token, although others may reach the address."),
    ] = False,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Go on in the background: status, stop, logs.")
    ] = False,
    in_background: Annotated[bool, typer.Option("--in-background", hidden=True)] = False,
) -> None:
    """Start the API and the Worker, run a first circuit, and keep both running until Ctrl-C.

    Exit status: 0, it was stopped; 1, it cannot start; 2, a wrong option or setting.
    """
    from quantumtask.shared.processes import keep_files_private

    keep_files_private()
    try:
        settings = load_settings(
            host=host,
            port=port,
            worker_port=worker_port,
            data_dir=data_dir,
            slots=slots,
            auth="off" if insecure else None,
        )
        settings = replace(settings, data_dir=settings.data_dir.absolute())
        status = _detach(settings) if detach else _supervise(settings, in_background)
    except SettingsError as error:
        exit_with(str(error), 2)
    except QuantumTaskError as error:
        exit_with(f"the database cannot be used: {error}", 1)
    raise typer.Exit(status)


def _supervise(settings: Settings, detached: bool) -> int:
    from quantumtask.cli.supervisor.up import Supervisor

    return Supervisor(settings, detached).run()


def _detach(settings: Settings) -> int:
    from quantumtask.cli.supervisor.background import start_detached
    from quantumtask.cli.supervisor.preparation import StartError
    from quantumtask.cli.supervisor.up import settings_environment

    try:
        return start_detached(settings, settings_environment(settings), print)
    except StartError as error:
        exit_with(str(error), 1)


def api(context: typer.Context) -> None:
    """Run the API alone; `quantumtask api --help` lists its options."""
    _service("api", context)


def worker(context: typer.Context) -> None:
    """Run one Worker alone; `quantumtask worker --help` lists its options."""
    _service("worker", context)


def doctor(
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the database and the logs.")
    ] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the API.")] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Check this machine, the database and the settings; exit with 1 if there is a problem."""
    from quantumtask.cli.doctor import run_checks

    options = {"DATA_DIR": data_dir, "PORT": port}
    variables = {PREFIX + name: str(value) for name, value in options.items() if value is not None}
    raise typer.Exit(run_checks({**os.environ, **variables}, as_json))


def backup(
    file: Annotated[
        Path, typer.Argument(help="The new file, which must not exist; -: standard output.")
    ],
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the database.")] = None,
) -> None:
    """Copy the SQLite database to a file; docs/how-to/backup.md explains how to restore it."""
    from quantumtask.shared.database.backup import back_up, stream_backup
    from quantumtask.shared.processes import keep_files_private

    keep_files_private()
    try:
        settings = load_settings(data_dir=choose_folder(data_dir))
        if settings.database:
            exit_with(
                "backup copies SQLite alone; for PostgreSQL use pg_dump: docs/how-to/backup.md.", 2
            )
        if file == Path("-"):
            size = stream_backup(settings.database_file, sys.stdout.buffer)
        else:
            size = back_up(settings.database_file, file)
    except SettingsError as error:
        exit_with(str(error), 2)
    except (OSError, QuantumTaskError) as error:
        exit_with(f"backup failed: {error}", 1)
    name = "standard output" if file == Path("-") else file
    typer.echo(f"{name}: {size:,} bytes, checked.", err=file == Path("-"))


def _service(name: str, context: typer.Context) -> None:
    from quantumtask.cli import serve

    serve.run_service(name, context.args)
