"""Places in the circuit text, and the problems found there."""

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import Protocol

from quantumtask.shared.errors import CircuitError
from quantumtask.shared.task import Problem

MAX_PROBLEMS = 20
MAX_TOKEN_LENGTH = 60

KEYWORD_SUFFIX = "\N{LATIN LETTER RETROFLEX CLICK}"
"""Suffix, in the parser's text, of an OpenQASM 2 name that is a keyword of OpenQASM 3."""

_WORD = re.compile(r"\b(?:OPENQASM|qubit|bit|qreg|include|gate|measure)\b")
_LINE_END = re.compile(r"\r\n|\r|\n")


class Span(Protocol):
    """A half-open range of UTF-8 byte offsets."""

    @property
    def lo(self) -> int: ...
    @property
    def hi(self) -> int: ...


class OffsetSpan:
    """A Span of our own, for problems found before there is a tree."""

    def __init__(self, lo: int, hi: int) -> None:
        self.lo = lo
        self.hi = hi


class Diagnostic(Exception):
    """One statement cannot be accepted; the checker turns it into a Problem and goes on."""

    def __init__(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = restore_names(message)
        self.span = span
        self.hint = None if hint is None else restore_names(hint)


class Source:
    """The text of a circuit, and the way from a byte offset to a line and column.

    If the text was made from an `original`, positions are reported in the original. Each of the
    `edits` then has the byte offset of its end, and the number of bytes that the text grew by.
    `opaque`, in OpenQASM 2 only: the gates that are declared without a body. `annotated`: the text
    has annotations.
    """

    def __init__(
        self,
        text: str,
        original: "Source | None" = None,
        edits: tuple[tuple[int, int], ...] = (),
        opaque: frozenset[str] | None = None,
        annotated: bool = False,
    ) -> None:
        self.text = text
        self.opaque = opaque
        self.annotated = annotated
        self._original = original
        self._edits = edits

    @cached_property
    def bytes(self) -> bytes:
        return self.text.encode(errors="replace")

    @cached_property
    def is_openqasm(self) -> bool:
        """Return True for a text with a keyword of OpenQASM and the end of a statement."""
        return ";" in self.text and _WORD.search(self.text) is not None

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """The line and column, both from 1 and counted in characters, of a byte offset."""
        if self._original is not None:
            return self._original.position(self._before(offset))
        at = len(self.bytes[:offset].decode(errors="ignore"))
        line = bisect_right(self._line_starts, at)
        return line, at - self._line_starts[line - 1] + 1

    def _before(self, offset: int) -> int:
        """The offset in the original."""
        ends, growth = self._growth
        return offset - growth[bisect_right(ends, offset)]

    @cached_property
    def _growth(self) -> tuple[list[int], list[int]]:
        """The byte offsets at which the edits end, and the growth of the text up to each edit."""
        grown = accumulate((growth for _, growth in self._edits), initial=0)
        return [end for end, _ in self._edits], list(grown)

    def span(self, start: int, end: int) -> Span:
        """The span of the characters from `start` to `end`."""
        lo = len(self.text[:start].encode(errors="replace"))
        return OffsetSpan(lo, lo + len(self.text[start:end].encode(errors="replace")))

    def token(self, span: Span) -> str | None:
        """What stands at a span, on its first line and cut to a readable length."""
        if self._original is not None:
            return self._original.token(OffsetSpan(self._before(span.lo), self._before(span.hi)))
        text = self.bytes[span.lo : span.hi].decode(errors="ignore")
        first = _LINE_END.split(text, maxsplit=1)[0].strip()
        return (
            first[: MAX_TOKEN_LENGTH - 1] + "…" if len(first) > MAX_TOKEN_LENGTH else first
        ) or None

    def problem(self, refusal: Diagnostic) -> Problem:
        line, column = self.position(refusal.span.lo)
        end_line, end_column = self.position(max(refusal.span.hi, refusal.span.lo))
        return Problem(
            refusal.code, refusal.message, line, column, self.token(refusal.span), refusal.hint,
            end_line=end_line, end_column=end_column,
        )  # fmt: skip

    def error(self, *refusals: Diagnostic) -> CircuitError:
        """The error that tells all `refusals`, in the order of the text."""
        ordered = sorted(refusals, key=lambda r: r.span.lo)
        return CircuitError(*(self.problem(r) for r in ordered[:MAX_PROBLEMS]))


def restore_names(text: str) -> str:
    """A text with its names as the program writes them: see MARK."""
    return text.replace(KEYWORD_SUFFIX, "")


def format_int(number: int) -> str:
    """A whole number for a message, however long it is."""
    digits = len(str(abs(number))) if abs(number).bit_length() < 10_000 else 3_000
    return f"{number:,}" if digits <= 20 else f"a number of more than {digits - 1:,} digits"


def shorten(text: str, most: int = MAX_TOKEN_LENGTH) -> str:
    """`text`, cut so that a message stays readable."""
    return text if len(text) <= most else text[: most - 1] + "…"
