"""Translation of OpenQASM 2 to equivalent OpenQASM 3, which the parser reads.

The syntax differs in three points: `^` is the power, `opaque` declares a gate without a body, and
keywords of OpenQASM 3 may be names. The translation appends KEYWORD_SUFFIX to such a name; no name
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
"""Keywords of OpenQASM 3 that are names in OpenQASM 2."""

_NAME_TOKENS = frozenset({"word", "modifier"})


def translate_openqasm2(source: Source) -> Source:
    """Return the text for the parser, from an OpenQASM 2 text without comments.

    Positions in the new text are reported as positions in the old one.
    """
    text = source.text
    renamed = _declared_keywords(text)
    if not renamed and "^" not in text and "opaque" not in text:
        return Source(
            text, source, opaque_gates=frozenset(), has_annotations=source.has_annotations
        )
    translation = _Translation(renamed)
    kinds = ("open", "close", "end", "operator", "word", "number")
    for kind, start, end in scan(text, *kinds, openqasm2=True):
        translation.pass_token(kind in _NAME_TOKENS, text[start:end], start, end)
    edits = TextEdits(text)
    for edit in translation.edits:
        edits.replace(*edit)
    return edits.apply(source, frozenset(translation.opaque_gates), source.has_annotations)


def _declared_keywords(text: str) -> frozenset[str]:
    """Return the keywords of OpenQASM 3 that the program declares as names."""
    declarations = [
        text[start:end]
        for kind, start, end in scan(text, "declaration", openqasm2=True)
        if kind == "declaration"
    ]
    words = " ".join(declarations)
    names = {words[start:end] for _, start, end in scan(words, "word", openqasm2=True)}
    return frozenset(names & _KEYWORDS)


class _Translation:
    """Edits that translate a text, collected token by token.

    Attributes:
        edits: Start, end and new text of each edit.
        opaque_gates: The names of the `opaque` declarations.
    """

    def __init__(self, renamed: frozenset[str]) -> None:
        self.edits: list[tuple[int, int, str]] = []
        self.opaque_gates: set[str] = set()
        self._renamed = renamed
        # The first name of the current `opaque` declaration, and the index of the edit of `opaque`.
        self._declaration: tuple[str, int] | None = None

    def pass_token(self, is_name: bool, word: str, start: int, end: int) -> None:
        if not is_name:
            self._pass_sign(word, start, end)
            return
        if word == "opaque":
            self._declaration = "", len(self.edits)
            self.edits.append((start, end, word))
            return
        name = word
        if word in self._renamed:
            name += KEYWORD_SUFFIX
            self.edits.append((start, end, name))
        if self._declaration and not self._declaration[0]:
            self._declaration = name, self._declaration[1]

    def _pass_sign(self, sign: str, start: int, end: int) -> None:
        if sign == "^":
            self.edits.append((start, end, "**"))
        elif sign in ("{", "}"):
            self._declaration = None
        elif sign == ";" and self._declaration:
            name, index = self._declaration
            self.opaque_gates.add(name)
            self.edits[index] = (*self.edits[index][:2], "gate")
            self.edits.append((start, end, "{}"))
            self._declaration = None
