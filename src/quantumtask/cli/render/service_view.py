"""What a terminal user sees of the service: engines, backends, the queue, an estimate."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quantumtask.cli.render.style import duration, plain
from quantumtask.cli.render.task_view import engine, since
from quantumtask.client import Json


def estimate(found: Json) -> Text:
    """Two lines: `2 qubits · 1024 shots · 64 bytes of memory · about 0.4 ms`, and the engine."""
    facts = (
        f"{found['qubits']} qubit" + "s" * (found["qubits"] != 1),
        f"{found['shots']} shots",
        f"{_size(found['memory_bytes'])} of memory",
        f"about {duration(1000 * found['seconds'])}",
    )
    return Text(" · ".join(facts) + "\n" + engine(found))


def engines(found: Json) -> RenderableType:
    """A row for each method of each engine, and what its column `qubits` means."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("engine", "version", "method", "precision", "qubits", "runs"):
        table.add_column(column, no_wrap=column != "runs", overflow="fold")
    for each in found["engines"]:
        version = each["version"] if each["installed"] else "not installed"
        for method in each["methods"]:
            most = method["most_qubits"]
            cells = (each["name"], version, method["name"], method["precision"], most or "")
            table.add_row(*(Text(plain(cell)) for cell in (*cells, method["runs"])))
    size = _size(found["slot_memory_bytes"])
    note = f"qubits: those that fit the {size} of a slot; without a number, it depends on the gates"
    return Group(table, Text(note, style="dim"))


def queue(found: Json) -> RenderableType:
    """How much waits and runs and who works, then a row for each owner and priority."""
    facts = Text(" · ".join(queue_facts(found)))
    if not found["owners"]:
        return facts
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("owner", overflow="fold")
    for column in ("priority", "waiting", "running"):
        table.add_column(column, justify="right", no_wrap=True)
    for share in found["owners"]:
        numbers = (f"{share[column]:,}" for column in ("priority", "waiting", "running"))
        table.add_row(Text(plain(share["owner"] or "(none)")), *numbers)
    return Group(facts, table)


def queue_facts(found: Json) -> Iterator[str]:
    """`31 waiting`, `8 running`, `2 workers with 8 slots`, `the oldest for 4 s`."""
    yield f"{found['waiting']:,} waiting"
    yield f"{found['running']:,} running"
    yield f"{found['workers']} worker{'s' * (found['workers'] != 1)} with {found['slots']} slots"
    if found["oldest_submitted_at"]:
        yield f"the oldest for {since(found['oldest_submitted_at'])}"


def backends(found: Json) -> RenderableType:
    """A row for each: its size, how often its gates and its readout err, what it is."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("backend", "qubits", "1-qubit error", "2-qubit error", "readout error", "what"):
        right = column not in ("backend", "what")
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    for each in found["backends"]:
        cells = (each["name"], each["qubits"], *_errors(each), each.get("description") or "")
        table.add_row(*(Text(plain(cell)) for cell in cells))
    note = "errors: the medians of a device; of its qubits and gates: quantumtask backends NAME"
    return Group(table, Text(note, style="dim"))


def backend(found: Json) -> RenderableType:
    """One of them: its size, its errors, its gates, its pairs of qubits, and what waits."""
    parts = [Text(plain(found["name"]), style="bold")]
    if found.get("description"):
        parts.append(Text(plain(found["description"])))
    parts.append(Text(" · ".join(_of_backend(found))))
    gates = plain(", ".join(found.get("basis_gates") or ()))
    parts.append(Text(f"basis gates: {gates}"))
    if pairs := sorted({tuple(sorted(pair)) for pair in found.get("coupling_map") or ()}):
        parts.append(Text("coupled: " + ", ".join(f"{a}-{b}" for a, b in pairs)))
    return Group(*parts)


def _of_backend(found: Json) -> Iterator[str]:
    """`5 qubits`, `2-qubit error 0.0101`, `calibrated 2024-05-27`, `0 waiting`."""
    yield f"{found['qubits']} qubits"
    for name, error in zip(("1-qubit", "2-qubit", "readout"), _errors(found), strict=True):
        if error:
            yield f"{name} error {error}"
    if found.get("dt_ns"):
        yield f"dt {found['dt_ns']:.3g} ns"
    if found.get("calibrated"):
        yield f"calibrated {plain(found['calibrated'])}"
    yield from _waiting(found.get("queue") or {})


def _errors(backend: Json) -> list[str]:
    """The medians, as the text of a table; "" where there is none."""
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
