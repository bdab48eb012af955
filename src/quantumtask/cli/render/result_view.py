"""View of results beyond counts: sweeps, arrays, expectation values, batches."""

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from quantumtask.cli.render import style
from quantumtask.client import Outcome, Result
from quantumtask.client.results.table import elements, labels

MAX_ELEMENTS = 30
MAX_COUNTS = 4
MAX_CELL_VALUES = 4
MAX_AMPLITUDES = 16
ROUNDING = 1e-12
"""Largest rounding error of a simulation; smaller values count as zero."""


def result(result: Result) -> RenderableType:
    """Show a result: a table with a row per element for a sweep, or one part after another."""
    compiled = [_compilation(result.compiled)] if result.compiled else []
    if result.shape:
        return Group(_sweep(result), *compiled)
    return Group(*_parts(result), *compiled)


def _parts(result: Result) -> Iterator[RenderableType]:
    if result.counts:
        yield style.counts(result.counts)
    if result.total_variation_bounds is not None and result.fidelity_estimates is not None:
        bound, fidelity = result.total_variation_bounds.item(), result.fidelity_estimates.item()
        yield Text(
            f"approximate: total variation distance at most {bound:.2g}; estimated fidelity "
            f"{fidelity:.6g}",
            style="dim",
        )
    if result.expectation_values is not None:
        yield _values(result)
    if result.gradients is not None:
        yield Text(f"gradients: an array of shape {result.gradients.shape}; --json prints it")
    if result.probabilities is not None:
        yield _amplitudes("probability", result.probabilities.tolist())
    if result.statevector is not None:
        yield _amplitudes("amplitude", result.statevector.tolist())
    if result.unitary is not None:
        yield Text(f"unitary: a matrix of shape {result.unitary.shape}; --json prints it")


def batch(
    names: Sequence[str], outcomes: Sequence[Outcome], title: str = "file", size: int = 0
) -> RenderableType:
    """Show a batch: a row per circuit with its name, its state, and its result or error.

    Args:
        names: The name of each item.
        outcomes: The items that have ended.
        title: The title of the column with the names.
        size: The number of items; 0: all have ended.
    """
    table = _table(title, "state", "result")
    for outcome in outcomes:
        row = _state_and_result(outcome)
        table.add_row(Text(style.printable(names[outcome.index])), *row)
    failed = sum(outcome.error is not None for outcome in outcomes)
    note = f"{len(outcomes) - failed} of {len(outcomes)} completed"
    if len(outcomes) < size:
        note += f"; {size - len(outcomes)} of {size} still to come (wait for all: --wait)"
    return Group(table, Text(note, style="dim"))


def _state_and_result(outcome: Outcome) -> tuple[Text, Text]:
    match outcome.value:
        case Result() as result:
            return Text("completed", style="green"), Text(_cell(result))
        case error:
            state = "cancelled" if error.code == "task_cancelled" else "failed"
            return Text(state, style=style.COLOURS[state]), Text(style.printable(error.detail))


def _sweep(result: Result) -> RenderableType:
    """Show a sweep: a row per element with its index, its parameters and its result."""
    names = _swept_parameters(result)
    kinds = _columns(result)
    table = _table("element", *names, *kinds)
    for element in islice(elements(result), MAX_ELEMENTS):
        values = [_number((element.parameters or {}).get(name)) for name in names]
        results = [_cell(element)] if len(kinds) == 1 else _with_errors(element)
        index = ",".join(map(str, element.index))
        table.add_row(index, *map(Text, values), *map(Text, results))
    total = math.prod(result.shape)
    if total <= MAX_ELEMENTS:
        return table
    return Group(table, Text(f"… and {total - MAX_ELEMENTS:,} more: --json prints all of them"))


def _columns(result: Result) -> list[str]:
    """Return a column for each observable if they are few, or one column for all."""
    first = next(elements(result), result)
    names = labels(first)
    return names if 0 < len(names) <= MAX_CELL_VALUES else ["result"]


