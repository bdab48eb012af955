"""Commands of who runs the service: up, api, worker, doctor, backup."""

import os
from pathlib import Path
from typing import Annotated

import typer

from quantumtask.cli.commands.terminal import stop
from quantumtask.shared.settings import SettingsError, load_settings


def up(
    host: Annotated[str | None, typer.Option(help="Address the API listens on.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the API.")] = None,
    worker_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Port of the Worker, on this machine only.")
    ] = None,
    data_dir: Annotated[Path | None, typer.Option(help="Folder of database and logs.")] = None,
    slots: Annotated[
        int | None, typer.Option(min=0, help="Circuits that run at once; 0: one for each core.")
    ] = None,
) -> None:
    """Start API and Worker, show that they work, and keep them up until Ctrl-C."""
    from quantumtask.cli.supervisor.up import Supervisor

    try:
        settings = load_settings(
            host=host, port=port, worker_port=worker_port, data_dir=data_dir, slots=slots
        )
    except SettingsError as error:
        stop(str(error), 2)
    raise typer.Exit(Supervisor(settings).run())


def api(context: typer.Context) -> None:
    """Run the API alone; `quantumtask api --help` tells its options."""
    _service("api", context)


def worker(context: typer.Context) -> None:
    """Run one Worker alone; `quantumtask worker --help` tells its options."""
    _service("worker", context)


def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Look at all that a service needs here, and say what to do; 1: something is wrong."""
    from quantumtask.cli.doctor import examine

    raise typer.Exit(examine(os.environ, as_json))


def backup(
    file: Annotated[Path, typer.Argument(help="The file to be made; it must not be there yet.")],
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the database.")] = None,
) -> None:
    """Copy the SQLite database to a file; docs/how-to/backup.md says how to restore it."""
    from quantumtask.shared.database.backup import back_up
    from quantumtask.shared.errors import QuantumTaskError

    try:
        settings = load_settings(data_dir=data_dir)
        if settings.database:
            stop("PostgreSQL has its own: pg_dump. See docs/how-to/backup.md.", 2)
        back_up(settings.database_file, file)
    except SettingsError as error:
        stop(str(error), 2)
    except (OSError, QuantumTaskError) as error:
        stop(f"No backup was made: {error}", 1)
    print(f"{file}: {file.stat().st_size:,} bytes, read through and whole.")


def _service(name: str, context: typer.Context) -> None:
    from quantumtask.cli import serve

    serve.run(name, context.args)
