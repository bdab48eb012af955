"""Commands that ask and change nothing, from `validate` to `watch`."""

import sys
from typing import Annotated

import typer

from quantumtask.cli import options as ask
from quantumtask.cli.parameters import Parameters, given
from quantumtask.cli.terminal import answered, read, service_at, stop
from quantumtask.shared.settings import SettingsError, load


def validate(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="As for submit; - is standard input.")
    ],
    param: Parameters = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a file and nothing else.")
    ] = False,
) -> None:
    """Show all that is wrong with circuits, without a service; 0: valid, 1: not, 2: unreadable."""
    from quantumtask.api.parameters import parameters_text
    from quantumtask.cli import validate as here
    from quantumtask.worker.child import SlotBroken

    try:
        status = here.validate(files, parameters_text(given(param)), load(), as_json)
    except SettingsError as error:
        stop(str(error), 2)
    except SlotBroken:
        why = f"{sys.executable} -c 'import quantumtask.openqasm'"
        stop(f"Circuits cannot be read here. This says why: {why}", 3)
    raise typer.Exit(status)


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
    from quantumtask.cli import overview

    parameters = given(param)
    circuit = read(file)
    with service_at(url) as service:
        answer = service.estimate(
            circuit, shots=shots, parameters=parameters, engine=engine, method=method
        )
        answered(answer, lambda _: overview.estimate(answer), as_json)


def engines(as_json: ask.Json = False, url: ask.Url = None) -> None:
    """List what runs circuits, and how many qubits fit."""
    from quantumtask.cli import overview

    with service_at(url) as service:
        answer = service.engines()
        answered(answer, lambda _: overview.engines(answer), as_json)


def backends(
    name: Annotated[str | None, typer.Argument(help="Tell all of this one.")] = None,
    as_json: ask.Json = False,
    url: ask.Url = None,
) -> None:
    """List what a circuit may be compiled for: the simulator, and noisy twins of devices."""
    from quantumtask.cli import overview

    with service_at(url) as service:
        answer = service.backend(name) if name else service.backends()
        shown = overview.backend if name else overview.backends
        answered(answer, lambda _: shown(answer), as_json)


def queue(as_json: ask.Json = False, url: ask.Url = None) -> None:
    """Show how many tasks wait and run, and whose."""
    from quantumtask.cli import overview

    with service_at(url) as service:
        answer = service.queue()
        answered(answer, lambda _: overview.queue(answer), as_json)


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
    from quantumtask.cli import watching

    with service_at(url) as service:
        watching.watch(service, every, once)
