"""Limits of a text that are checked before the parser runs.

The parser is recursive, and its stack can overflow. Every construct that makes the parser recurse
is counted here first, so that a hostile text costs one scan instead of a crashed process.
"""

import re

from quantumtask.openqasm.text.scanner import scan
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Source

MAX_OPERATORS = 500
"""Most operators of one expression; the parser's stack overflows at about 10,000."""

MAX_WORD_LENGTH = 1300
"""Most characters of one number or name; the widest number needs fewer."""

MAX_BITSTRING_LENGTH = 4300
"""Most characters of one bit string."""

MAX_CONSECUTIVE_INDICES = 100
"""Most consecutive indices, such as `c[0][0]...`."""

MAX_UNKNOWN_CHARACTERS = 1000
"""Most characters that OpenQASM does not have; the parser is slow to report each one."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")

_SHORT_STATEMENT = 100
_STATEMENT = r'include\s*+"[^"\n;]*+"\s*+;|(?=[^;]{1,100};)(?!;)[^;{}"\']*+;'
_SHORT_STATEMENTS = re.compile(
    rf"""(?:\s*+(?:
        gate\b[\w\s,]*+(?:\([\w\s,]*+\)[\w\s,]*+)?+\{{(?:\s*+(?:{_STATEMENT}))*+\s*+\}}
        |{_STATEMENT}
    ))*+\s*+""",
    re.VERBOSE,
)
"""Sequence of short statements, outside of blocks other than `gate` definitions. The nesting of a
short statement is at most its length."""


def check_characters(source: Source) -> None:
    """Check that a text has no control characters, not even in a comment.

    Raises:
        Diagnostic: The text has such a character (`invalid_character`).
    """
    if match := _CONTROL.search(source.text):
        message = f"the character U+{ord(match.group()):04X} is not allowed"
        hint = "Save the file as plain UTF-8 text without it"
        span = source.span(match.start(), match.start())
        raise Diagnostic("invalid_character", message, span, hint)


def check_nesting(source: Source, max_nesting: int, openqasm2: bool) -> None:
    """Check that the parser will not recurse too deep.

    Args:
        source: A text without comments.
        max_nesting: Most open brackets and nested statements.
        openqasm2: True if the text is OpenQASM 2.

    Raises:
        Diagnostic: The text is nested too deep, or has a token or an expression that is too long.
    """
    text = source.text
    if text.count("?") + text.count("`") + text.count("\\") > MAX_UNKNOWN_CHARACTERS:
        raise Diagnostic("syntax_error", "the text is not OpenQASM 3", OffsetSpan(0, 0))
    start = _end_of_short_statements(text, max_nesting)
    if start < len(text):
        _NestingCheck(source, start, max_nesting).run(openqasm2)


def _end_of_short_statements(text: str, max_nesting: int) -> int:
    """Return the offset of the first statement that may nest too deep, or that follows an `if`."""
    if max_nesting < _SHORT_STATEMENT:
        return 0
    end = text.find("if") if "else" in text else len(text)
    match = _SHORT_STATEMENTS.match(text, 0, end)
    return match.end() if match else 0


_LONG_WORD = re.compile(rf"(?<![\w.])[\w.]{{{MAX_WORD_LENGTH + 1}}}")


class _Bracket:
    """Counts of an open bracket.

    Attributes:
        flows: Consecutive control statements without braces.
        operators: Operators of the current expression.
        indices: Consecutive indices.
        holds_statements: True if a statement ended within the bracket.
    """

    __slots__ = ("flows", "holds_statements", "indices", "operators")

    def __init__(self) -> None:
        self.flows = 0
        self.operators = 0
        self.indices = 0
        self.holds_statements = False


class _NestingCheck:
    """Count of the parser's depth of recursion, token by token, from a statement on."""

    def __init__(self, source: Source, start: int, max_nesting: int) -> None:
        self.source = source
        self.start = start
        self.text = source.text[start:]
        self.max_nesting = max_nesting
        self.brackets = [_Bracket()]
        self.flows = 0
        self.operators = 0
        self.previous = ""
        self.previous_end = 0
        self.closed_statements = False

    def run(self, openqasm2: bool) -> None:
        handlers = {
            "open": self._open,
            "close": self._close,
            "end": self._end,
            "flow": self._flow,
            "operator": self._operator,
            "string": self._string,
            "long": self._long_word,
            "pragma": self._line,
            "annotation": self._line,
        }
        kinds = ("open", "close", "end", "flow", "operator")
        long = ("long",) if _LONG_WORD.search(self.text) else ()
        for kind, start, end in scan(self.text, *kinds, *long, openqasm2=openqasm2):
            if handler := handlers.get(kind):
                handler(start, end)
                self.previous = self.text[start:end]
                self.previous_end = end

    def _open(self, start: int, end: int) -> None:
        if self.text[start] == "[":
            bracket = self.brackets[-1]
            bracket.indices = bracket.indices + 1 if self.previous == "]" else 0
            if bracket.indices > MAX_CONSECUTIVE_INDICES:
                message = f"more than {MAX_CONSECUTIVE_INDICES} indices follow each other"
                raise self._diagnostic("nesting_too_deep", message, start, end)
        self.brackets.append(_Bracket())
        self._check_depth(start, end)

    def _line(self, start: int, end: int) -> None:
        """Check a pragma or an annotation, whose content only some parsers read."""
        text = self.text[start:end]
        if sum(text.count(bracket) for bracket in "([{") > self.max_nesting:
            raise self._too_deep(start, end)

    def _close(self, start: int, _end: int) -> None:
        if len(self.brackets) > 1:
            bracket = self.brackets.pop()
            self.closed_statements = bracket.holds_statements
            self.brackets[-1].holds_statements |= bracket.holds_statements
            self.flows -= bracket.flows
            self.operators -= bracket.operators
        if self.text[start] == "}":
            self._end_expression()

    def _end(self, start: int, end: int) -> None:
        is_semicolon = self.text[start] == ";"
        follows_semicolon = (
            self.previous == ";" and not self.text[self.previous_end : start].strip()
        )
        if is_semicolon and follows_semicolon:
            message = "a statement is missing between two `;`"
            raise self._diagnostic("syntax_error", message, start, end)
        self._end_expression()
        self.brackets[-1].holds_statements |= is_semicolon

    def _flow(self, start: int, end: int) -> None:
        bracket = self.brackets[-1]
        # A closed brace may be the set of a `for`; then this token begins the body of the `for`.
        begins_statement = self.previous in (";", "{", "") or (
            self.previous == "}" and self.closed_statements
        )
        if begins_statement and self.text[start:end] != "else":
            self.flows -= bracket.flows
            bracket.flows = 0
        bracket.flows += 1
        self.flows += 1
        self._check_depth(start, end)

    def _operator(self, start: int, end: int) -> None:
        self.brackets[-1].operators += 1
        self.operators += 1
        if self.operators > MAX_OPERATORS:
            message = f"this expression has more than {MAX_OPERATORS} operators"
            raise self._diagnostic("nesting_too_deep", message, start, end)

    def _string(self, start: int, end: int) -> None:
        if end - start > MAX_BITSTRING_LENGTH + 2:
            raise self._too_large(start, end, MAX_BITSTRING_LENGTH)

    def _long_word(self, start: int, end: int) -> None:
        if self.text[start] in "0123456789.":
            raise self._too_large(start, end, MAX_WORD_LENGTH)
        message = f"this name is longer than {MAX_WORD_LENGTH} characters"
        raise self._diagnostic("name_too_long", message, start, end)

    def _end_expression(self) -> None:
        bracket = self.brackets[-1]
        self.operators -= bracket.operators
        bracket.operators = 0

    def _check_depth(self, start: int, end: int) -> None:
        if len(self.brackets) - 1 + self.flows > self.max_nesting:
            raise self._too_deep(start, end)

    def _too_deep(self, start: int, end: int) -> Diagnostic:
        message = f"this is nested more than {self.max_nesting} levels deep"
        return self._diagnostic("nesting_too_deep", message, start, end)

    def _too_large(self, start: int, end: int, max_length: int) -> Diagnostic:
        message = f"this literal has more than {max_length} characters"
        return self._diagnostic("number_too_large", message, start, end)

    def _diagnostic(self, code: str, message: str, start: int, end: int) -> Diagnostic:
        return Diagnostic(code, message, self.source.span(self.start + start, self.start + end))
