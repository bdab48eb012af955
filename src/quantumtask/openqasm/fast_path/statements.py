"""Division of a text into statements by `;`, and into declarations and other statements."""

import re
from typing import NamedTuple

from quantumtask.openqasm.text.layout import normalize_line_ends, remove_comments
from quantumtask.openqasm.text.limits import check_characters
from quantumtask.openqasm.text.source import Source
from quantumtask.openqasm.text.version import declares_openqasm2

WHITE_SPACE = " \t\r\n"
SPACE = r"[ \t\r\n]*+"
"""The pattern of white space."""

_GATE = re.compile(rf"{SPACE}gate\b")
_VERSION = re.compile(rf"{SPACE}OPENQASM\b")
_DECLARATION = re.compile(rf"{SPACE}(?:include|qubit|bit|qreg|creg|gate|const)\b")
_DECLARATION_PARTS = ("bit", "reg", "gate", "const", "include")
"""Parts of words; a text that has none of them declares nothing."""


class UnsupportedByFastPath(Exception):
    """The text may not be a straight-line program, or may have mistakes; the compiler decides."""


class Section(NamedTuple):
    """Declarations, and the other statements up to the next declaration."""

    declarations: list[str]
    statements: list[str]


def split_sections(text: str) -> list[Section]:
    """Return the statements of a text, without comments and semicolons.

    Raises:
        UnsupportedByFastPath: The text has a block that is not a gate definition.
        Diagnostic: The text has a character or a version that is not allowed.
    """
    text = _remove_comments(normalize_line_ends(text))
    items = _split_statements(text)
    if items.pop().strip(WHITE_SPACE):
        raise UnsupportedByFastPath
    first = 1 if items and _VERSION.match(items[0]) else 0
    while first < len(items) and _DECLARATION.match(items[first]):
        first += 1
    head_length = sum(map(_length_in_text, items[:first]))
    has_declarations = any(text.find(part, head_length) >= 0 for part in _DECLARATION_PARTS)
    if has_declarations or _has_measurement(items[:first]):
        return _group_sections(items)
    return [Section(items[:first], items[first:])]


def _remove_comments(text: str) -> str:
    if "//" not in text and "/*" not in text:
        return text
    source = Source(text)
    check_characters(source)
    return remove_comments(text, declares_openqasm2(source))


def _split_statements(text: str) -> list[str]:
    """Return the text split at each `;`, and after the closing brace of each gate definition.

    Raises UnsupportedByFastPath for any other brace.
    """
    items: list[str] = []
    start = 0
    while (brace := text.find("{", start)) >= 0:
        end = text.find("}", brace) + 1
        if not end:
            raise UnsupportedByFastPath
        *before, head = text[start:brace].split(";")
        if not _GATE.match(head):
            raise UnsupportedByFastPath
        items += [*before, head + text[brace:end]]
        start = end
    return items + text[start:].split(";")


def _length_in_text(item: str) -> int:
    return len(item) + (not item.endswith("}"))


def _has_measurement(declarations: list[str]) -> bool:
    """Return True if declarations may include `bit c = measure q`."""
    return any("measure" in item for item in declarations)


def _group_sections(items: list[str]) -> list[Section]:
    sections = [Section([], [])]
    for number, item in enumerate(items):
        if _DECLARATION.match(item) or (number == 0 and _VERSION.match(item)):
            if sections[-1].statements:
                sections.append(Section([], []))
            declaration, measurements = _separate_measurement(item)
            sections[-1].declarations.append(declaration)
            sections[-1].statements.extend(measurements)
        else:
            sections[-1].statements.append(item)
    return sections


def _separate_measurement(item: str) -> tuple[str, list[str]]:
    """Return `bit c = measure q` as a declaration and a measurement."""
    declaration, _, value = item.partition("=")
    words = declaration.replace("]", "] ").split()
    if not value.lstrip(WHITE_SPACE).startswith("measure") or words[0].startswith("const"):
        return item, []
    return declaration, [f"{words[-1]} ={value}"]
