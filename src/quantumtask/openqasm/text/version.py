"""The version of OpenQASM that a text declares."""

import re

from quantumtask.openqasm.text.scanner import COMMENT_PATTERN, first_tokens
from quantumtask.openqasm.text.source import Diagnostic, Source, shorten

_COMMON_VERSION = re.compile(rf"(?:\s++|{COMMENT_PATTERN})*+OPENQASM\s++([23])(?:\.\d++)?+\s*+;")
"""The head of nearly all texts. A match costs less than a scan."""


def declares_openqasm2(source: Source) -> bool:
    """Return True if the first statement of the text declares OpenQASM 2.

    Raises:
        Diagnostic: The text declares another version than OpenQASM 2 or 3.
    """
    text = source.text
    if match := _COMMON_VERSION.match(text):
        return match[1] == "2"
    tokens = first_tokens(text, 2) if "OPENQASM" in text else []
    if len(tokens) < 2:
        return False
    (_, start, end), (kind, version_start, version_end) = tokens
    if text[start:end] != "OPENQASM":
        return False
    version = text[version_start:version_end]
    major = version.partition(".")[0]
    if kind == "number" and major not in ("2", "3"):
        message = f"OpenQASM {shorten(version)} is not supported; only OpenQASM 2 and 3 are"
        raise Diagnostic("not_supported", message, source.span(start, end))
    return major == "2"
