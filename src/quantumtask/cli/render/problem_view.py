"""View of a validation: every problem with its marked line and its hint."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from quantumtask.cli.render.style import printable
from quantumtask.client import Json
from quantumtask.shared.quantity import quantity

TAB = "    "
ELLIPSIS = "…"
MIN_WIDTH = 20
STYLES = {"error": "bold red", "warning": "bold yellow"}

_LINE_END = re.compile(r"\r\n|\r|\n")


class Excerpt(NamedTuple):
    """Part of a source line, and the line of blanks and carets below it."""

    line: str
    marks: str


def lines(file: str, text: str, answer: Json, width: int) -> Iterator[Text]:
    """Yield the lines of a validation.

    Args:
        file: Name of the file, as the lines show it.
        text: Source of the circuit.
        answer: Answer of the validation.
        width: Width of the terminal, in cells.
    """
    source = source_lines(text)
    for problem in answer["problems"]:
        yield from _problem(file, source, problem, width)
    yield _summary(file, answer)


def source_lines(text: str) -> list[str]:
    """Return the lines of a source, as the positions of problems count them."""
    return _LINE_END.split(text)


def mark_position(source: Sequence[str], problem: Json, width: int) -> Iterator[Text]:
    """Yield the source line of a problem with its number, and carets below; nothing without one."""
    number, column = problem.get("line"), problem.get("column")
    if number is None or column is None or not 0 < number <= len(source):
        return
    line = source[number - 1]
    end_line, end_column = problem.get("end_line"), problem.get("end_column")
    first = min(column - 1, len(line))
    spans_lines = end_line is not None and end_line > number
    last = len(line) if spans_lines else (end_column or column + 1) - 1
    part = excerpt(line, first, last, max(MIN_WIDTH, width - len(str(number)) - 5))
    style = STYLES.get(problem.get("severity", "error"), "bold")
    yield Text.assemble((f"  {number} | ", "dim"), part.line)
    yield Text.assemble((f"  {' ' * len(str(number))} | ", "dim"), (part.marks, style))


def excerpt(line: str, first: int, last: int, width: int) -> Excerpt:
    """Return the part of a line around the characters from `first` to `last`, `last` excluded.

    The part fills at most `width` cells; an ellipsis stands for the rest.
    """
    begin, visible = 0, [_visible(character) for character in line[: width + 1]]
    if len(visible) > width or cell_len("".join(visible)) > width:
        begin, visible = _around(line, first, width)
    head = ELLIPSIS if begin else ""
    tail = ELLIPSIS if begin + len(visible) < len(line) else ""
    before = cell_len(head + "".join(visible[: first - begin]))
    marked = cell_len("".join(visible[first - begin : max(first, last) - begin]))
    return Excerpt(head + "".join(visible) + tail, " " * before + "^" * max(1, marked))


def _around(line: str, first: int, width: int) -> tuple[int, list[str]]:
    """Return the index of the first visible character of a long line, and the characters."""
    begin = max(0, first - width // 2)
    visible = [_visible(character) for character in line[begin : first + width]]
    while begin < first and cell_len("".join(visible[: first - begin])) > width // 2:
        del visible[0]
        begin += 1
    while cell_len("".join(visible)) > width - 2 and len(visible) > first - begin + 1:
        del visible[-1]
    return begin, visible


def _visible(character: str) -> str:
    return TAB if character == "\t" else printable(character)


def _problem(file: str, source: list[str], problem: Json, width: int) -> Iterator[Text]:
    severity, line, column = problem["severity"], problem["line"], problem["column"]
    style = STYLES.get(severity, "bold")
    place = file if line is None else f"{file}:{line}:{column}"
    yield Text.assemble(
        (f"{place}: ", "bold"),
        (f"{severity}[{printable(problem['code'])}]", style),
        f": {printable(problem['message'])}",
    )
    yield from mark_position(source, problem, width)
    if problem["hint"]:
        yield Text(f"  hint: {printable(problem['hint'])}")


def _summary(file: str, answer: Json) -> Text:
    """Return a line such as `bell.qasm: valid: 2 qubits, 3 operations; 1 warning`."""
    severities = [problem["severity"] for problem in answer["problems"]]
    errors, warnings = severities.count("error"), severities.count("warning")
    counts = [quantity(errors, "error")] if errors else []
    counts += [quantity(warnings, "warning")] if warnings else []
    if not answer["valid"]:
        return Text.assemble(
            (f"{file}: ", "bold"), ("not valid", STYLES["error"]), _details(counts)
        )
    size = quantity(answer["qubits"], "qubit")
    if answer["operations"] is not None:
        size += ", " + quantity(answer["operations"], "operation")
    return Text.assemble((f"{file}: ", "bold"), ("valid", "bold green"), _details([size, *counts]))


def _details(parts: list[str]) -> str:
    return ": " + "; ".join(parts) if parts else ""
