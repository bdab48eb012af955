"""View of the service: engines, backends, the queue, an estimate."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quantumtask.cli.render.style import duration, printable
from quantumtask.cli.render.task_list import since
from quantumtask.cli.render.task_view import engine
from quantumtask.client import Json
from quantumtask.shared.installation import as_typed
from quantumtask.shared.quantity import quantity

NO_DEVICES = "pip install '.[backends]' where the worker runs, then start the service again"


def estimate(answer: Json) -> Text:
    """Show an estimate in two lines: its size, memory and time, and then the engine."""
    facts = (
        quantity(answer["qubits"], "qubit"),
        quantity(answer["shots"], "shot"),
        f"{_size(answer['memory_bytes'])} of memory",
        "time not known"
        if answer["seconds"] is None
        else f"about {duration(1000 * answer['seconds'])}",
    )
    return Text(" · ".join(facts) + "\n" + engine(answer))


def engines(answer: Json) -> RenderableType:
    """Show engines: a row per method, and a note about the column `qubits`."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("engine", "version", "method", "precision", "qubits", "runs"):
        table.add_column(column, no_wrap=column != "runs", overflow="fold")
    for each in answer["engines"]:
        version = each["version"] if each["installed"] else "not installed"
        for method in each["methods"]:
            max_qubits = method["most_qubits"]
            cells = (each["name"], version, method["name"], method["precision"], max_qubits or "")
            table.add_row(*(Text(printable(cell)) for cell in (*cells, method["runs"])))
    size = _size(answer["slot_memory_bytes"] * answer.get("slots", 1))
    note = f"qubits: the most that fit {size}, the memory of all slots; empty: the gates decide"
    return Group(table, Text(note, style="dim"))


def queue(answer: Json) -> RenderableType:
    """Show the queue: a line of totals, and a row per owner and priority."""
    facts = Text(" · ".join(queue_facts(answer)))
    if not answer["owners"]:
        return facts
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("owner", overflow="fold")
    for column in ("priority", "waiting", "running"):
        table.add_column(column, justify="right", no_wrap=True)
    for share in answer["owners"]:
        numbers = (f"{share[column]:,}" for column in ("priority", "waiting", "running"))
        table.add_row(Text(printable(share["owner"] or "(none)")), *numbers)
    return Group(facts, table)


def usage(answer: Json) -> RenderableType:
    """Show the usage: a row per day and project, the newest first."""
    if not answer["usage"]:
        return Text("no task has ended yet")
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("day", "project"):
        table.add_column(column, overflow="fold")
    for column in ("tasks", "shots", "processor seconds", "result bytes"):
        table.add_column(column, justify="right", no_wrap=True)
    for each in answer["usage"]:
        numbers = (f"{each[name]:,}" for name in ("tasks", "shots"))
        cells = (f"{each['processor_seconds']:,.1f}", f"{each['result_bytes']:,}")
        table.add_row(each["day"], Text(printable(each["project"])), *numbers, *cells)
    return table


def queue_facts(answer: Json) -> Iterator[str]:
    """Yield `31 waiting`, `8 running`, `2 workers with 8 slots`, `the oldest for 4 s`."""
    yield f"{answer['waiting']:,} waiting"
    yield f"{answer['running']:,} running"
    yield f"{quantity(answer['workers'], 'worker')} with {quantity(answer['slots'], 'slot')}"
    if answer["oldest_submitted_at"]:
        yield f"the oldest for {since(answer['oldest_submitted_at'])}"


def backends(answer: Json) -> RenderableType:
    """Show backends: a row each with its size, its median errors and its description."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in (
        "backend",
        "qubits",
        "1-qubit error",
        "2-qubit error",
        "readout error",
        "description",
    ):
        right = column not in ("backend", "description")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for each in answer["backends"]:
        cells = (each["name"], each["qubits"], *_errors(each), each.get("description") or "")
        table.add_row(*(Text(printable(cell)) for cell in cells))
    note = "errors: medians of the device; for each qubit and gate: quantumtask backends NAME"
    if [each["name"] for each in answer["backends"]] == ["simulator"]:
        note = f"for 66 devices with their noise: {NO_DEVICES}"
    return Group(table, Text(as_typed(note), style="dim"))


def backend(answer: Json) -> RenderableType:
    """Show one backend: its size, its errors, its gates, its coupling, and its queue."""
    parts = [Text(printable(answer["name"]), style="bold")]
    if answer.get("description"):
        parts.append(Text(printable(answer["description"])))
    parts.append(Text(" · ".join(_backend_facts(answer))))
    gates = printable(", ".join(answer.get("basis_gates") or ()))
    parts.append(Text(f"basis gates: {gates}"))
    if pairs := sorted({tuple(sorted(pair)) for pair in answer.get("coupling_map") or ()}):
        parts.append(Text("coupled: " + ", ".join(f"{a}-{b}" for a, b in pairs)))
    return Group(*parts)


def _backend_facts(answer: Json) -> Iterator[str]:
    """Yield `5 qubits`, `2-qubit error 0.0101`, `calibrated 2024-05-27`, `0 waiting`."""
    yield quantity(answer["qubits"], "qubit")
    for name, error in zip(("1-qubit", "2-qubit", "readout"), _errors(answer), strict=True):
        if error:
            yield f"{name} error {error}"
    if answer.get("dt_ns"):
        yield f"dt {answer['dt_ns']:.3g} ns"
    if answer.get("calibrated"):
        yield f"calibrated {printable(answer['calibrated'])}"
    yield from _waiting(answer.get("queue") or {})


def _errors(backend: Json) -> list[str]:
    """Return the cells of a table with the median errors; empty if unknown."""
    medians = backend.get("median_errors") or {}
    kinds = ("one_qubit", "two_qubit", "readout")
    return [f"{medians[kind]:.3g}" if medians.get(kind) else "" for kind in kinds]


def _waiting(queue: Mapping[str, Any]) -> Iterator[str]:
    if "waiting" in queue:
        yield f"{queue['waiting']:,} waiting"
    if queue.get("expected_wait_s"):
        yield f"starts in about {duration(1000 * queue['expected_wait_s'])}"


def _size(size: float) -> str:
    units = ["bytes", "KiB", "MiB", "GiB", "TiB"]
    power = min(len(units) - 1, max(0, int(size).bit_length() - 1) // 10)
    return f"{size / 1024**power:.3g} {units[power]}"
