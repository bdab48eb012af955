"""Commands of operators: up, api, worker, doctor, backup."""

import os
from pathlib import Path
from typing import Annotated

import typer

from quantumtask.cli.commands.terminal import exit_with
from quantumtask.shared.settings import SettingsError, load_settings


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
) -> None:
    """Start the API and the Worker, run a first circuit, and keep both running until Ctrl-C."""
    from quantumtask.cli.supervisor.up import Supervisor

    try:
        settings = load_settings(
            host=host, port=port, worker_port=worker_port, data_dir=data_dir, slots=slots
        )
    except SettingsError as error:
        exit_with(str(error), 2)
    raise typer.Exit(Supervisor(settings).run())


def api(context: typer.Context) -> None:
    """Run the API alone; `quantumtask api --help` lists its options."""
    _service("api", context)


def worker(context: typer.Context) -> None:
    """Run one Worker alone; `quantumtask worker --help` lists its options."""
    _service("worker", context)


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Check this machine, the database and the settings; exit status 1: there is a problem."""
    from quantumtask.cli.doctor import run_checks

    raise typer.Exit(run_checks(os.environ, as_json))


def backup(
    file: Annotated[Path, typer.Argument(help="The new file; it must not exist.")],
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the database.")] = None,
) -> None:
    """Copy the SQLite database to a file; docs/how-to/backup.md explains how to restore it."""
    from quantumtask.shared.database.backup import back_up
    from quantumtask.shared.errors import QuantumTaskError

    try:
        settings = load_settings(data_dir=data_dir)
        if settings.database:
            exit_with(
                "backup copies SQLite alone; for PostgreSQL use pg_dump: docs/how-to/backup.md.", 2
            )
        back_up(settings.database_file, file)
    except SettingsError as error:
        exit_with(str(error), 2)
    except (OSError, QuantumTaskError) as error:
        exit_with(f"backup failed: {error}", 1)
    print(f"{file}: {file.stat().st_size:,} bytes, checked.")


def _service(name: str, context: typer.Context) -> None:
    from quantumtask.cli import serve

    serve.run_service(name, context.args)
