"""Commands that send circuits and fetch results: submit, batch, result, circuit, cancel."""

import json
import sys
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from quantumtask.cli.commands import options as ask
from quantumtask.cli.commands.parameter_syntax import ParametersOption, parse_parameters
from quantumtask.cli.commands.task_options import SubmitOptions, accept_submit_options
from quantumtask.cli.commands.task_search import find_any, find_task
from quantumtask.cli.commands.terminal import (
    exit_with,
    open_client,
    print_answer,
    read_circuit,
    warn_without_worker,
)

if TYPE_CHECKING:
    from quantumtask.client import Batch, Client, ServiceError, Task

PlotOption = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Draw the counts, or the values over the swept parameter, into a .png, .svg or .pdf.",
    ),
]


@accept_submit_options
def submit(
    file: ask.FileOption,
    options: SubmitOptions,
    param: ParametersOption = None,
    wait: ask.WaitOption = False,
    plot: PlotOption = None,
    as_json: ask.JsonOption = False,
    url: ask.UrlOption = None,
) -> None:
    """Submit a circuit; with --wait, also show its result; with --plot, draw it."""
    parameters = parse_parameters(param)
    arguments = options.arguments(parameters)
    if plot:
        _check_plot(plot)
    circuit = read_circuit(file)
    with open_client(url) as client:
        task = client.submit(circuit, parameters=parameters, **arguments)
        if wait or plot:
            _finish(_wait(client, task), as_json, plot, task.circuit)
        else:
            answer = {"task_id": task.id, "status": "submitted"}
            print_answer(answer, lambda task_view: task_view.submitted(task.id), as_json)


@accept_submit_options
def batch(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE", help="OpenQASM 3 text; - is standard input.")
    ],
    options: SubmitOptions,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per circuit, as circuits end.")
    ] = False,
    url: ask.UrlOption = None,
) -> None:
    """Submit many circuits in one request, and show each result; exit status 1: one failed."""
    arguments = options.arguments(None)
    circuits = [read_circuit(file) for file in files]
    with open_client(url) as client:
        batch = client.batch(circuits, **arguments)
        warn_without_worker(client)
        raise typer.Exit(_print_batch(batch, files, as_json))


def result(
    task_id: ask.LatestAnyIdOption = None,
    wait: ask.WaitOption = False,
    plot: PlotOption = None,
    as_json: ask.JsonOption = False,
    url: ask.UrlOption = None,
) -> None:
    """Show the state of a task, and its result or the reason of its failure; a batch is a table."""
    from quantumtask.client import Batch

    if plot:
        _check_plot(plot)
    with open_client(url) as client:
        task = find_any(client, task_id) if task_id else find_task(client, None)
        if isinstance(task, Batch):
            if plot:
                exit_with("--plot: draws the result of a task, not of a batch.", 2)
            raise typer.Exit(_print_ended(client, task, wait=wait, as_json=as_json))
        needs_result = wait or plot or task.known["status"] == "completed"
        body = _wait(client, task) if needs_result else task.info()
        _finish(body, as_json, plot, task.circuit)


def circuit(task_id: ask.TaskIdOption, url: ask.UrlOption = None) -> None:
    """Print the circuit of a task as it was submitted."""
    with open_client(url) as client:
        text = find_task(client, task_id).circuit()
        sys.stdout.write(text if text.endswith("\n") else text + "\n")


def cancel(
    task_id: ask.AnyIdOption, as_json: ask.JsonOption = False, url: ask.UrlOption = None
) -> None:
    """Cancel a task, or the tasks of a batch, that have not ended."""
    with open_client(url) as client:
        task = find_any(client, task_id)
        task.cancel()
        name = "task_id" if "task_id" in task.known else "batch_id"
        answer = {name: task.id, "status": "cancelled"}
        print_answer(answer, lambda _: f"Cancelled {task.id}", as_json)


def remove(
    ids: Annotated[
        list[str],
        typer.Argument(metavar="ID", help="Id of a task or a batch, or enough of its beginning."),
    ],
    url: ask.UrlOption = None,
) -> None:
    """Delete tasks and batches that have ended, with their circuits and results, for good."""
    from quantumtask.client import ServiceError
    from quantumtask.shared.installation import as_typed

    refused = 0
    with open_client(url) as client:
        for each in [find_any(client, task_id) for task_id in ids]:
            try:
                each.delete()
                print(f"Deleted {each.id}")
            except ServiceError as error:
                if error.code not in ("task_not_finished", "task_in_batch"):
                    raise
                refused = 3
                sentence = as_typed(f"{each.id}: {_remedy(error, each)}")
                print(f"quantumtask: {sentence}", file=sys.stderr)
    raise typer.Exit(refused)


