"""Commands that send circuits and fetch what came of them: submit, batch, result, cancel."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quantumtask.cli.commands import options as ask
from quantumtask.cli.commands.parameter_syntax import Parameters, given, observables
from quantumtask.cli.commands.parameter_syntax import noise as noise_of
from quantumtask.cli.commands.terminal import answered, read, service_at, stop

if TYPE_CHECKING:
    from quantumtask.client import Batch, Task

Plot = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Draw the counts, or the values over the swept parameter, into a .png, .svg or .pdf.",
    ),
]
Memory = Annotated[bool, typer.Option("--memory", help="Also keep each shot's bits.")]


def submit(
    file: ask.File,
    shots: ask.Shots = None,
    seed: ask.Seed = None,
    name: ask.Name = None,
    tag: ask.Tags = None,
    memory: Memory = False,
    timeout: ask.Limit = None,
    param: Parameters = None,
    observable: ask.Observables = None,
    precision: ask.Precision = None,
    returns: ask.Returns = None,
    noise: ask.Noise = None,
    backend: ask.Backend = None,
    compile: ask.Compile = None,
    engine: ask.Engine = None,
    method: ask.Method = None,
    owner: ask.Owner = None,
    priority: ask.Priority = None,
    wait: ask.Wait = False,
    plot: Plot = None,
    as_json: ask.Json = False,
    url: ask.Url = None,
) -> None:
    """Submit a circuit; with --wait, also show its counts; with --plot, draw them."""
    parameters = given(param)
    wanted = observables(observable, parameters)
    if plot:
        _check_drawing(plot)
    circuit = read(file)
    with service_at(url) as service:
        task = service.submit(
            circuit,
            shots=shots,
            seed=seed,
            memory=memory or None,
            timeout_s=timeout,
            name=name,
            tags=tag or (),
            parameters=parameters,
            observables=wanted,
            precision=precision,
            returns=returns,
            noise=noise_of(noise),
            backend=backend,
            compile=compile,
            engine=engine,
            method=method,
            owner=owner,
            priority=priority,
        )
        if wait or plot:
            _finish(_await(task), as_json, plot)
        else:
            answer = {"task_id": task.id, "status": "submitted"}
            answered(answer, lambda task_view: task_view.submitted(task.id), as_json)


def batch(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="OpenQASM 3 text; - is standard input.")
    ],
    shots: ask.Shots = None,
    seed: ask.Seed = None,
    name: ask.Name = None,
    tag: ask.Tags = None,
    memory: Memory = False,
    timeout: ask.Limit = None,
    observable: ask.Observables = None,
    precision: ask.Precision = None,
    returns: ask.Returns = None,
    noise: ask.Noise = None,
    backend: ask.Backend = None,
    compile: ask.Compile = None,
    engine: ask.Engine = None,
    method: ask.Method = None,
    owner: ask.Owner = None,
    priority: ask.Priority = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a circuit, as they end.")
    ] = False,
    url: ask.Url = None,
) -> None:
    """Submit many circuits in one request, wait, and show what each gave; 1: some gave nothing."""
    circuits = [read(file) for file in files]
    with service_at(url) as service:
        batch = service.batch(
            circuits,
            name=name,
            tags=tag or (),
            shots=shots,
            seed=seed,
            memory=memory or None,
            timeout_s=timeout,
            observables=observables(observable, None),
            precision=precision,
            returns=returns,
            noise=noise_of(noise),
            backend=backend,
            compile=compile,
            engine=engine,
            method=method,
            owner=owner,
            priority=priority,
        )
        raise typer.Exit(_gather(batch, files, as_json))


def result(
    task_id: ask.TaskId,
    wait: ask.Wait = False,
    plot: Plot = None,
    as_json: ask.Json = False,
    url: ask.Url = None,
) -> None:
    """Show how a task went: its counts, or why it failed."""
    if plot:
        _check_drawing(plot)
    with service_at(url) as service:
        task = service.task(task_id)
        ended = wait or plot or task.known["status"] == "completed"
        _finish(_await(task) if ended else task.info(), as_json, plot)


def circuit(task_id: ask.TaskId, url: ask.Url = None) -> None:
    """Print the circuit of a task as it was submitted."""
    with service_at(url) as service:
        sys.stdout.write(service.task(task_id).circuit())


def cancel(task_id: ask.TaskId, as_json: ask.Json = False, url: ask.Url = None) -> None:
    """Cancel a task that has not ended."""
    with service_at(url) as service:
        task = service.task(task_id)
        task.cancel()
        answer = {"task_id": task.id, "status": "cancelled"}
        answered(answer, lambda _: f"Cancelled {task_id}", as_json)


def _await(task: "Task") -> dict[str, Any]:
    """Waits for the end of a task; a terminal sees its state and the seconds go by meanwhile."""
    try:
        return task.wait()
    except KeyboardInterrupt:
        stop(f"It goes on without you. Fetch it: quantumtask result {task.id} --wait", 130)


def _finish(task: Mapping[str, Any], as_json: bool, plot: Path | None) -> None:
    answered(task, lambda task_view: task_view.task(task), as_json)
    if plot and task["status"] == "completed":
        _draw(task, plot)
    raise typer.Exit(1 if task["status"] in ("failed", "cancelled") else 0)


def _check_drawing(file: Path) -> None:
    """Says what would keep a picture from being made before anything is run."""
    from quantumtask.cli.render.plot import SUFFIXES

    if file.suffix.lower() not in SUFFIXES:
        stop(f"--plot {file}: the name must end in {', '.join(SUFFIXES)}.", 2)
    if not file.absolute().parent.is_dir():
        stop(f"--plot {file}: there is no such folder.", 2)


def _draw(task: Mapping[str, Any], file: Path) -> None:
    from quantumtask.cli.render.plot import NoPicture, draw
    from quantumtask.client.results.decode import result_of

    try:
        draw(result_of(dict(task)), file)
        print(f"Picture: {file}", file=sys.stderr)
    except NoPicture as error:
        stop(f"No picture was made: {error}", 2)
    except OSError as error:
        stop(f"{file} cannot be written: {error.strerror}.", 2)


def _gather(batch: "Batch", files: list[str], as_json: bool) -> int:
    """Prints what came of each circuit; returns the exit status."""
    try:
        return _as_lines(batch, files) if as_json else _as_table(batch, files)
    except KeyboardInterrupt:
        stop(f"The batch {batch.id} goes on without you: quantumtask list shows its tasks.", 130)


def _as_lines(batch: "Batch", files: list[str]) -> int:
    status = 0
    for told in batch.lines():
        print(json.dumps({"file": files[told["item"]], **told}), flush=True)
        status = status if told["status"] == "completed" else 1
    return status


def _as_table(batch: "Batch", files: list[str]) -> int:
    from quantumtask.cli.render import result_view, style

    outcomes = sorted(batch, key=lambda outcome: outcome.index)
    style.console().print(result_view.batch(files, outcomes))
    return 1 if any(outcome.error for outcome in outcomes) else 0