def _swept_parameters(result: Result) -> list[str]:
    """Return the parameters whose values differ among the elements."""
    parameters = result.parameters or {}
    return [name for name, value in parameters.items() if not _is_single(value)]


def _is_single(value: object) -> bool:
    return isinstance(value, str) or not hasattr(value, "__len__")


def _cell(element: Result) -> str:
    """Return a short text: values with their errors, or the most frequent counts."""
    if element.shape:
        return f"a sweep of shape {element.shape}"
    if element.expectation_values is not None:
        return ", ".join(_few(_with_errors(element), MAX_CELL_VALUES))
    if element.counts:
        rows = sorted(element.counts.items(), key=lambda row: (-row[1], row[0]))
        return ", ".join(_few((f"{style.printable(b)}: {n}" for b, n in rows), MAX_COUNTS))
    for name in ("probabilities", "statevector", "unitary"):
        if (array := getattr(element, name)) is not None:
            return f"{name} of shape {array.shape}"
    return "no counts: the circuit has no bits"


def _few(texts: Iterator[str], limit: int) -> list[str]:
    first = list(islice(texts, limit + 1))
    return first if len(first) <= limit else [*first[:limit], "…"]


def _with_errors(result: Result) -> Iterator[str]:
    """Yield values such as `0.7071` if exact, or `0.71 ± 0.02` if sampled."""
    assert result.expectation_values is not None
    values = result.expectation_values.ravel().tolist()
    errors = [0.0] * len(values)
    if result.standard_errors is not None:
        errors = result.standard_errors.ravel().tolist()
    bounds = [None] * len(values)
    if result.error_bounds is not None:
        bounds = result.error_bounds.ravel().tolist()
    for value, error, bound in zip(values, errors, bounds, strict=True):
        text = f"{_format_float(value)} ± {error:.2g}" if error else _format_float(value)
        yield text if bound is None else f"{text} (error at most {bound:.2g})"


def _values(result: Result) -> RenderableType:
    table = _table("observable", "expectation value")
    for name, text in islice(zip(labels(result), _with_errors(result), strict=True), MAX_ELEMENTS):
        table.add_row(Text(style.printable(name)), text)
    more = len(labels(result)) - MAX_ELEMENTS
    return Group(table, Text(f"… and {more:,} more: --json prints them")) if more > 0 else table


def _amplitudes(head: str, values: Sequence[complex]) -> RenderableType:
    """Show the largest amplitudes, in the order of their bits."""
    width = max(1, (len(values) - 1).bit_length())
    largest = sorted(range(len(values)), key=lambda k: (-abs(values[k]), k))
    present = [k for k in largest if abs(values[k]) > ROUNDING]
    table = _table("bits", head)
    for k in sorted(present[:MAX_AMPLITUDES]):
        table.add_row(f"{k:0{width}b}", _number(values[k]))
    if len(present) <= MAX_AMPLITUDES:
        return table
    return Group(table, Text(f"… and {len(present) - MAX_AMPLITUDES:,} more: --json prints them"))


def _compilation(compiled: Mapping[str, object]) -> RenderableType:
    gates = compiled.get("gates")
    counted = gates if isinstance(gates, dict) else {}
    gate_counts = ", ".join(f"{number} {style.printable(name)}" for name, number in counted.items())
    label = "as written, of depth" if compiled.get("as_written") else "compiled to depth"
    return Text(f"{label} {compiled.get('depth')}: {gate_counts}", style="dim")


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(Text(style.printable(column)), overflow="fold")
    return table


def _number(value: object) -> str:
    if isinstance(value, complex):
        return (
            f"{_format_float(value.real)} {'-' if value.imag < 0 else '+'} {abs(value.imag):.4g}i"
        )
    if isinstance(value, float):
        return _format_float(value)
    tolist = getattr(value, "tolist", None)
    return style.printable(value if tolist is None else _number(tolist()))


def _format_float(value: float) -> str:
    return f"{0.0 if abs(value) < ROUNDING else value:.6g}"
