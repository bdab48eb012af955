"""What a terminal user sees of a validation: every problem with its line, marked, and its hint."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from rich.cells import cell_len
from rich.text import Text

from quantumtask.cli.render.style import plain
from quantumtask.client import Json

TAB = "    "
CUT = "…"
NARROWEST = 20
STYLES = {"error": "bold red", "warning": "bold yellow"}

_LINE_END = re.compile(r"\r\n|\r|\n")


class Excerpt(NamedTuple):
    """A line as it is shown, and what stands under it: blanks and carets."""

    line: str
    marks: str


def lines(file: str, text: str, found: Json, width: int) -> Iterator[Text]:
    """All that there is to say about `text`; `width` is that of the terminal, in cells."""
    source = _LINE_END.split(text)
    for problem in found["problems"]:
        yield from _problem(file, source, problem, width)
    yield _summary(file, found)


def excerpt(line: str, first: int, last: int, width: int) -> Excerpt:
    """The part of a line around the characters from `first` up to, not with, `last`.

    It fills `width` cells at most; what is cut off leaves a "…".
    """
    begin, shown = 0, [_shown(character) for character in line[: width + 1]]
    if len(shown) > width or cell_len("".join(shown)) > width:
        begin, shown = _around(line, first, width)
    head = CUT if begin else ""
    tail = CUT if begin + len(shown) < len(line) else ""
    before = cell_len(head + "".join(shown[: first - begin]))
    marked = cell_len("".join(shown[first - begin : max(first, last) - begin]))
    return Excerpt(head + "".join(shown) + tail, " " * before + "^" * max(1, marked))


def _around(line: str, first: int, width: int) -> tuple[int, list[str]]:
    """What is shown of a line that does not fit, and the number of its first character."""
    begin = max(0, first - width // 2)
    shown = [_shown(character) for character in line[begin : first + width]]
    while begin < first and cell_len("".join(shown[: first - begin])) > width // 2:
        del shown[0]
        begin += 1
    while cell_len("".join(shown)) > width - 2 and len(shown) > first - begin + 1:
        del shown[-1]
    return begin, shown


def _shown(character: str) -> str:
    return TAB if character == "\t" else plain(character)


def _problem(file: str, source: list[str], problem: Json, width: int) -> Iterator[Text]:
    severity, line, column = problem["severity"], problem["line"], problem["column"]
    style = STYLES.get(severity, "bold")
    place = file if line is None else f"{file}:{line}:{column}"
    yield Text.assemble(
        (f"{place}: ", "bold"),
        (f"{severity}[{plain(problem['code'])}]", style),
        f": {plain(problem['message'])}",
    )
    if line is not None and 0 < line <= len(source):
        yield from _marked(source[line - 1], problem, style, width)
    if problem["hint"]:
        yield Text(f"  hint: {plain(problem['hint'])}")


def _marked(line: str, problem: Json, style: str, width: int) -> Iterator[Text]:
    """The source line with its number, and carets below what is meant on it."""
    first = min(problem["column"] - 1, len(line))
    goes_on = problem["end_line"] is not None and problem["end_line"] > problem["line"]
    last = len(line) if goes_on else (problem["end_column"] or problem["column"] + 1) - 1
    number = str(problem["line"])
    part = excerpt(line, first, last, max(NARROWEST, width - len(number) - 5))
    yield Text.assemble((f"  {number} | ", "dim"), part.line)
    yield Text.assemble((f"  {' ' * len(number)} | ", "dim"), (part.marks, style))


def _summary(file: str, found: Json) -> Text:
    """`bell.qasm: valid: 2 qubits, 3 operations; 1 warning`."""
    severities = [problem["severity"] for problem in found["problems"]]
    errors, warnings = severities.count("error"), severities.count("warning")
    told = [_count(errors, "error")] if errors else []
    told += [_count(warnings, "warning")] if warnings else []
    if not found["valid"]:
        return Text.assemble((f"{file}: ", "bold"), ("not valid", STYLES["error"]), _after(told))
    size = _count(found["qubits"], "qubit")
    if found["operations"] is not None:
        size += ", " + _count(found["operations"], "operation")
    return Text.assemble((f"{file}: ", "bold"), ("valid", "bold green"), _after([size, *told]))


def _after(parts: list[str]) -> str:
    return ": " + "; ".join(parts) if parts else ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
