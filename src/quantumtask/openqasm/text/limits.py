"""Limits of a text that are checked before the parser runs.

The parser is recursive, and its stack can overflow. Every construct that makes the parser recurse
is counted here first, so that a hostile text costs one scan instead of a crashed process.
"""

import re

from quantumtask.openqasm.text.scanner import scan
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Source

MAX_OPERATORS = 500
"""Most operators in one expression: the parser's stack overflows at some ten thousand."""

MAX_WORD_LENGTH = 1300
"""Most characters of one number or name: more than the widest number needs."""

MAX_BITSTRING_LENGTH = 4300
"""Most characters of one bit string."""

MAX_CONSECUTIVE_INDICES = 100
"""Most indices in a row: `c[0][0]...`."""

MAX_UNKNOWN_CHARACTERS = 1000
"""Most characters without a meaning in OpenQASM: the parser reports each one, slowly."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")

_SHORT = 100
_STATEMENT = r'include\s*+"[^"\n;]*+"\s*+;|(?=[^;]{1,100};)(?!;)[^;{}"\']*+;'
_PLAIN = re.compile(
    rf"""(?:\s*+(?:
        gate\b[\w\s,]*+(?:\([\w\s,]*+\)[\w\s,]*+)?+\{{(?:\s*+(?:{_STATEMENT}))*+\s*+\}}
        |{_STATEMENT}
    ))*+\s*+""",
    re.VERBOSE,
)
"""Sequence of short statements, outside of blocks other than `gate` definitions. A short statement
cannot nest deeper than its length, whatever its tokens are."""


def check_characters(source: Source) -> None:
    """Raises Diagnostic for a character that no circuit needs, even in a comment."""
    if bad := _CONTROL.search(source.text):
        name = f"U+{ord(bad.group()):04X}"
        hint = "Save the file as plain UTF-8 text without it"
        place = source.span(bad.start(), bad.start())
        raise Diagnostic("invalid_character", f"the character {name} is not allowed", place, hint)


def check_nesting(source: Source, max_nesting: int, legacy: bool) -> None:
    """Raises Diagnostic for a text without comments that makes the parser recurse too deep.

    `legacy`: the text is OpenQASM 2.
    """
    text = source.text
    if text.count("?") + text.count("`") + text.count("\\") > MAX_UNKNOWN_CHARACTERS:
        raise Diagnostic("syntax_error", "this is not OpenQASM 3", OffsetSpan(0, 0))
    begin = _end_of_plain(text, max_nesting)
    if begin < len(text):
        _Depth(source, begin, max_nesting).check(legacy)


def _end_of_plain(text: str, max_nesting: int) -> int:
    """The offset of the first statement that may nest too deep, or that belongs to an `if`."""
    if max_nesting < _SHORT:
        return 0
    plain = _PLAIN.match(text, 0, text.find("if") if "else" in text else len(text))
    return plain.end() if plain else 0


_LONG = re.compile(rf"(?<![\w.])[\w.]{{{MAX_WORD_LENGTH + 1}}}")


class _Level:
    """An open bracket, with its counts of brace-less `flows`, `operators` and `indices` in a row.

    `block`: the bracket holds statements.
    """

    __slots__ = ("block", "flows", "indices", "operators")

    def __init__(self) -> None:
        self.flows = 0
        self.operators = 0
        self.indices = 0
        self.block = False


class _Depth:
    """Counts the parser's depth of recursion, token by token, from a statement on."""

    def __init__(self, source: Source, begin: int, max_nesting: int) -> None:
        self.source = source
        self.begin = begin
        self.text = source.text[begin:]
        self.max_nesting = max_nesting
        self.levels = [_Level()]
        self.flows = 0
        self.operators = 0
        self.last = ""
        self.last_end = 0
        self.closed_block = False

    def check(self, legacy: bool) -> None:
        handlers = {
            "open": self._open,
            "close": self._close,
            "end": self._end,
            "flow": self._flow,
            "operator": self._operator,
            "string": self._string,
            "long": self._long,
            "pragma": self._line,
            "annotation": self._line,
        }
        kinds = ("open", "close", "end", "flow", "operator")
        long = ("long",) if _LONG.search(self.text) else ()
        for kind, start, end in scan(self.text, *kinds, *long, legacy=legacy):
            if handler := handlers.get(kind):
                handler(start, end)
                self.last = self.text[start:end]
                self.last_end = end

    def _open(self, start: int, end: int) -> None:
        if self.text[start] == "[":
            level = self.levels[-1]
            level.indices = level.indices + 1 if self.last == "]" else 0
            if level.indices > MAX_CONSECUTIVE_INDICES:
                message = f"more than {MAX_CONSECUTIVE_INDICES} indices stand in a row"
                raise self._refusal("nesting_too_deep", message, start, end)
        self.levels.append(_Level())
        self._check_depth(start, end)

    def _line(self, start: int, end: int) -> None:
        """Checks a pragma or an annotation, whose content only some parsers read."""
        text = self.text[start:end]
        if sum(text.count(bracket) for bracket in "([{") > self.max_nesting:
            raise self._too_deep(start, end)

    def _close(self, start: int, _end: int) -> None:
        if len(self.levels) > 1:
            closed = self.levels.pop()
            self.closed_block = closed.block
            self.levels[-1].block |= closed.block
            self.flows -= closed.flows
            self.operators -= closed.operators
        if self.text[start] == "}":
            self._forget_operators()

    def _end(self, start: int, end: int) -> None:
        semicolon = self.text[start] == ";"
        if semicolon and self.last == ";" and not self.text[self.last_end : start].strip():
            message = "a statement is missing between two `;`"
            raise self._refusal("syntax_error", message, start, end)
        self._forget_operators()
        self.levels[-1].block |= semicolon

    def _flow(self, start: int, end: int) -> None:
        level = self.levels[-1]
        # The brace before may close the set of a `for`; then this token begins its body.
        fresh = self.last in (";", "{", "") or (self.last == "}" and self.closed_block)
        if fresh and self.text[start:end] != "else":
            self.flows -= level.flows
            level.flows = 0
        level.flows += 1
        self.flows += 1
        self._check_depth(start, end)

    def _operator(self, start: int, end: int) -> None:
        self.levels[-1].operators += 1
        self.operators += 1
        if self.operators > MAX_OPERATORS:
            message = f"this expression has more than {MAX_OPERATORS} operators"
            raise self._refusal("nesting_too_deep", message, start, end)

    def _string(self, start: int, end: int) -> None:
        if end - start > MAX_BITSTRING_LENGTH + 2:
            raise self._too_large(start, end, MAX_BITSTRING_LENGTH)

    def _long(self, start: int, end: int) -> None:
        if self.text[start] in "0123456789.":
            raise self._too_large(start, end, MAX_WORD_LENGTH)
        message = f"this name is longer than {MAX_WORD_LENGTH} characters"
        raise self._refusal("name_too_long", message, start, end)

    def _forget_operators(self) -> None:
        level = self.levels[-1]
        self.operators -= level.operators
        level.operators = 0

    def _check_depth(self, start: int, end: int) -> None:
        if len(self.levels) - 1 + self.flows > self.max_nesting:
            raise self._too_deep(start, end)

    def _too_deep(self, start: int, end: int) -> Diagnostic:
        message = f"this is nested more than {self.max_nesting} levels deep"
        return self._refusal("nesting_too_deep", message, start, end)

    def _too_large(self, start: int, end: int, most: int) -> Diagnostic:
        message = f"this literal has more than {most} characters"
        return self._refusal("number_too_large", message, start, end)

    def _refusal(self, code: str, message: str, start: int, end: int) -> Diagnostic:
        return Diagnostic(code, message, self.source.span(self.begin + start, self.begin + end))
