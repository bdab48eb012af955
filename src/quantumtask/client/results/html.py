"""HTML of a result for notebooks, without external files."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quantumtask.client.results.result_data import ResultData

MAX_BARS = 24
MAX_TABLE_ROWS = 12
BAR_WIDTH, ROW_HEIGHT = 260, 20
COLOUR = "#4c78a8"
INK = "fill='currentColor'"


def html(result: "ResultData") -> str:
    """Return counts or probabilities as bars, expectation values as a table, and the run."""
    parts = [f"<div style='font-family:sans-serif'><b>{escape(_title(result))}</b>"]
    if result.shape:
        parts.append(_sweep(result))
    elif result.expectation_values is not None:
        parts.append(_values(result))
    elif result.counts:
        parts.append(_bars(*_largest_rows(list(result.counts.items()))))
    elif result.probabilities is not None:
        width = max(1, (len(result.probabilities) - 1).bit_length())
        named = [(f"{k:0{width}b}", p) for k, p in enumerate(result.probabilities.tolist()) if p]
        parts.append(_bars(*_largest_rows(named)))
    parts += [_table(["", "shape"], arrays)] if (arrays := _shapes(result)) else []
    parts += [f"<div>⚠ {escape(each)}</div>" for each in result.warnings]
    return "".join([*parts, "</div>"])


def _title(result: "ResultData") -> str:
    ran = " ".join(filter(None, [result.engine, result.method and f"({result.method})"]))
    facts = [result.name or "", f"{result.shots} shots", ran]
    if result.shape:
        facts.insert(1, f"sweep of shape {result.shape}")
    return " · ".join(filter(None, facts))


def _largest_rows(rows: list[tuple[str, float]]) -> tuple[list[tuple[str, float]], int]:
    """Return the most frequent rows in the order of their bits, and the number of hidden rows."""
    rows.sort(key=lambda row: (-row[1], row[0]))
    return sorted(rows[:MAX_BARS]), max(0, len(rows) - MAX_BARS)


def _bars(rows: Sequence[tuple[str, float]], hidden: int) -> str:
    """Return an SVG with a horizontal bar for each row."""
    label = 8 * max((len(bits) for bits, _ in rows), default=0) + 12
    largest = max((value for _, value in rows), default=1) or 1
    bars = "".join(
        _bar(k * ROW_HEIGHT, label, bits, value, value / largest)
        for k, (bits, value) in enumerate(rows)
    )
    size = f"width='{label + BAR_WIDTH + 90}' height='{ROW_HEIGHT * len(rows)}'"
    more = f"<div>… and {hidden:,} more</div>" if hidden else ""
    svg = f"<svg xmlns='http://www.w3.org/2000/svg' {size} font-family='monospace' font-size='13'>"
    return f"{svg}{bars}</svg>{more}"


def _bar(y: int, x: int, bits: str, value: float, share: float) -> str:
    middle = y + ROW_HEIGHT - 6
    length = max(1.0, share * BAR_WIDTH)
    text = f"{value:,}" if isinstance(value, int) else f"{value:.4g}"
    box = f"x='{x}' y='{y + 3}' width='{length:.1f}' height='{ROW_HEIGHT - 6}'"
    return (
        f"<text x='{x - 8}' y='{middle}' text-anchor='end' {INK}>{escape(bits)}</text>"
        f"<rect {box} fill='{COLOUR}'/>"
        f"<text x='{x + length + 6:.1f}' y='{middle}' {INK}>{text}</text>"
    )


def _shapes(result: "ResultData") -> list[list[str]]:
    """Return the names and shapes of the arrays of a result."""
    arrays = {"state vector": result.statevector, "unitary": result.unitary}
    return [[name, str(array.shape)] for name, array in arrays.items() if array is not None]


def _sweep(result: "ResultData") -> str:
    from quantumtask.client.results.table import elements, scalars

    rows: list[list[str]] = []
    names: list[str] = []
    for number, element in enumerate(elements(result)):
        if number == MAX_TABLE_ROWS:
            rows.append(["…", *[""] * len(names), f"{_size(result.shape) - MAX_TABLE_ROWS:,} more"])
            break
        values = scalars(element)
        names = list(values)
        shown = [
            f"{value:.6g}" if isinstance(value, float) else str(value) for value in values.values()
        ]
        rows.append([_index(element.index), *shown, _short(element)])
    return _table(["element", *names, "result"], rows)


def _short(element: "ResultData") -> str:
    if element.expectation_values is not None:
        values = element.expectation_values.ravel()
        more = ", …" if values.size > 4 else ""
        return ", ".join(f"{value:.6g}" for value in values[:4].tolist()) + more
    rows, hidden = _largest_rows(list((element.counts or {}).items()))
    shown = sorted(rows, key=lambda row: -row[1])[:4]
    more = ", …" if len(rows) > 4 or hidden else ""
    return ", ".join(f"{bits}: {count}" for bits, count in shown) + more


def _values(result: "ResultData") -> str:
    from quantumtask.client.results.table import rows

    table = []
    for number, row in enumerate(rows(result)):
        if number == MAX_TABLE_ROWS:
            table.append(["…", ""])
            break
        error = row["standard_error"]
        spread = f" ± {error:.2g}" if error else ""
        table.append([str(row["observable"]), f"{row['expectation_value']:.6g}{spread}"])
    return _table(["observable", "expectation value"], table)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"<table>{_row('th', heads)}{''.join(_row('td', row) for row in rows)}</table>"


def _row(tag: str, cells: Sequence[str]) -> str:
    return "<tr>" + "".join(_cells(tag, cells)) + "</tr>"


def _cells(tag: str, cells: Sequence[str]) -> Iterator[str]:
    return (f"<{tag} style='text-align:left'>{escape(cell)}</{tag}>" for cell in cells)


def _index(index: tuple[int, ...]) -> str:
    return ", ".join(map(str, index))


def _size(shape: tuple[int, ...]) -> int:
    total = 1
    for length in shape:
        total *= length
    return total
