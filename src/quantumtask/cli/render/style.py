"""Colours, widths and small texts that all views use."""

from collections.abc import Mapping

from rich.bar import Bar
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from quantumtask.shared.quantity import quantity

MAX_HISTOGRAM_ROWS = 20
PIPE_WIDTH = 200
BAR_WIDTH = 40

COLOURS = {
    "submitted": "yellow",
    "running": "blue",
    "completed": "green",
    "failed": "red",
    "cancelled": "magenta",
}


def console() -> Console:
    """Return a console on standard output; a pipe is wide, so that few lines are folded."""
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def counts(counts: Mapping[str, int]) -> RenderableType:
    """Draw counts as a histogram, the most frequent first; the last line sums up the rest."""
    if not counts:
        return Text("no counts: the circuit declares no bits to measure into")
    ordered = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    shown, hidden = ordered[:MAX_HISTOGRAM_ROWS], ordered[MAX_HISTOGRAM_ROWS:]
    total, largest = sum(counts.values()), ordered[0][1]
    table = Table.grid(padding=(0, 1))
    table.add_column(overflow="fold")
    table.add_column()
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    for bits, count in shown:
        bar = Bar(largest, 0, count, width=BAR_WIDTH, color="cyan")
        table.add_row(Text(printable(bits)), bar, str(count), f"{count / total:.1%}")
    if not hidden:
        return table
    rest = sum(count for _, count in hidden)
    return Group(
        table, Text(f"… and {len(hidden)} more ({quantity(rest, 'shot')}, {rest / total:.1%})")
    )


def printable(text: object) -> str:
    """Return a text without characters that control the terminal."""
    return "".join(c if c.isprintable() else "�" for c in str(text))


def duration(ms: float) -> str:
    """Format a duration, such as `12.3 ms` or `4.0 s`."""
    if ms < 1000:
        return f"{ms:.3g} ms"
    if ms < 120_000:
        return f"{ms / 1000:.1f} s"
    return f"{ms / 60_000:.1f} min"
