"""Tokens of OpenQASM 2 and 3, from one pass over the text.

Every function that inspects a text before the parser uses these tokens, so that all such functions
agree on comments, strings, annotations and pragmas. All quantifiers of the pattern are possessive
(there is no backtracking): the time is linear in the length of any text.
"""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import TypeAlias

Token: TypeAlias = tuple[str, int, int]
"""The kind of a token, and the half-open range of characters that it covers."""

# By kind: the possible first characters of a token, and the pattern behind the first character.
_KINDS = {
    "comment": ("/", r"(?<=/)(?:/[^\n]*+|\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/)?+)"),
    "string": ("\"'", r"""(?<=")[^"\n]*+"?+|(?<=')[^'\n]*+'?+"""),
    "pragma": ("#p", r"(?<=\#)pragma\b[^\n]*+|(?<=p)(?<!\w\w)ragma\b[^\n]*+"),
    "at": ("@", r"(?<=@)"),
    "modifier": ("cinp", r"(?<!\w\w)(?:(?<=c)trl|(?<=i)nv|(?<=n)egctrl|(?<=p)ow)\b"),
    "declaration": (
        "cgoq",
        r"(?<!\w\w)(?:(?<=[cq])reg|(?<=g)ate|(?<=o)paque)\b[^;{}]*+",
    ),
    "flow": (
        "bcdefisw",
        (
            r"(?<!\w\w)(?:(?<=i)f|(?<=e)lse|(?<=f)or|(?<=w)hile|(?<=s)witch|(?<=b)ox|(?<=c)ase"
            r"|(?<=d)efault)\b"
        ),
    ),
    "let": ("l", r"(?<=l)(?<!\w\w)et\b"),
    "open": ("([{", r"(?<=[(\[{])"),
    "close": (")]}", r"(?<=[)\]}])"),
    "end": (";,", r"(?<=[;,])"),
    "operator": (
        "-+*/%<>!~^&|=",
        (
            r"(?<=\*)\*|(?<=\+)\+|(?<=&)&|(?<=\|)\||(?<=<)[<=]|(?<=>)[>=]|(?<=[!=])="
            r"|(?<=[-+*/%<>!~^&|])"
        ),
    ),
    "physical": ("$", r"(?<=\$)\d++(?![\w.])"),
    "long": (r"\w.", r"(?<![\w.][\w.])(?<=[\w.])[\w.]{1300,}+"),
    "word": (r"\w", r"(?<=[^\W\d])(?<!\w\w)\w*+"),
    "number": (
        r"\d.",
        (
            r"(?<=\d)(?<!\w\w)[\d_]*+(?:\.[\d_]*+)?+(?:[eE][-+]?+\d++)?+\w*+"
            r"|(?<=\.)\d[\d_]*+(?:[eE][-+]?+\d++)?+\w*+"
        ),
    ),
    "other": (r"\S", ""),
}
COMMENT_PATTERN = "/" + _KINDS["comment"][1]
"""The pattern of a comment."""

_OPENQASM2_PRAGMA = "#", r"(?<=\#)pragma\b[^\n]*+"
_ALWAYS = ("comment", "string", "pragma")
_AROUND_AT = ("at", "modifier", "open", "close")
_NAMED_AT = re.compile(r"@(?=[^\W\d])")


def scan(text: str, *kinds: str, openqasm2: bool = False) -> Iterator[Token]:
    """Yield the tokens of some kinds, in the order of the text.

    A comment or a string without an end extends to the end of the text, or of the line. An
    annotation is an `@` with a name directly behind it, up to the end of the line, unless a gate
    modifier (`inv`, `pow(…)`, `ctrl`, `negctrl`) stands before the `@` (specification: grammar, in
    which line ends have no meaning). All other tokens of kind `at` belong to modifiers, or are
    mistakes.

    Args:
        text: Any text, with LF or CR LF as line ends.
        kinds: Names of `_KINDS`. Comments, strings, pragmas and annotations are always yielded; so
            are `at`, `modifier`, `open` and `close`, if the text may have annotations.
        openqasm2: True if the text is OpenQASM 2, where `pragma` without a `#` is a name.
    """
    if _NAMED_AT.search(text):
        yield from _scan_annotated(text, _pattern((*kinds, *_AROUND_AT), openqasm2))
        return
    for match in _pattern(kinds, openqasm2).finditer(text):
        start, end = match.span()
        yield match.lastgroup or "", start, end