def _remedy(error: "ServiceError", target: "Task | Batch") -> str:
    """Return the reason why something was not deleted, and the command that helps."""
    if error.code == "task_not_finished":
        return f"it has not ended. Cancel it first: quantumtask cancel {target.id}"
    return f"it belongs to a batch. Delete that: quantumtask rm {target.info()['batch_id']}"


def _wait(client: "Client", task: "Task") -> dict[str, Any]:
    """Wait for the end of a task; a terminal shows its state and the seconds meanwhile."""
    warn_without_worker(client)
    try:
        return task.wait()
    except KeyboardInterrupt:
        exit_with(f"the task goes on. Fetch it: quantumtask result {task.id} --wait", 130)


def _finish(
    task: Mapping[str, Any], as_json: bool, plot: Path | None, circuit: Callable[[], str]
) -> None:
    """Print a task that was waited for, draw its result, and end the command."""
    has_places = any(problem.get("line") for problem in task.get("errors") or ())
    source = circuit() if has_places and not as_json else ""
    print_answer(task, lambda task_view: task_view.task(task, source), as_json)
    if plot and task["status"] == "completed":
        _draw(task, plot)
    raise typer.Exit(1 if task["status"] in ("failed", "cancelled") else 0)


def _check_plot(file: Path) -> None:
    """End the command, before anything runs, if the picture cannot be written."""
    from quantumtask.client.results.plot import SUFFIXES

    if file.suffix.lower() not in SUFFIXES:
        exit_with(f"--plot {file}: the name must end in {', '.join(SUFFIXES)}.", 2)
    if not file.absolute().parent.is_dir():
        exit_with(f"--plot {file}: the folder does not exist.", 2)


def _draw(task: Mapping[str, Any], file: Path) -> None:
    from quantumtask.client.results.decode import result_from_json
    from quantumtask.client.results.plot import NoPicture, draw

    try:
        draw(result_from_json(dict(task)), file)
        print(f"Picture: {file}", file=sys.stderr)
    except NoPicture as error:
        exit_with(f"--plot: {error}", 2)
    except OSError as error:
        exit_with(f"{file} cannot be written: {error.strerror}.", 2)


def _print_batch(batch: "Batch", files: list[str], as_json: bool) -> int:
    """Print the result of each circuit and return the exit status."""
    try:
        return _print_lines(batch, files) if as_json else _print_table(batch, files)
    except KeyboardInterrupt:
        exit_with(f"the batch {batch.id} goes on: quantumtask list shows its tasks.", 130)


def _print_ended(client: "Client", batch: "Batch", *, wait: bool, as_json: bool) -> int:
    """Print the results of a batch, of all tasks or of those that have ended."""
    from quantumtask.cli.render import result_view, style

    states = batch.status()
    ended = sum(states[name] for name in ("completed", "failed", "cancelled"))
    count = len(batch) if wait else ended
    if count > ended:
        warn_without_worker(client)
    failed = 0
    if as_json:
        for line in islice(batch.lines(), count):
            print(json.dumps(line), flush=True)
            failed += line["status"] != "completed"
    else:
        outcomes = sorted(islice(batch, count), key=lambda outcome: outcome.index)
        items = [str(k) for k in range(len(batch))]
        style.console().print(result_view.batch(items, outcomes, "item", len(batch)))
        failed = sum(outcome.error is not None for outcome in outcomes)
    return 1 if failed else 0


def _print_lines(batch: "Batch", files: list[str]) -> int:
    status = 0
    for line in batch.lines():
        print(json.dumps({"file": files[line["item"]], **line}), flush=True)
        status = status if line["status"] == "completed" else 1
    return status


def _print_table(batch: "Batch", files: list[str]) -> int:
    from quantumtask.cli.render import result_view, style

    outcomes = sorted(batch, key=lambda outcome: outcome.index)
    style.console().print(result_view.batch(files, outcomes))
    return 1 if any(outcome.error for outcome in outcomes) else 0
