"""Tasks, batches, backends and engines in a notebook, and their display until a task ends."""

import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from quantumtask.client.errors import ClientError
from quantumtask.client.html import (
    STATE_COLOURS,
    block,
    caption,
    note,
    progress_bar,
    table,
)
from quantumtask.client.progress import ProgressMeter, progress_text, task_progress_text
from quantumtask.client.results.decode import is_complete, result_from_json
from quantumtask.client.results.html import html as result_html
from quantumtask.shared.quantity import quantity

Json = dict[str, Any]
FAILED_STATES = ("failed", "cancelled")


def task_html(task: Json) -> str:
    """Return a task as HTML: its state, its run, and its result or the reason of its failure."""
    state = str(task.get("state") or task["status"])
    title = " · ".join(filter(None, [task.get("name") or "task", str(task["task_id"])]))
    parts = [_progress_bar(task), note(" · ".join(_run(task)))]
    parts += [note(f"⚠ {_place(each)}{each['message']}") for each in _problems(task)]
    if state == "completed" and is_complete(task):
        parts.append(result_html(result_from_json(task)))
    return block(title, parts, state)


def _progress_bar(task: Json) -> str:
    """Return a bar of the work of a running task that is done; "" if that is not known."""
    fraction = (task.get("progress") or {}).get("fraction")
    if fraction is None:
        return ""
    return progress_bar([(STATE_COLOURS["running"], round(1000 * fraction))], 1000)


def _run(task: Json) -> Iterator[str]:
    if progress := task_progress_text(task):
        yield progress
    queue = task.get("queue") or {}
    if queue.get("position"):
        yield f"position {queue['position']:,} in the queue"
        if queue.get("expected_start", "") is None:
            yield "no worker is running"
    if task.get("waiting_ms") is not None:
        yield f"waited {task['waiting_ms'] / 1000:.3g} s"
    if task.get("running_ms") is not None:
        yield f"ran {task['running_ms'] / 1000:.3g} s"


def _problems(task: Json) -> list[Json]:
    """Return the problems of a failed circuit, or else the error of the task."""
    if not task.get("error"):
        return []
    return task.get("errors") or [{"message": task["error"]}]


def _place(problem: Json) -> str:
    line, column = problem.get("line"), problem.get("column")
    return "" if line is None else f"line {line}, column {column}: "


def batch_html(batch: Json, size: int, meter: ProgressMeter | None = None) -> str:
    """Return a batch as HTML: a bar of its progress, and the number of tasks in each state.

    Args:
        batch: Batch as the service describes it; the answer to a submission has no states.
        size: Number of its tasks.
        meter: Earlier progress, from which the remaining time is predicted.
    """
    states: dict[str, int] = batch.get("states") or {"submitted": size}
    ended = size - states.get("submitted", 0) - states.get("running", 0)
    remaining_s = meter.remaining_s(ended, size) if meter else None
    counts = ", ".join(f"{number:,} {state}" for state, number in states.items() if number)
    order = ("completed", *FAILED_STATES, "running")
    bar = progress_bar([(STATE_COLOURS[each], states.get(each, 0)) for each in order], size)
    title = " · ".join(filter(None, [batch.get("name") or "batch", str(batch["batch_id"])]))
    parts = [bar, note(f"{progress_text(ended, size, remaining_s)}: {counts}")]
    return block(
        title, parts, "completed" if ended == size else "running" if ended else "submitted"
    )


class BackendTable(Json):
    """Answer of `Client.backends`, which a notebook shows as a table."""

    def _repr_html_(self) -> str:
        heads = ["backend", "qubits", "2-qubit error", "readout error", "description"]
        rows = [
            (
                str(each["name"]),
                str(each["qubits"]),
                *(_error(each, kind) for kind in ("two_qubit", "readout")),
                str(each.get("description") or ""),
            )
            for each in self["backends"]
        ]
        return block(quantity(len(rows), "backend"), [table(heads, rows)])


def backend_html(backend: Json) -> str:
    """Return one backend as HTML: what it is, its errors, its gates, and its queue."""
    facts = [quantity(backend["qubits"], "qubit")]
    for kind in ("one_qubit", "two_qubit", "readout"):
        if error := _error(backend, kind):
            facts.append(f"{kind.replace('_', ' ')} error {error}")
    gates = ", ".join(backend.get("basis_gates") or ())
    waiting = (backend.get("queue") or {}).get("waiting")
    queue = "" if waiting is None else f"{quantity(waiting, 'task')} in the queue"
    lines = [str(backend.get("description") or ""), " · ".join(facts), gates and f"gates: {gates}"]
    return block(str(backend["name"]), map(note, [*lines, queue]))


class EngineTable(Json):
    """Answer of `Client.engines`, which a notebook shows as a table."""

    def _repr_html_(self) -> str:
        heads = ["engine", "version", "method", "precision", "most qubits", "runs"]
        rows = [
            (
                str(engine["name"]),
                str(engine["version"]) if engine["installed"] else "not installed",
                *(str(method[key] or "") for key in ("name", "precision", "most_qubits", "runs")),
            )
            for engine in self["engines"]
            for method in engine["methods"]
        ]
        note_text = "most qubits: the largest state that fits; empty: the gates decide"
        return block("engines", [table(heads, rows), caption(note_text)])


def _error(backend: Json, kind: str) -> str:
    value = (backend.get("median_errors") or {}).get(kind)
    return f"{value:.3g}" if value else ""


def show_live(shown: Any, draw: Callable[[], str], update: Callable[[], bool]) -> None:
    """Show HTML in the output of a notebook's cell and replace it until the end.

    The cell ends at once: a thread asks the service. Outside of a notebook, print the object.

    Args:
        shown: Object that is shown.
        draw: Function that returns the HTML.
        update: Function that waits for news; False: this was the end.
    """
    if "ipykernel" not in sys.modules:
        print(repr(shown))
        return
    from IPython.display import HTML, display

    handle = display(HTML(draw()), display_id=True)

    def follow() -> None:
        goes_on = True
        while goes_on:
            try:
                goes_on = update()
            except (ClientError, TimeoutError) as error:
                handle.update(HTML(draw() + note(f"no longer updated: {error}")))
                return
            handle.update(HTML(draw()))

    threading.Thread(target=follow, name="notebook display", daemon=True).start()
