"""The version of OpenQASM that a text declares."""

import re

from quantumtask.openqasm.text.scanner import COMMENT_PATTERN, first_tokens
from quantumtask.openqasm.text.source import Diagnostic, Source, shorten

_USUAL = re.compile(rf"(?:\s++|{COMMENT_PATTERN})*+OPENQASM\s++([23])(?:\.\d++)?+\s*+;")
"""The head of nearly all texts, at less cost than a scan."""


def declares_openqasm2(source: Source) -> bool:
    """Return True if the first statement of the text declares OpenQASM 2.

    Raises:
        Diagnostic: the text declares another version than OpenQASM 2 or 3.
    """
    text = source.text
    if usual := _USUAL.match(text):
        return usual[1] == "2"
    words = first_tokens(text, 2) if "OPENQASM" in text else []
    if len(words) < 2:
        return False
    (_, start, end), (kind, first, last) = words
    if text[start:end] != "OPENQASM":
        return False
    version = text[first:last]
    major = version.partition(".")[0]
    if kind == "number" and major not in ("2", "3"):
        message = f"this is OpenQASM {shorten(version)}, and only OpenQASM 2 and 3 can be run"
        raise Diagnostic("not_supported", message, source.span(start, end))
    return major == "2"
