"""Lists of tasks and of batches: a line for each."""

import itertools
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quantumtask.cli.render.style import COLOURS, duration, printable
from quantumtask.client import Json
from quantumtask.client.progress import task_progress_text

SHORT_ID_LENGTH = 13
"""Characters of an id that hold the time of the submission in milliseconds."""
ITEM_ID_LENGTH = 23
"""Characters of the ids of a batch and of its tasks, many of which have the same time."""
MAX_LABEL_LENGTH = 24
PROGRESS_WIDTH = 12
OPTIONAL_COLUMNS = ("progress", "ran", "engine", "owner", "name", "tags", "details")
"""Columns that a table has if one of its tasks has a value."""


def tasks(page: Json, short: bool = False) -> RenderableType:
    """Show a page of tasks as a table, and the option for the next page.

    Args:
        page: Page as the service describes it.
        short: Show as much of each id as distinguishes it.
    """
    if not page["tasks"]:
        return Text("No tasks.")
    ids = short_ids(page["tasks"]) if short else [task["task_id"] for task in page["tasks"]]
    rows = [_row(task, task_id) for task, task_id in zip(page["tasks"], ids, strict=True)]
    return _with_cursor(_table(rows), page)


def batches(
    page: Json, short: bool = False, remaining: Sequence[float | None] = ()
) -> RenderableType:
    """Show a page of batches as a table with the progress of each.

    Args:
        page: Page as the service describes it.
        short: Show as much of each id as distinguishes it.
        remaining: Seconds until the end of each batch, None if unknown; () for a single look.
    """
    if not page["batches"]:
        return Text("No batches.")
    ids = short_ids(page["batches"]) if short else [each["batch_id"] for each in page["batches"]]
    seconds = remaining or [None] * len(ids)
    rows = list(map(_batch_row, page["batches"], ids, seconds))
    return _with_cursor(_table(rows), page)


def short_ids(tasks: Iterable[Json]) -> list[str]:
    """Return the beginning of each id that distinguishes the task or batch from the others."""
    lengths = {
        str(task.get("task_id") or task["batch_id"]): (
            ITEM_ID_LENGTH if task.get("batch_id") else SHORT_ID_LENGTH
        )
        for task in tasks
    }
    ordered = sorted(lengths)
    for one, other in itertools.pairwise(ordered):
        common = next(k for k in itertools.count() if one[: k + 1] != other[: k + 1])
        lengths[one] = max(lengths[one], common + 1)
        lengths[other] = max(lengths[other], common + 1)
    return [task_id[:length] for task_id, length in lengths.items()]


def since(at: str) -> str:
    """Return the age of a time in ISO 8601, such as `4 s` or `2 h`."""
    seconds = _seconds_since(at)
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def _row(task: Json, task_id: str) -> dict[str, Text]:
    state = str(task.get("state") or task["status"])
    return {
        "task": _line(task_id),
        "state": Text(state, style=COLOURS.get(state, "default")),
        "progress": Text(task_progress_text(task)),
        "age": Text(since(task["submitted_at"])),
        "ran": Text(_running_time(task)),
        "engine": _line(task.get("engine") or ""),
        "owner": _line(task.get("owner") or ""),
        "name": _line(_cut(task.get("name") or "")),
        "tags": _line(_cut(", ".join(task.get("tags") or ()))),
        "details": _details(task),
    }


def _batch_row(batch: Json, batch_id: str, remaining_s: float | None) -> dict[str, Text]:
    states, size = batch["states"], batch["size"]
    ended = size - states["submitted"] - states["running"]
    failed = states["failed"] + states["cancelled"]
    notes = [f"{states['running']:,} running"] if states["running"] else []
    notes += [f"{states['failed']:,} failed"] if states["failed"] else []
    notes += [f"{states['cancelled']:,} cancelled"] if states["cancelled"] else []
    return {
        "batch": _line(batch_id),
        "age": Text(since(batch["submitted_at"])),
        "progress": _bar(ended, failed, size)
        + Text(f" {ended:,}/{size:,}{_remaining(ended, size, remaining_s)}"),
        "name": _line(_cut(batch.get("name") or "")),
        "details": _line(", ".join(notes), "red" if failed else ""),
    }


def _remaining(ended: int, size: int, remaining_s: float | None) -> str:
    """Return a text such as `, 1.5 min left`; "" if the time is unknown, or nothing is left."""
    known = remaining_s is not None and ended < size
    return f", {duration(1000 * remaining_s)} left" if known and remaining_s else ""


def _bar(ended: int, failed: int, size: int) -> Text:
    """Return a bar: completed items, then those that failed, then those to come."""
    whole = PROGRESS_WIDTH * ended // size
    wrong = min(whole, -(-PROGRESS_WIDTH * failed // size))
    return Text.assemble(
        ("█" * (whole - wrong), "green"),
        ("█" * wrong, "red"),
        ("░" * (PROGRESS_WIDTH - whole), "dim"),
    )


def _details(task: Json) -> Text:
    """Return the reason of a failure, or else the place in a batch."""
    if task.get("error"):
        return _line(task["error"], "red")
    if task.get("batch_id"):
        return _line(f"item {task['item']} of {task['batch_id'][:SHORT_ID_LENGTH]}", "dim")
    return Text()


def _running_time(task: Json) -> str:
    """Return the time that a task ran, or has run so far; "" before it starts."""
    if task.get("running_ms") is not None:
        return duration(task["running_ms"])
    if task.get("state") == "running" and task.get("started_at"):
        return duration(1000 * max(0.0, _seconds_since(task["started_at"])))
    return ""


def _table(rows: Sequence[dict[str, Text]]) -> Table:
    """Return a table of the columns that have a value; no row takes two lines in a terminal."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    names = [
        name
        for name in rows[0]
        if name not in OPTIONAL_COLUMNS or any(row[name].plain for row in rows)
    ]
    for name in names:
        may_shrink = name in ("engine", "owner", "name", "tags", "details")
        head = Text(name, no_wrap=True)
        table.add_column(head, no_wrap=not may_shrink, min_width=len(name), overflow="fold")
    for row in rows:
        table.add_row(*(row[name] for name in names))
    return table


def _with_cursor(table: Table, page: Json) -> RenderableType:
    if not page.get("next_cursor"):
        return table
    return Group(table, Text(f"More: add --cursor {printable(page['next_cursor'])}"))


def _line(text: str, style: str = "") -> Text:
    """Return a text that is cut, and not folded, where it does not fit."""
    return Text(printable(text), style=style, no_wrap=True, overflow="ellipsis")


def _cut(text: str) -> str:
    return text if len(text) <= MAX_LABEL_LENGTH else text[: MAX_LABEL_LENGTH - 1] + "…"


def _seconds_since(at: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds()
