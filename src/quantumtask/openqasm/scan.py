"""What is checked before the parser sees the text, in one pass over it.

The parser recurses, on a stack that can overflow: everything that makes it go deeper is counted
here first, so a hostile text costs one scan and not the process.
"""

import re

from quantumtask.openqasm.source import Place, Refusal, Source
from quantumtask.shared.settings import Settings

MOST_OPERATORS = 500
"""Operators in one expression: the parser's stack overflows at some ten thousand."""

MOST_DIGITS = 1300
"""Characters of one number or name: more than the widest number needs."""

MOST_BITS = 4300
"""Characters of one bit string."""

MOST_INDICES = 100
"""Indices in a row: `c[0][0]...`."""

MOST_ODD = 1000
"""Characters that OpenQASM has no use for: the parser reports each one, slowly."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff]")
_VERSION_2 = re.compile(r"(?:\s|//[^\n]*\n|/\*.*?\*/)*OPENQASM\s+2(?:\.\d+)?\s*;", re.DOTALL)
_TOKEN = re.compile(
    r"""
    (?P<skip>//[^\n]*|/\*.*?\*/)
    |(?P<directive>^[ \t]*(?:\#?pragma\b|@)[^\n]*)
    |(?P<string>"[^"\n]*"|'[^'\n]*')
    |(?P<open>[(\[{])|(?P<close>[)\]}])
    |(?P<end>[;,])
    |(?P<flow>\b(?:if|else|for|while|switch|box|case|default)\b)
    |(?P<operator>\*\*|\+\+|&&|\|\||<<|>>|[<>=!]=|[-+*/%<>!~^&|])
    |(?P<long>[0-9A-Za-z_.]{1301,})
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)

_SHORT = 100
_STATEMENT = r"""
        //[^\n]*+\n
        |include\s*+"[^"\n;]*+"\s*+;
        |(?=[^;]{1,100};)(?!;)[^;{}"'/]*+(?:/(?![/*])[^;{}"'/]*+)*+;
"""
_PLAIN = re.compile(
    rf"""(?:\s*+(?:
        gate\b[\w\s,]*+(?:\([\w\s,]*+\)[\w\s,]*+)?+\{{(?:\s*+(?:{_STATEMENT}))*+\s*+\}}
        |{_STATEMENT}
    ))*+\s*+""",
    re.VERBOSE,
)
"""Short statements in a row, in no other block than a definition: none can nest deeper than it is
long."""


def normalised(text: str) -> str:
    """The text with every line end written so that the parser sees it, at unchanged offsets."""
    return re.sub(r"\r(?!\n)", "\n", text) if "\r" in text else text


def scan(source: Source, settings: Settings) -> bool:
    """Whether it is OpenQASM 2. Raises CircuitError for a text that must not reach the parser."""
    try:
        check_characters(source.text)
        if not _is_plain(source.text, settings):
            _Depth(source.text, settings.max_nesting).run()
    except Refusal as refusal:
        raise source.error(refusal) from None
    return _VERSION_2.match(source.text) is not None


def _is_plain(text: str, settings: Settings) -> bool:
    if settings.max_nesting < _SHORT or "else" in text:
        return False
    return _PLAIN.fullmatch(text) is not None


def check_characters(text: str) -> None:
    if sum(text.count(odd) for odd in "?`\\") > MOST_ODD:
        raise Refusal("syntax_error", "this is not OpenQASM 3", Place(0, 0))
    if bad := _CONTROL.search(text):
        name = f"U+{ord(bad.group()):04X}"
        hint = "Save the file as plain UTF-8 text without it"
        place = _place(text, bad.start(), bad.start())
        raise Refusal("invalid_character", f"the character {name} is not allowed", place, hint)


class _Depth:
    """Counts, token by token, how deep the parser would have to go."""

    def __init__(self, text: str, max_nesting: int) -> None:
        self.text = text
        self.max_nesting = max_nesting
        # Per open bracket: control flow without braces, operators, whether it holds statements, and
        # indices in a row.
        self.levels = [[0, 0, 0, 0]]
        self.flows = 0
        self.operators = 0
        self.last = ""
        self.last_end = 0
        self.closed_block = 0

    def run(self) -> None:
        handlers = {
            "open": self._open,
            "close": self._close,
            "end": self._end,
            "flow": self._flow,
            "operator": self._operator,
            "string": self._string,
            "long": self._long,
            "directive": self._directive,
        }
        for match in _TOKEN.finditer(self.text):
            kind = match.lastgroup
            if kind != "skip":
                assert kind is not None
                handlers[kind](match)
                self.last = match.group()
                self.last_end = match.end()

    def _open(self, match: re.Match[str]) -> None:
        if match.group() == "[":
            level = self.levels[-1]
            level[3] = level[3] + 1 if self.last == "]" else 0
            if level[3] > MOST_INDICES:
                message = f"more than {MOST_INDICES} indices stand in a row"
                raise Refusal("nesting_too_deep", message, self._at(match))
        self.levels.append([0, 0, 0, 0])
        self._check_depth(match)

    def _directive(self, match: re.Match[str]) -> None:
        """A pragma or an annotation: whether the parser looks into it is not ours to know."""
        text = match.group()
        if sum(text.count(bracket) for bracket in "([{") > self.max_nesting:
            message = f"this is nested more than {self.max_nesting} levels deep"
            raise Refusal("nesting_too_deep", message, self._at(match))

    def _close(self, match: re.Match[str]) -> None:
        if len(self.levels) > 1:
            flows, operators, self.closed_block, _ = self.levels.pop()
            self.levels[-1][2] |= self.closed_block
            self.flows -= flows
            self.operators -= operators
        if match.group() == "}":
            self._forget_operators()

    def _end(self, match: re.Match[str]) -> None:
        between = self.text[self.last_end : match.start()]
        if match.group() == self.last == ";" and not between.strip():
            raise Refusal("syntax_error", "a statement is missing between two `;`", self._at(match))
        self._forget_operators()
        self.levels[-1][2] |= match.group() == ";"

    def _flow(self, match: re.Match[str]) -> None:
        level = self.levels[-1]
        # The brace before may close the set of a `for`, whose body this then begins.
        fresh = self.last in (";", "{", "") or (self.last == "}" and self.closed_block)
        if match.group() != "else" and fresh:
            self.flows -= level[0]
            level[0] = 0
        level[0] += 1
        self.flows += 1
        self._check_depth(match)

    def _operator(self, match: re.Match[str]) -> None:
        self.levels[-1][1] += 1
        self.operators += 1
        if self.operators > MOST_OPERATORS:
            message = f"this expression has more than {MOST_OPERATORS} operators"
            raise Refusal("nesting_too_deep", message, self._at(match))

    def _string(self, match: re.Match[str]) -> None:
        if len(match.group()) > MOST_BITS + 2:
            self._too_large(match, MOST_BITS)

    def _long(self, match: re.Match[str]) -> None:
        if match.group()[0] in "0123456789.":
            self._too_large(match)
        message = f"this name is longer than {MOST_DIGITS} characters"
        raise Refusal("name_too_long", message, self._at(match))

    def _too_large(self, match: re.Match[str], most: int = MOST_DIGITS) -> None:
        message = f"this literal has more than {most} characters"
        raise Refusal("number_too_large", message, self._at(match))

    def _forget_operators(self) -> None:
        level = self.levels[-1]
        self.operators -= level[1]
        level[1] = 0

    def _check_depth(self, match: re.Match[str]) -> None:
        if len(self.levels) - 1 + self.flows > self.max_nesting:
            message = f"this is nested more than {self.max_nesting} levels deep"
            raise Refusal("nesting_too_deep", message, self._at(match))

    def _at(self, match: re.Match[str]) -> Place:
        return _place(self.text, match.start(), match.end())


def _place(text: str, start: int, end: int) -> Place:
    lo = len(text[:start].encode(errors="replace"))
    return Place(lo, lo + len(text[start:end].encode(errors="replace")))
