"""Layout of a circuit's text in which both parsers follow the specification.

In the specification, comments and line ends are white space. The parsers differ from it. For one
parser, an `@` begins an annotation only at the beginning of a line; for the other parser, whenever
a name stands directly behind the `@`. One parser allows no comment between `OPENQASM` and the
version, or between `include` and the file.
"""

import re

from quantumtask.openqasm.text.edits import TextEdits
from quantumtask.openqasm.text.scanner import replace_comments, scan
from quantumtask.openqasm.text.source import Source

_NO_LINE_END = re.compile(r"[^\r\n]")
_UNUSUAL_AT = re.compile(r"\n[^\S\n]*+@|@(?=[^\W\d])")
"""An `@` that may need white space; any other `@` stands on the line of its modifier."""


def normalize_line_ends(text: str) -> str:
    """Return the text with a line feed for each lone carriage return, at unchanged offsets."""
    if "\r" not in text:
        return text
    return "\r\n".join([part.replace("\r", "\n") for part in text.split("\r\n")])


def remove_comments(text: str, openqasm2: bool) -> str:
    """Return the text with one blank, or one line end, for each comment.

    Args:
        text: The text of a circuit; a comment without an end stays.
        openqasm2: True if the text is OpenQASM 2.
    """
    return replace_comments(text, openqasm2, lambda old: "\n" if "\n" in old else " ")


def adapt_layout(source: Source, openqasm2: bool) -> Source:
    """Return the source in the layout for the parsers.

    Args:
        source: The text of a circuit, in OpenQASM 2 or 3.
        openqasm2: True if the text is OpenQASM 2.
    """
    text = replace_comments(source.text, openqasm2, _blank_comment)
    if "@" in text and _UNUSUAL_AT.search(text):
        return _AtSignLayout(text).adapt(source, openqasm2)
    return source if text is source.text else Source(text, source)


def _blank_comment(comment: str) -> str:
    """Return white space of as many bytes as a comment, with the same line ends."""
    if comment.isascii() and "\n" not in comment:
        return " " * len(comment)
    return _NO_LINE_END.sub(lambda match: " " * len(match[0].encode(errors="replace")), comment)


class _AtSignLayout:
    """White space that the parsers need at each `@` of a text without comments."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits = TextEdits(text)
        self._previous_end = 0
        self._has_annotations = False

    def adapt(self, original: Source, openqasm2: bool) -> Source:
        for kind, start, end in scan(self._text, "at", openqasm2=openqasm2):
            if kind == "annotation":
                self._move_annotation(start)
            elif kind == "at":
                self._move_to_modifier(start)
            self._previous_end = end
        return self._edits.apply(original, None, self._has_annotations)

    def _move_annotation(self, start: int) -> None:
        """Move an annotation to the beginning of a line."""
        self._has_annotations = True
        line = self._text.rfind("\n", 0, start) + 1
        if self._text[line:start].strip():
            self._edits.replace(start, start, "\n")

    def _move_to_modifier(self, start: int) -> None:
        """Move an `@` to the line of its modifier, and add a space before the name behind it."""
        text = self._text
        between = text[self._previous_end : start]
        first = start - len(between) + len(between.rstrip())
        if "\n" in between[first - start :]:
            self._edits.replace(first, start, re.sub(r"[\r\n]", " ", text[first:start]))
        if text[start + 1 : start + 2].isidentifier():
            self._edits.replace(start, start + 1, "@ ")
