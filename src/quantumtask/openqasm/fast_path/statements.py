"""A text taken apart into statements, without looking into them more than is needed."""

import re
from typing import NamedTuple

from quantumtask.openqasm.text.layout import normalize_line_ends, remove_comments
from quantumtask.openqasm.text.limits import check_characters
from quantumtask.openqasm.text.source import Source
from quantumtask.openqasm.text.version import declares_openqasm2

WHITE_SPACE = " \t\r\n"
SPACE = r"[ \t\r\n]*+"

_GATE = re.compile(rf"{SPACE}gate\b")
_VERSION = re.compile(rf"{SPACE}OPENQASM\b")
_DECLARES = re.compile(rf"{SPACE}(?:include|qubit|bit|qreg|creg|gate|const)\b")
_PARTS_OF_WORDS = ("bit", "reg", "gate", "const", "include")
"""Without any of these, nothing is declared."""


class UnsupportedByFastPath(Exception):
    """This is not certain to be a straight-line program without mistakes."""


class Section(NamedTuple):
    """Declarations, and the statements that follow up to the next declaration."""

    declared: list[str]
    run: list[str]


def split_sections(text: str) -> list[Section]:
    """Split a text into statements, without comments and semicolons."""
    text = _uncommented(normalize_line_ends(text))
    items = _items(text)
    if items.pop().strip(WHITE_SPACE):
        raise UnsupportedByFastPath
    first = 1 if items and _VERSION.match(items[0]) else 0
    while first < len(items) and _DECLARES.match(items[first]):
        first += 1
    rest = sum(map(_length, items[:first]))
    if all(text.find(part, rest) < 0 for part in _PARTS_OF_WORDS) and not _gives(items[:first]):
        return [Section(items[:first], items[first:])]
    return _sections(items)


def _uncommented(text: str) -> str:
    if "//" not in text and "/*" not in text:
        return text
    source = Source(text)
    check_characters(source)
    return remove_comments(text, declares_openqasm2(source))


def _items(text: str) -> list[str]:
    """Cut a text at each `;`, and behind the brace of each gate definition."""
    items: list[str] = []
    at = 0
    while (brace := text.find("{", at)) >= 0:
        end = text.find("}", brace) + 1
        if not end:
            raise UnsupportedByFastPath
        *before, head = text[at:brace].split(";")
        if not _GATE.match(head):
            raise UnsupportedByFastPath
        items += [*before, head + text[brace:end]]
        at = end
    return items + text[at:].split(";")


def _length(item: str) -> int:
    return len(item) + (not item.endswith("}"))


def _gives(items: list[str]) -> bool:
    """Whether there is `bit c = measure q;` among declarations."""
    return any("measure" in item for item in items)


def _sections(items: list[str]) -> list[Section]:
    found = [Section([], [])]
    for place, item in enumerate(items):
        if _DECLARES.match(item) or (place == 0 and _VERSION.match(item)):
            if found[-1].run:
                found.append(Section([], []))
            declaration, measurement = _taken_apart(item)
            found[-1].declared.append(declaration)
            found[-1].run.extend(measurement)
        else:
            found[-1].run.append(item)
    return found


def _taken_apart(item: str) -> tuple[str, list[str]]:
    """`bit c = measure q` is a declaration and a measurement."""
    declaration, _, value = item.partition("=")
    words = declaration.replace("]", "] ").split()
    if not value.lstrip(WHITE_SPACE).startswith("measure") or words[0].startswith("const"):
        return item, []
    return declaration, [f"{words[-1]} ={value}"]
