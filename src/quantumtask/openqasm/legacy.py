"""OpenQASM 2 -> the OpenQASM 3 that means the same, as a text that the one parser reads.

Only three things differ in writing: `^` is the power, `opaque` declares a gate without a body, and
words that OpenQASM 3 has taken for itself may be names.
"""

import re

from quantumtask.openqasm.source import Source

_KEYWORDS = frozenset(
    {
        "let",
        "break",
        "continue",
        "else",
        "end",
        "return",
        "for",
        "while",
        "in",
        "switch",
        "case",
        "default",
        "nop",
        "pragma",
        "input",
        "output",
        "const",
        "readonly",
        "mutable",
        "qubit",
        "bit",
        "bool",
        "int",
        "uint",
        "float",
        "angle",
        "complex",
        "array",
        "void",
        "duration",
        "stretch",
        "gphase",
        "inv",
        "pow",
        "ctrl",
        "negctrl",
        "durationof",
        "delay",
        "box",
        "def",
        "cal",
        "defcal",
        "defcalgrammar",
        "extern",
        "true",
        "false",
        "im",
        "tau",
        "euler",
        "sizeof",
    }
)
_DECLARED = re.compile(r"\b(?:(?:qreg|creg)\s+(\w+)|(?:gate|opaque)\b([^;{]*))")
_TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"[^"\n]*"|(?P<opaque>\bopaque\b)(?P<head>[^;{}]*);|(?P<power>\^)|(?P<name>\b[a-z]\w*)""",
    re.DOTALL,
)


def rewritten(source: Source) -> Source:
    """The text for the parser; places in it are told as places in the old one."""
    taken = _taken_names(source.text)
    pieces: list[str] = []
    edits: list[tuple[int, int]] = []
    opaque: set[str] = set()
    done = size = 0
    for found in _TOKEN.finditer(source.text):
        new = _replacement(found, opaque, taken)
        if new is None:
            continue
        kept = source.text[done : found.start()]
        pieces += [kept, new]
        size += len(kept.encode()) + len(new.encode())
        edits.append((size, len(new.encode()) - len(found.group().encode())))
        done = found.end()
    pieces.append(source.text[done:])
    return Source("".join(pieces), source, tuple(edits), frozenset(opaque))


def _taken_names(text: str) -> frozenset[str]:
    """The keywords of OpenQASM 3 that the program declares as names of its own."""
    names: set[str] = set()
    for register, head in _DECLARED.findall(text):
        names.update([register] if register else re.findall(r"\w+", head))
    return frozenset(names & _KEYWORDS)


def _replacement(found: re.Match[str], opaque: set[str], taken: frozenset[str]) -> str | None:
    if found["power"]:
        return "**"
    if found["name"]:
        return found["name"] + "_" if found["name"] in taken else None
    if found["opaque"]:
        head = found["head"]
        if name := re.match(r"\s*(\w+)", head):
            opaque.add(name.group(1))
        return f"gate{head}{{}}"
    return None
