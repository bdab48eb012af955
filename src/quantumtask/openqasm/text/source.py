"""The text of a circuit, spans in the text, and diagnostics at these spans."""

import re
from bisect import bisect_right
from functools import cached_property
from itertools import accumulate
from typing import Protocol

from quantumtask.openqasm.text.scanner import scan
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.task import Problem

MAX_PROBLEMS = 20
"""Most problems of one circuit that an error lists."""

MAX_TOKEN_LENGTH = 60
"""Most characters of a name or a token in a message."""

MAX_GAP = 1000
"""Most characters of blanks and comments between a statement without an end and the next one."""

KEYWORD_SUFFIX = "\N{LATIN LETTER RETROFLEX CLICK}"
"""Suffix, in the parser's text, of an OpenQASM 2 name that is a keyword of OpenQASM 3."""

_KEYWORD = re.compile(r"\b(?:OPENQASM|qubit|bit|qreg|include|gate|measure)\b")
_PYTHON = re.compile(r"^[ \t]*+(?:import|from)\s+\w|\bQuantumCircuit\(", re.MULTILINE)
_LINE_END = re.compile(r"\r\n|\r|\n")


class Span(Protocol):
    """A half-open range of UTF-8 byte offsets."""

    @property
    def lo(self) -> int:
        """The offset of the first byte."""

    @property
    def hi(self) -> int:
        """The offset behind the last byte."""


class OffsetSpan:
    """A Span that no parser made."""

    def __init__(self, lo: int, hi: int) -> None:
        self.lo = lo
        self.hi = hi


class Diagnostic(Exception):
    """A mistake in a circuit, with its code, message, span and hint.

    The checker turns the diagnostic of a statement into a Problem, and continues with the next
    statement.
    """

    def __init__(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = restore_names(message)
        self.span = span
        self.hint = None if hint is None else restore_names(hint)


class Source:
    """The text of a circuit, with the line and column of each byte offset.

    Args:
        text: The text.
        original: The source that `text` was made from; positions are reported in the original.
        edits: For each difference from the original, the byte offset of its end in `text`, and the
            number of bytes by which `text` is longer there.
        opaque_gates: The gates that an OpenQASM 2 text declares without a body; None for
            OpenQASM 3.
        has_annotations: True if the text has annotations.
    """

    def __init__(
        self,
        text: str,
        original: "Source | None" = None,
        edits: tuple[tuple[int, int], ...] = (),
        opaque_gates: frozenset[str] | None = None,
        has_annotations: bool = False,
    ) -> None:
        self.text = text
        self.opaque_gates = opaque_gates
        self.has_annotations = has_annotations
        self._original = original
        self._edits = edits

    @cached_property
    def bytes(self) -> bytes:
        """The text in UTF-8."""
        return self.text.encode(errors="replace")

    @cached_property
    def looks_like_openqasm(self) -> bool:
        """True for a text with a keyword of OpenQASM and the end of a statement."""
        return ";" in self.text and _KEYWORD.search(self.text) is not None

    @cached_property
    def looks_like_python(self) -> bool:
        """True for a text with an import or a circuit of Qiskit, and nothing of OpenQASM."""
        return not self.looks_like_openqasm and _PYTHON.search(self.text) is not None

    def statement_end(self, offset: int) -> int:
        """Return the byte offset behind the last token before `offset`.

        A token that is farther away than MAX_GAP characters is not looked for.
        """
        index = len(self.bytes[:offset].decode(errors="ignore"))
        first = max(0, index - MAX_GAP)
        gap = self.text[first:index].rstrip()
        while (start := self._comments.get(first + len(gap))) is not None:
            gap = gap[: max(0, start - first)].rstrip()
        return len(self.text[: first + len(gap)].encode(errors="replace")) if gap else offset

    @cached_property
    def _comments(self) -> dict[int, int]:
        """The first character of each comment, by its end."""
        tokens = scan(self.text, openqasm2=self.opaque_gates is not None)
        return {end: start for kind, start, end in tokens if kind == "comment"}

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in _LINE_END.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return the line and column of a byte offset, both from 1 and counted in characters."""
        if self._original is not None:
            return self._original.position(self._original_offset(offset))
        index = len(self.bytes[:offset].decode(errors="ignore"))
        line = bisect_right(self._line_starts, index)
        return line, index - self._line_starts[line - 1] + 1

    def _original_offset(self, offset: int) -> int:
        ends, growth = self._growth
        return offset - growth[bisect_right(ends, offset)]

    @cached_property
    def _growth(self) -> tuple[list[int], list[int]]:
        """The byte offsets at which the edits end, and the growth of the text up to each edit."""
        total = accumulate((growth for _, growth in self._edits), initial=0)
        return [end for end, _ in self._edits], list(total)

    def span(self, start: int, end: int) -> Span:
        """Return the span of the characters from `start` to `end`."""
        lo = len(self.text[:start].encode(errors="replace"))
        return OffsetSpan(lo, lo + len(self.text[start:end].encode(errors="replace")))

    def token(self, span: Span) -> str | None:
        """Return the text of a span: its first line, cut to MAX_TOKEN_LENGTH characters."""
        if self._original is not None:
            lo, hi = self._original_offset(span.lo), self._original_offset(span.hi)
            return self._original.token(OffsetSpan(lo, hi))
        text = self.bytes[span.lo : span.hi].decode(errors="ignore")
        first_line = _LINE_END.split(text, maxsplit=1)[0].strip()
        return shorten(first_line) or None

    def problem(self, diagnostic: Diagnostic) -> Problem:
        """Return a diagnostic as a Problem, with lines and columns."""
        span = diagnostic.span
        line, column = self.position(span.lo)
        end_line, end_column = self.position(max(span.hi, span.lo))
        return Problem(
            diagnostic.code, diagnostic.message, line, column, self.token(span), diagnostic.hint,
            end_line=end_line, end_column=end_column,
        )  # fmt: skip

    def error(self, *diagnostics: Diagnostic) -> CircuitError:
        """Return the error of a circuit with these diagnostics, in the order of the text."""
        ordered = sorted(diagnostics, key=lambda each: each.span.lo)
        return CircuitError(*(self.problem(each) for each in ordered[:MAX_PROBLEMS]))


def restore_names(text: str) -> str:
    """Return a text with its names as the program writes them, without KEYWORD_SUFFIX."""
    return text.replace(KEYWORD_SUFFIX, "")


def format_int(number: int) -> str:
    """Return an integer for a message, with thousands separators; a long one as its length."""
    digits = len(str(abs(number))) if abs(number).bit_length() < 10_000 else 3_000
    return f"{number:,}" if digits <= 20 else f"a number of more than {digits - 1:,} digits"


def shorten(text: str, max_length: int = MAX_TOKEN_LENGTH) -> str:
    """Return `text` for a message, cut to `max_length` characters."""
    return text if len(text) <= max_length else text[: max_length - 1] + "…"
