"""View of tasks: their counts, outputs and problems."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quantumtask.cli.render import style
from quantumtask.cli.render.problem_view import mark_position, source_lines
from quantumtask.cli.render.style import (
    COLOURS,
    PIPE_WIDTH,
    counts,
    duration,
    printable,
)
from quantumtask.client import Json
from quantumtask.client.errors import WITHOUT_WORKER
from quantumtask.client.progress import task_progress_text
from quantumtask.shared.installation import as_typed
from quantumtask.shared.quantity import quantity

MAX_OUTPUT_VALUES = 5
MAX_VALUE_LENGTH = 40
SWEEP_OUTPUTS = Text("output variables of each element: add --json", style="dim")


def task(task: Json, source: str = "") -> RenderableType:
    """Show a task: its heading, then its result, its problems, or the command to fetch it.

    Args:
        task: Task as the service describes it.
        source: Text of the circuit, of which the lines with problems are shown.
    """
    parts: list[RenderableType] = [heading(task)]
    if task.get("metadata"):
        parts.append(
            Text(
                f"metadata {printable(_cut(json.dumps(task['metadata']), PIPE_WIDTH))}", style="dim"
            )
        )
    if task["status"] == "completed":
        parts.append(_result(task))
        if task.get("outputs"):
            shown = SWEEP_OUTPUTS if task.get("shape") else outputs(task["outputs"])
            parts.append(shown)
        parts += _warnings(task.get("warnings", []))
    elif task["status"] == "failed":
        parts += _problems(task, source)
    elif task["status"] == "pending":
        parts.append(_fetch_command(task["task_id"]))
    return Group(*parts)


def _result(task: Json) -> RenderableType:
    """Show the counts of a circuit, or every other result by `result_view`."""
    if not task.get("shape") and not task.get("data") and not task.get("compiled"):
        return counts(task["result"])
    from quantumtask.cli.render import result_view
    from quantumtask.client.results.decode import result_from_json

    return result_view.result(result_from_json(task))


def submitted(task_id: str) -> RenderableType:
    """Show the id of a new task, and the command to fetch the task."""
    return Group(Text(f"Submitted as {printable(task_id)}"), _fetch_command(task_id))


def heading(task: Json) -> Text:
    """Return state, name and id, and a line such as `1024 shots · ran 3 ms · seed 7`."""
    state = str(task.get("state") or task["status"])
    name = task.get("name")
    line = Text(state, style="bold " + COLOURS.get(state, "default"))
    line.append(f"  {printable(name)}" if name else "", style="bold")
    line.append(f"  {printable(task['task_id'])}", style="dim")
    line.append("\n" + " · ".join(_facts(task)), style="none")
    return line


def outputs(outputs: Mapping[str, Sequence[Any]]) -> RenderableType:
    """Show a row per output variable: its name, its type, its most frequent values."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("output", overflow="fold")
    table.add_column("type", no_wrap=True)
    table.add_column("values", overflow="fold")
    for name, values in outputs.items():
        table.add_row(Text(printable(name)), _kind(values), Text(_frequent(values)))
    return table


def reasons(problems: Sequence[Json]) -> list[str]:
    """Return every problem of a circuit with its place and its hint."""
    return [line.plain.strip() for problem in problems for line in _problem(problem)]


def _facts(task: Json) -> Iterator[str]:
    if _has_shots(task):
        yield quantity(task["shots"], "shot")
    if task.get("queue"):
        yield from _queue_position(task["queue"])
    if progress := task_progress_text(task):
        yield progress
    if task.get("waiting_ms") is not None:
        yield f"waited {duration(task['waiting_ms'])}"
    if task.get("running_ms") is not None:
        yield f"ran {duration(task['running_ms'])}"
    if task.get("seed") is not None:
        yield f"seed {task['seed']}"
    if task.get("attempt", 0) > 1:
        yield f"attempt {task['attempt']}"
    if task.get("engine"):
        yield engine(task)


def _has_shots(task: Json) -> bool:
    """Return False if the result has exact values alone, for which no shot was run."""
    result, data = task.get("result"), task.get("data")
    counts = any(result) if isinstance(result, list) else result
    return bool(counts or task.get("memory") or task.get("outputs") or not data)


def _queue_position(position: Json) -> Iterator[str]:
    """Yield `position 3 in the queue`, `starts in about 4.0 s`."""
    more = " or later" if position["at_least"] else ""
    yield f"position {position['position']:,}{more} in the queue"
    if position["expected_start"] is None:
        yield WITHOUT_WORKER
    else:
        wait = datetime.fromisoformat(position["expected_start"]) - datetime.now(UTC)
        yield f"starts in about {duration(max(0.0, 1000 * wait.total_seconds()))}{more}"


def engine(run: Json) -> str:
    """Return a text such as `lightning 0.45.0 (statevector), the fastest state vector`."""
    details = [run["method"]] if run.get("method") else []
    details += ["single precision"] if run.get("precision") == "single" else []
    details += [f"{run['threads']} threads"] if run.get("threads", 1) > 1 else []
    method = f" ({', '.join(details)})" if details else ""
    reason = f", {run['reason']}" if run.get("reason") else ""
    return printable(f"{run['engine']} {run['engine_version']}{method}{reason}")


def _kind(values: Sequence[Any]) -> str:
    """Return the type that the values have; the result does not hold the declaration."""
    match values[0] if values else None:
        case bool():
            return "bool"
        case int():
            return "int"
        case float():
            return "float"
        case str() as bits:
            return "bit" if len(bits) == 1 else f"bit[{len(bits)}]"
        case list() as items:
            return f"list[{len(items)}]"
    return ""


def _frequent(values: Sequence[Any]) -> str:
    """Return a text such as `0101 × 512, 0011 × 500, … and 14 more`."""
    ordered = sorted(Counter(map(_value, values)).items(), key=lambda row: (-row[1], row[0]))
    parts = [f"{printable(_cut(value))} × {count}" for value, count in ordered[:MAX_OUTPUT_VALUES]]
    more = len(ordered) - MAX_OUTPUT_VALUES
    return ", ".join([*parts, f"… and {more} more"] if more > 0 else parts)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.6g}" if isinstance(value, float) else json.dumps(value)


def _cut(text: str, limit: int = MAX_VALUE_LENGTH) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _warnings(warnings: Sequence[str]) -> list[RenderableType]:
    return [Text(f"Warning: {printable(warning)}", style="yellow") for warning in warnings]


def _problems(task: Json, source: str) -> list[RenderableType]:
    """Return all problems of the circuit; if there are none, the error of the task."""
    problems, lines = task.get("errors") or [{"message": task["error"]}], source_lines(source)
    return [line for problem in problems for line in _problem(problem, lines)]


def _problem(problem: Json, source: Sequence[str] = ()) -> Iterator[Text]:
    place = ""
    if problem.get("line") is not None:
        place = f"line {problem['line']}, column {problem.get('column')}: "
    warning = problem.get("severity") == "warning"
    words = f"warning: {problem['message']}" if warning else problem["message"]
    yield Text(f"  {place}{printable(words)}", style="yellow" if warning else "red")
    for line in mark_position(source, problem, style.console().width - 2):
        yield Text("  ") + line
    if problem.get("hint"):
        yield Text(f"    hint: {printable(problem['hint'])}")


def _fetch_command(task_id: str) -> Text:
    return Text(as_typed(f"Fetch it: quantumtask result {printable(task_id)} --wait"), style="dim")
