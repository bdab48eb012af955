"""Text of what the command line prints for an answer."""

from io import StringIO

from rich.console import Console, RenderableType


def rendered(view: RenderableType, width: int = 200) -> list[str]:
    """Return the printed lines, without colours and without blanks at the end of a line."""
    console = Console(file=StringIO(), width=width, highlight=False, markup=False, emoji=False)
    console.print(view)
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def cells(view: RenderableType, width: int = 200) -> list[list[str]]:
    """Return the words of each printed line."""
    return [line.split() for line in rendered(view, width)]
