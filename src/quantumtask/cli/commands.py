"""The terminal's commands. Exit status: 0 fine, 1 the task failed, was cancelled or is not valid,
2 wrong usage or a file that cannot be read, 3 the service cannot be reached or refused.

Imports httpx and rich where a command needs them: `--help` and a misspelt option answer at once.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from quantumtask.cli.parameters import Parameters, given
from quantumtask.shared.settings import SettingsError, load
from quantumtask.version import __version__

if TYPE_CHECKING:
    from rich.console import RenderableType

    from quantumtask.client import Client, Task, TaskFailed

app = typer.Typer(
    help="Runs OpenQASM 3 circuits: starts the service, or talks to one.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print the service's JSON and nothing else.")]
Url = Annotated[
    str | None,
    typer.Option(help="The service; default: QUANTUMTASK_URL, then http://127.0.0.1:8000."),
]
Engine = Annotated[
    str | None, typer.Option(help="What runs it: a name of `quantumtask engines`; default: auto.")
]
Method = Annotated[str | None, typer.Option(help="A method of that engine.")]
Shots = Annotated[int | None, typer.Option(help="How often to run it; default 1024.")]
File = Annotated[str, typer.Argument(help="OpenQASM 3 text in UTF-8; - reads standard input.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the task has ended.")]
TaskId = Annotated[str, typer.Argument(metavar="ID", help="The task's id.")]
FORWARDED = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def _version(asked: bool) -> None:
    if asked:
        print(f"quantumtask {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


@app.command()
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
    from quantumtask.cli.up import Supervisor

    try:
        settings = load(
            host=host, port=port, worker_port=worker_port, data_dir=data_dir, slots=slots
        )
    except SettingsError as error:
        _stop(str(error), 2)
    raise typer.Exit(Supervisor(settings).run())


@app.command(context_settings=FORWARDED)
def api(context: typer.Context) -> None:
    """Run the API alone; `quantumtask api --help` tells its options."""
    _service("api", context)


@app.command(context_settings=FORWARDED)
def worker(context: typer.Context) -> None:
    """Run one Worker alone; `quantumtask worker --help` tells its options."""
    _service("worker", context)


@app.command()
def doctor(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object and nothing else.")
    ] = False,
) -> None:
    """Look at all that a service needs here, and say what to do; 1: something is wrong."""
    from quantumtask.cli.doctor import examine

    raise typer.Exit(examine(os.environ, as_json))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="The file to be made; it must not be there yet.")],
    data_dir: Annotated[Path | None, typer.Option(help="Folder of the database.")] = None,
) -> None:
    """Copy SQLite's database to a file, while services run; docs/backup.md says how to restore."""
    from quantumtask.shared.backup import back_up
    from quantumtask.shared.errors import QuantumTaskError

    try:
        settings = load(data_dir=data_dir)
        if settings.database:
            _stop("PostgreSQL has its own: pg_dump. See docs/backup.md.", 2)
        back_up(settings.database_file, file)
    except SettingsError as error:
        _stop(str(error), 2)
    except (OSError, QuantumTaskError) as error:
        _stop(f"No backup was made: {error}", 1)
    print(f"{file}: {file.stat().st_size:,} bytes, read through and whole.")


def _service(name: str, context: typer.Context) -> None:
    from quantumtask.cli import services

    services.run(name, context.args)


