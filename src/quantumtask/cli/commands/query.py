"""Commands that ask and change nothing, from `validate` to `watch`."""

import sys
from importlib.util import find_spec
from typing import Annotated, Any

import typer

from quantumtask.cli.commands import options as ask
from quantumtask.cli.commands.parameter_syntax import Parameters, given
from quantumtask.cli.commands.terminal import answered, read, service_at, stop
from quantumtask.shared.settings import SettingsError, load_settings

PARSERS = ("qdk", "openqasm3")
"""With one of these, circuits can be read on this machine."""


def validate(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="As for submit; - is standard input.")
    ],
    param: Parameters = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a file and nothing else.")
    ] = False,
    url: ask.Url = None,
) -> None:
    """Show all that is wrong with circuits; 0: valid, 1: not, 2: unreadable.

    Needs no service where the packages of the server are installed.
    """
    from quantumtask.cli.commands.validate import validate

    parameters = given(param)
    try:
        most = load_settings().max_circuit_bytes
    except SettingsError as error:
        stop(str(error), 2)
    if any(map(find_spec, PARSERS)):
        raise typer.Exit(_validate_here(files, parameters, as_json))
    with service_at(url) as service:
        status = validate(files, lambda t: service.validate(t, parameters), most, as_json)
    raise typer.Exit(status)


def _validate_here(files: list[str], parameters: dict[str, Any] | None, as_json: bool) -> int:
    from quantumtask.api.schemas.parameters import parameters_text
    from quantumtask.cli.commands import local_validation
    from quantumtask.cli.commands.validate import validate
    from quantumtask.worker.slots.child_process import SlotBroken

    settings = load_settings()
    try:
        with local_validation.reader(parameters_text(parameters), settings) as look:
            return validate(files, look, settings.max_circuit_bytes, as_json)
    except SlotBroken:
        why = f"{sys.executable} -c 'import quantumtask.openqasm'"
        stop(f"Circuits cannot be read here. This says why: {why}", 3)


def estimate(
    file: ask.File,
    shots: ask.Shots = None,
    param: Parameters = None,
    engine: ask.Engine = None,
    method: ask.Method = None,
    as_json: ask.Json = False,
    url: ask.Url = None,
) -> None:
    """Show what a circuit would take, without running it; 1: it would fail."""
    from quantumtask.cli.render import service_view

    parameters = given(param)
    circuit = read(file)
    with service_at(url) as service:
        answer = service.estimate(
            circuit, shots=shots, parameters=parameters, engine=engine, method=method
        )
        answered(answer, lambda _: service_view.estimate(answer), as_json)


def engines(as_json: ask.Json = False, url: ask.Url = None) -> None:
    """List what runs circuits, and how many qubits fit."""
    from quantumtask.cli.render import service_view

    with service_at(url) as service:
        answer = service.engines()
        answered(answer, lambda _: service_view.engines(answer), as_json)


def backends(
    name: Annotated[str | None, typer.Argument(help="Tell all of this one.")] = None,
    as_json: ask.Json = False,
    url: ask.Url = None,
) -> None:
    """List what a circuit may be compiled for: the simulator, and noisy twins of devices."""
    from quantumtask.cli.render import service_view

    with service_at(url) as service:
        answer = service.backend(name) if name else service.backends()
        shown = service_view.backend if name else service_view.backends
        answered(answer, lambda _: shown(answer), as_json)


def queue(as_json: ask.Json = False, url: ask.Url = None) -> None:
    """Show how many tasks wait and run, and whose."""
    from quantumtask.cli.render import service_view

    with service_at(url) as service:
        answer = service.queue()
        answered(answer, lambda _: service_view.queue(answer), as_json)


def list_tasks(
    status: Annotated[str | None, typer.Option(help="Only tasks in this state.")] = None,
    name: Annotated[str | None, typer.Option(help="Only tasks of this name.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only tasks with this tag.")] = None,
    limit: Annotated[int | None, typer.Option(help="At most so many, 1 to 100.")] = None,
    cursor: Annotated[str | None, typer.Option(help="Go on after an earlier page.")] = None,
    as_json: ask.Json = False,
    url: ask.Url = None,
) -> None:
    """List tasks, newest first."""
    with service_at(url) as service:
        page = service.page(status=status, name=name, tag=tag, limit=limit, cursor=cursor)
        answered(page, lambda show: show.tasks(page), as_json)


def watch(
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Look once; a pipe does that, too.")] = False,
    url: ask.Url = None,
) -> None:
    """Show queue, workers and the newest tasks, live, until Ctrl-C."""
    from quantumtask.cli.render import watch

    with service_at(url) as service:
        watch.watch(service, every, once)
