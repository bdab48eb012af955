"""Commands that read and change nothing, from `validate` to `watch`."""

import sys
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from quantumtask.cli.commands import options as ask
from quantumtask.cli.commands.parameter_syntax import ParametersOption, parse_parameters
from quantumtask.cli.commands.terminal import exit_with, open_client, print_answer, read_circuit
from quantumtask.cli.commands.times import parse_time
from quantumtask.shared.settings import SettingsError, load_settings

PARSERS = ("qdk", "openqasm3")
"""Packages of which one is enough to validate circuits on this machine."""


def validate(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE", help="File with OpenQASM 3; - reads standard input."),
    ],
    param: ParametersOption = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per file and nothing else.")
    ] = False,
    url: ask.UrlOption = None,
) -> None:
    """Show every problem of circuits; exit status 0: valid, 1: not valid, 2: cannot be read.

    Where the server's packages are installed, no service is needed.
    """
    from quantumtask.cli.commands.validate import validate_files

    parameters = parse_parameters(param)
    try:
        limit = load_settings().max_circuit_bytes
    except SettingsError as error:
        exit_with(str(error), 2)
    if any(map(find_spec, PARSERS)):
        raise typer.Exit(_validate_here(files, parameters, as_json))
    with open_client(url) as service:
        status = validate_files(files, lambda t: service.validate(t, parameters), limit, as_json)
    raise typer.Exit(status)


def _validate_here(files: list[str], parameters: dict[str, Any] | None, as_json: bool) -> int:
    from quantumtask.api.schemas.parameters import parameters_text
    from quantumtask.cli.commands import local_validation
    from quantumtask.cli.commands.validate import validate_files
    from quantumtask.worker.slots.child_process import ChildStartError

    settings = load_settings()
    try:
        with local_validation.open_validator(parameters_text(parameters), settings) as validator:
            return validate_files(files, validator, settings.max_circuit_bytes, as_json)
    except ChildStartError:
        command = f"{sys.executable} -c 'import quantumtask.openqasm'"
        exit_with(f"circuits cannot be parsed on this machine. To see the error: {command}", 3)


def estimate(
    file: ask.FileOption,
    shots: ask.ShotsOption = None,
    param: ParametersOption = None,
    engine: ask.EngineOption = None,
    method: ask.MethodOption = None,
    as_json: ask.JsonOption = False,
    url: ask.UrlOption = None,
) -> None:
    """Show engine, memory and time of a circuit without running it; exit status 1: it fails."""
    from quantumtask.cli.render import service_view

    parameters = parse_parameters(param)
    circuit = read_circuit(file)
    with open_client(url) as service:
        answer = service.estimate(
            circuit, shots=shots, parameters=parameters, engine=engine, method=method
        )
        print_answer(answer, lambda _: service_view.estimate(answer), as_json)


def engines(as_json: ask.JsonOption = False, url: ask.UrlOption = None) -> None:
    """List the engines, and the number of qubits that fit a slot."""
    from quantumtask.cli.render import service_view

    with open_client(url) as service:
        answer = service.engines()
        print_answer(answer, lambda _: service_view.engines(answer), as_json)


def backends(
    name: Annotated[str | None, typer.Argument(help="Show this backend in detail.")] = None,
    as_json: ask.JsonOption = False,
    url: ask.UrlOption = None,
) -> None:
    """List the backends: the simulator, and devices with their noise."""
    from quantumtask.cli.render import service_view

    with open_client(url) as service:
        answer = service.backend(name) if name else service.backends()
        view = service_view.backend if name else service_view.backends
        print_answer(answer, lambda _: view(answer), as_json)


def queue(as_json: ask.JsonOption = False, url: ask.UrlOption = None) -> None:
    """Show the numbers of waiting and running tasks, by owner."""
    from quantumtask.cli.render import service_view

    with open_client(url) as service:
        answer = service.queue()
        print_answer(answer, lambda _: service_view.queue(answer), as_json)


def usage(
    days: Annotated[int, typer.Option(min=1, help="Number of days, today included.")] = 30,
    as_json: ask.JsonOption = False,
    url: ask.UrlOption = None,
) -> None:
    """Show tasks, shots, processor seconds and bytes of results, by day and project."""
    from quantumtask.cli.render import service_view

    with open_client(url) as service:
        answer = service.usage(days)
        print_answer(answer, lambda _: service_view.usage(answer), as_json)


def list_tasks(
    status: Annotated[str | None, typer.Option(help="Only tasks in this state.")] = None,
    name: Annotated[str | None, typer.Option(help="Only tasks with this name.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    owner: Annotated[str | None, typer.Option(help="Only tasks of this owner.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            metavar="TIME", help="Only tasks since 1h, 2d, or a time such as 2027-01-31T09:30."
        ),
    ] = None,
    batches: Annotated[
        bool, typer.Option("--batches", help="List batches with their progress instead of tasks.")
    ] = False,
    limit: Annotated[int | None, typer.Option(help="Length of the page, 1 to 100.")] = None,
    cursor: Annotated[str | None, typer.Option(help="Cursor that the page before printed.")] = None,
    as_json: ask.JsonOption = False,
    url: ask.UrlOption = None,
) -> None:
    """List tasks, newest first, with engine, time and the reason of a failure."""
    if batches and (owner or since):
        exit_with(
            "--batches: goes with --status, --name and --tag, not with --owner or --since.", 2
        )
    filters: dict[str, Any] = {"status": status, "name": name, "tag": tag}
    filters |= {"limit": limit, "cursor": cursor}
    start = parse_time("--since", since) if since else None
    with open_client(url) as service:
        if batches:
            _print_list(service.batch_page(**filters), as_json)
        else:
            _print_list(service.page(**filters, owner=owner, since=start), as_json)


def _print_list(page: dict[str, Any], as_json: bool) -> None:
    """Print a page: short ids in a terminal, for people, and whole ones elsewhere."""
    from quantumtask.cli.render import style, task_list

    def view(_: Any) -> Any:
        short = style.console().is_terminal
        return (task_list.batches if "batches" in page else task_list.tasks)(page, short)

    print_answer(page, view, as_json)


def watch(
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two updates.")] = 1.0,
    once: Annotated[
        bool, typer.Option("--once", help="Print once and end, as into a pipe.")
    ] = False,
    url: ask.UrlOption = None,
) -> None:
    """Show the queue, the workers and the newest tasks, live, until Ctrl-C."""
    from quantumtask.cli.render import watch

    with open_client(url) as service:
        watch.watch(service, every, once)
