"""Translation of OpenQASM 2 to equivalent OpenQASM 3, which the parser reads.

The syntax differs in three points: `^` is the power, `opaque` declares a gate without a body, and
keywords of OpenQASM 3 may be names. The translation appends the letter MARK to such a name; no name
of OpenQASM 2 has that letter (arXiv:1707.03429, section 2).
"""

from quantumtask.openqasm.text.edits import TextEdits
from quantumtask.openqasm.text.scanner import scan
from quantumtask.openqasm.text.source import KEYWORD_SUFFIX, Source

_KEYWORDS = frozenset(
    {
        "angle", "array", "bit", "bool", "box", "break", "cal", "case", "complex", "const",
        "continue", "ctrl", "def", "default", "defcal", "defcalgrammar", "delay", "dim",
        "duration", "durationof", "else", "end", "euler", "extern", "false", "float", "for",
        "gphase", "im", "in", "input", "int", "inv", "let", "mutable", "negctrl", "nop",
        "output", "pow", "pragma", "qubit", "readonly", "return", "sizeof", "stretch",
        "switch", "tau", "true", "uint", "void", "while"
    }
)  # fmt: skip
_NAMES = frozenset({"word", "modifier"})


def translate_openqasm2(source: Source) -> Source:
    """The text for the parser, from a text without comments.

    Positions in the new text are reported as positions in the old one.
    """
    text = source.text
    taken = _taken_names(text)
    if not taken and "^" not in text and "opaque" not in text:
        return Source(text, source, opaque=frozenset(), annotated=source.annotated)
    rewriting = _Rewriting(taken)
    kinds = ("open", "close", "end", "operator", "word", "number")
    for kind, start, end in scan(text, *kinds, legacy=True):
        rewriting.pass_token(kind in _NAMES, text[start:end], start, end)
    edits = TextEdits(text)
    for edit in rewriting.edits:
        edits.replace(*edit)
    return edits.source(source, frozenset(rewriting.opaque), source.annotated)


def _taken_names(text: str) -> frozenset[str]:
    """The keywords of OpenQASM 3 that the program declares as names of its own."""
    heads = [
        text[start:end]
        for kind, start, end in scan(text, "declaration", legacy=True)
        if kind == "declaration"
    ]
    words = " ".join(heads)
    names = {words[start:end] for _, start, end in scan(words, "word", legacy=True)}
    return frozenset(names & _KEYWORDS)


class _Rewriting:
    """Turns tokens into `edits`: start, end, and the new text.

    `_head` has the first name of an `opaque` that has not ended, and its index in `edits`.
    """

    def __init__(self, taken: frozenset[str]) -> None:
        self.edits: list[tuple[int, int, str]] = []
        self.opaque: set[str] = set()
        self._taken = taken
        self._head: tuple[str, int] | None = None

    def pass_token(self, is_name: bool, word: str, start: int, end: int) -> None:
        if not is_name:
            self._pass_sign(word, start, end)
            return
        if word == "opaque":
            self._head = "", len(self.edits)
            self.edits.append((start, end, word))
            return
        name = word
        if word in self._taken:
            name += KEYWORD_SUFFIX
            self.edits.append((start, end, name))
        if self._head and not self._head[0]:
            self._head = name, self._head[1]

    def _pass_sign(self, sign: str, start: int, end: int) -> None:
        if sign == "^":
            self.edits.append((start, end, "**"))
        elif sign in ("{", "}"):
            self._head = None
        elif sign == ";" and self._head:
            name, place = self._head
            self.opaque.add(name)
            self.edits[place] = (*self.edits[place][:2], "gate")
            self.edits.append((start, end, "{}"))
            self._head = None