def _scan_annotated(text: str, pattern: re.Pattern[str]) -> Iterator[Token]:
    at_signs = _AtSigns(text)
    position: int | None = 0
    while position is not None:
        matches = pattern.finditer(text, position)
        position = None
        for match in matches:
            kind = match.lastgroup or ""
            start, end = match.span()
            if kind == "at" and at_signs.begins_annotation(start):
                position = _line_end(text, start)
                at_signs.pass_token("annotation", start, position)
                yield "annotation", start, position
                break
            at_signs.pass_token(kind, start, end)
            yield kind, start, end


def first_tokens(text: str, count: int) -> list[Token]:
    """Return the first `count` tokens of a text that are not comments."""
    pattern = _pattern(("word", "number", "other"), False)
    tokens: list[Token] = []
    end = 0
    while len(tokens) < count and (match := pattern.search(text, end)):
        start, end = match.span()
        if match.lastgroup != "comment":
            tokens.append((match.lastgroup or "", start, end))
    return tokens


def replace_comments(text: str, openqasm2: bool, new: Callable[[str], str]) -> str:
    """Return the text with `new(comment)` for each comment that has an end."""
    if "//" not in text and "/*" not in text:
        return text
    if not _NAMED_AT.search(text):

        def replacement(match: re.Match[str]) -> str:
            token = match[0]
            if token[0] != "/":  # only a comment begins with it
                return token
            return new(token) if token[1] == "/" or _is_closed(token) else token

        return _pattern((), openqasm2).sub(replacement, text)
    pieces: list[str] = []
    copied_to = 0
    for kind, start, end in scan(text, openqasm2=openqasm2):
        if kind == "comment" and _is_closed(text[start:end]):
            pieces += (text[copied_to:start], new(text[start:end]))
            copied_to = end
    return "".join((*pieces, text[copied_to:]))


def _is_closed(comment: str) -> bool:
    return comment[1] == "/" or (comment[-2:] == "*/" and len(comment) > 3)


@cache
def _pattern(kinds: tuple[str, ...], openqasm2: bool) -> re.Pattern[str]:
    """Return the pattern for tokens of these kinds, of which the first in `_KINDS` wins.

    The pattern begins with a set of characters, which lets `re` skip all others quickly.
    """
    parts = {kind: _KINDS[kind] for kind in _KINDS if kind in kinds or kind in _ALWAYS}
    if openqasm2:
        parts["pragma"] = _OPENQASM2_PRAGMA
    first = "".join(f if "\\" in f else re.escape(f) for f, _ in parts.values())
    first = r"\S" if "other" in parts else f"[{first}]"
    rest = "|".join(f"(?P<{kind}>{rest})" for kind, (_, rest) in parts.items())
    return re.compile(f"{first}(?:{rest})", re.DOTALL)


def _line_end(text: str, start: int) -> int:
    end = text.find("\n", start)
    return len(text) if end < 0 else end


class _AtSigns:
    """Distinction of annotations from the `@` of gate modifiers, token by token."""

    def __init__(self, text: str) -> None:
        self._text = text
        # The end of the last modifier, with the comments behind it; None without a modifier.
        self._modifier_end: int | None = None
        # For each open bracket, True if it stands directly behind a modifier.
        self._brackets: list[bool] = []

    def begins_annotation(self, start: int) -> bool:
        follower = self._text[start + 1 : start + 2]
        return follower.isidentifier() and not self._follows_modifier(start)

    def pass_token(self, kind: str, start: int, end: int) -> None:
        if kind == "modifier":
            self._modifier_end = end
        elif kind == "open":
            self._brackets.append(self._follows_modifier(start))
            self._modifier_end = None
        elif kind == "close":
            belongs = self._brackets.pop() if self._brackets else False
            self._modifier_end = end if belongs else None
        elif kind == "comment" and self._follows_modifier(start):
            self._modifier_end = end
        else:
            self._modifier_end = None

    def _follows_modifier(self, start: int) -> bool:
        end = self._modifier_end
        return end is not None and not self._text[end:start].strip()
