"""The text of a circuit in the layout that the parsers need.

In the specification, comments and line ends are white space. The parsers differ from it: to one of
them an `@` makes an annotation at the beginning of a line and nowhere else, to the other one an `@`
makes an annotation with a name directly behind it and always; between `OPENQASM` and its version,
or `include` and its file, one of them knows no comment. In this layout both read what the
specification says.
"""

import re

from quantumtask.openqasm.source import Source
from quantumtask.openqasm.text.edits import Edits
from quantumtask.openqasm.text.scanner import replace_comments, scan

_NO_LINE_END = re.compile(r"[^\r\n]")
_UNUSUAL_AT = re.compile(r"\n[^\S\n]*+@|@(?=[^\W\d])")
"""Any other `@` is one of a modifier, on its line, with white space behind it."""


def normalised(text: str) -> str:
    """The text with `\\n` for each lone `\\r`, at unchanged offsets."""
    if "\r" not in text:
        return text
    return "\r\n".join([part.replace("\r", "\n") for part in text.split("\r\n")])


def without_comments(text: str, legacy: bool) -> str:
    """The text with one blank, or one line end, for each comment.

    `legacy`: it is OpenQASM 2. A comment without an end stays.
    """
    return replace_comments(text, legacy, lambda old: "\n" if "\n" in old else " ")


def laid_out(source: Source, legacy: bool) -> Source:
    """The source in the layout for the parsers. `legacy`: it is OpenQASM 2."""
    text = replace_comments(source.text, legacy, _blank)
    if "@" in text and _UNUSUAL_AT.search(text):
        return _Layout(text).source(source, legacy)
    return source if text is source.text else Source(text, source)


def _blank(comment: str) -> str:
    """As many bytes of white space, with the same line ends."""
    if comment.isascii() and "\n" not in comment:
        return " " * len(comment)
    return _NO_LINE_END.sub(lambda found: " " * len(found[0].encode(errors="replace")), comment)


class _Layout:
    """A text without comments, whose every `@` gets the white space that the parsers need."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits = Edits(text)
        self._done = 0
        self._annotated = False

    def source(self, original: Source, legacy: bool) -> Source:
        for kind, start, end in scan(self._text, "at", legacy=legacy):
            if kind == "annotation":
                self._annotation(start)
            elif kind == "at":
                self._modifier(start)
            self._done = end
        return self._edits.source(original, None, self._annotated)

    def _annotation(self, start: int) -> None:
        """Lets the annotation begin a line."""
        self._annotated = True
        line = self._text.rfind("\n", 0, start) + 1
        if self._text[line:start].strip():
            self._edits.replace(start, start, "\n")

    def _modifier(self, start: int) -> None:
        """Moves the `@` to the line of its modifier, and away from a name."""
        text = self._text
        between = text[self._done : start]
        first = start - len(between) + len(between.rstrip())
        if "\n" in between[first - start :]:
            self._edits.replace(first, start, re.sub(r"[\r\n]", " ", text[first:start]))
        if text[start + 1 : start + 2].isidentifier():
            self._edits.replace(start, start + 1, "@ ")