@app.command()
def submit(
    file: File,
    shots: Shots = None,
    seed: Annotated[int | None, typer.Option(help="Makes the counts repeatable.")] = None,
    name: Annotated[str | None, typer.Option(help="A name to find the task by.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag; may be given often.")] = None,
    memory: Annotated[bool, typer.Option("--memory", help="Also keep each shot's bits.")] = False,
    timeout: Annotated[float | None, typer.Option(help="Most seconds it may run.")] = None,
    parameter: Parameters = None,
    engine: Engine = None,
    method: Method = None,
    owner: Annotated[
        str | None, typer.Option(help="Whose task it is; all get a fair share.")
    ] = None,
    priority: Annotated[
        int | None, typer.Option(help="-10 to 10: a higher one goes before all lower ones.")
    ] = None,
    wait: Wait = False,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Submit a circuit; with --wait, also show its counts."""
    parameters = given(parameter)
    circuit = _read(file)
    with _service_at(url) as service:
        task = service.submit(
            circuit,
            shots=shots,
            seed=seed,
            memory=memory or None,
            timeout_s=timeout,
            name=name,
            tags=tag or (),
            parameters=parameters,
            engine=engine,
            method=method,
            owner=owner,
            priority=priority,
        )
        if wait:
            _finish(_await(task), as_json)
        else:
            answer = {"task_id": task.id, "status": "submitted"}
            _print(answer, lambda show: show.submitted(task.id), as_json)


@app.command()
def validate(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="As for submit; - is standard input.")
    ],
    parameter: Parameters = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a file and nothing else.")
    ] = False,
) -> None:
    """Show all that is wrong with circuits, without a service; 0: valid, 1: not, 2: unreadable."""
    from quantumtask.api.parameters import parameters_text
    from quantumtask.cli import validate as here
    from quantumtask.worker.child import SlotBroken

    try:
        status = here.validate(files, parameters_text(given(parameter)), load(), as_json)
    except SettingsError as error:
        _stop(str(error), 2)
    except SlotBroken:
        why = f"{sys.executable} -c 'import quantumtask.openqasm'"
        _stop(f"Circuits cannot be read here. This says why: {why}", 3)
    raise typer.Exit(status)


@app.command()
def estimate(
    file: File,
    shots: Shots = None,
    parameter: Parameters = None,
    engine: Engine = None,
    method: Method = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """Show what a circuit would take, without running it; 1: it would fail."""
    parameters = given(parameter)
    circuit = _read(file)
    with _service_at(url) as service:
        answer = service.estimate(
            circuit, shots=shots, parameters=parameters, engine=engine, method=method
        )
        _print(answer, lambda show: show.estimate(answer), as_json)


@app.command()
def engines(as_json: Json = False, url: Url = None) -> None:
    """List what runs circuits, and how many qubits fit."""
    with _service_at(url) as service:
        answer = service.engines()
        _print(answer, lambda show: show.engines(answer), as_json)


@app.command()
def queue(as_json: Json = False, url: Url = None) -> None:
    """Show how many tasks wait and run, and whose."""
    with _service_at(url) as service:
        answer = service.queue()
        _print(answer, lambda show: show.queue(answer), as_json)


@app.command()
def result(task_id: TaskId, wait: Wait = False, as_json: Json = False, url: Url = None) -> None:
    """Show how a task went: its counts, or why it failed."""
    with _service_at(url) as service:
        task = service.task(task_id)
        _finish(_await(task) if wait else task.info(), as_json)


@app.command()
def cancel(task_id: TaskId, as_json: Json = False, url: Url = None) -> None:
    """Cancel a task that has not ended."""
    with _service_at(url) as service:
        task = service.task(task_id)
        task.cancel()
        answer = {"task_id": task.id, "status": "cancelled"}
        _print(answer, lambda show: f"Cancelled {show.plain(task_id)}", as_json)


@app.command("list")
def list_tasks(
    status: Annotated[str | None, typer.Option(help="Only tasks in this state.")] = None,
    name: Annotated[str | None, typer.Option(help="Only tasks of this name.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many, 1 to 100.")] = None,
    cursor: Annotated[str | None, typer.Option(help="Go on after an earlier page.")] = None,
    as_json: Json = False,
    url: Url = None,
) -> None:
    """List tasks, newest first."""
    with _service_at(url) as service:
        page = service.page(status=status, name=name, tag=tag, limit=limit, cursor=cursor)
        _print(page, lambda show: show.tasks(page), as_json)


@contextmanager
def _service_at(url: str | None) -> Iterator["Client"]:
    """A client whose errors become a sentence and exit status 3."""
    from quantumtask.client import Client, ServiceError, TaskFailed, Unreachable

    try:
        with Client(url) as client:
            yield client
    except TaskFailed as error:
        _stop(_reasons(error), 1)
    except ServiceError as error:
        _stop(f"The service refused: {error.detail}", 3)
    except (Unreachable, TimeoutError) as error:
        _stop(str(error), 3)
    except UnicodeEncodeError:
        _stop("Names, tags, parameters and ids must be UTF-8 text.", 2)


def _reasons(error: "TaskFailed") -> str:
    """Why a circuit cannot be run: a line for each of its problems."""
    from quantumtask.cli.show import plain, reasons

    problems = reasons([asdict(each) for each in error.problems])
    return "It would fail: " + "\n  ".join(problems or [plain(error.detail)])


def _read(file: str) -> str:
    try:
        content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        return content.decode("utf-8-sig")
    except OSError as error:
        _stop(f"{file} cannot be read: {error.strerror}.", 2)
    except UnicodeDecodeError as error:
        _stop(f"{file} is not UTF-8 text (byte {error.start + 1}).", 2)


def _await(task: "Task") -> dict[str, Any]:
    """Waits for the end of a task; a terminal sees its state and the seconds go by meanwhile."""
    try:
        return task.wait()
    except KeyboardInterrupt:
        _stop(f"It goes on without you. Fetch it: quantumtask result {task.id} --wait", 130)


def _finish(task: dict[str, Any], as_json: bool) -> None:
    _print(task, lambda show: show.task(task), as_json)
    raise typer.Exit(1 if task["status"] in ("failed", "cancelled") else 0)


def _print(answer: Any, render: Callable[[Any], "RenderableType"], as_json: bool) -> None:
    """Prints an answer as JSON, or as `render` makes it of the module `show`."""
    if as_json:
        print(json.dumps(answer))
        return
    from quantumtask.cli import show

    show.console().print(render(show))


def _stop(sentence: str, status: int) -> NoReturn:
    print(f"quantumtask: {sentence}", file=sys.stderr)
    raise typer.Exit(status)
