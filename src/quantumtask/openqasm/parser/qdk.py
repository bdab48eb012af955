"""The parser in Rust. No other file imports qdk."""

import os
from collections.abc import Sequence
from typing import Any

os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")  # read when the package is first imported

from qdk.openqasm import parse as _parse
from qdk.openqasm import parser as nodes

from quantumtask.openqasm.gates.undeclared import INCLUDES
from quantumtask.openqasm.text.scanner import scan
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Source, Span
from quantumtask.openqasm.text.syntax_errors import (
    MAX_DIAGNOSTICS,
    include_not_allowed,
    most_diagnostics,
    syntax_error,
    unreadable_text,
)

__all__ = ["nodes", "parse_source"]


def parse_source(source: Source) -> tuple[str | None, list[Any]]:
    """Return the version that a text declares, and its statements.

    No file is opened: the checker has the gates of all files that a program can include.

    Raises:
        CircuitError: The text has syntax errors.
    """
    try:
        text = _blank_dollars(source.text, source.opaque_gates is not None)
        _raise_errors(_early_diagnostics(text), source)
        result = _parse(text, path="circuit", includes=_empty_include)
        _raise_errors(result.diagnostics, source)
        return result.program.version, list(result.program.statements)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, ValueError):
            raise source.error(unreadable_text()) from None
        raise
    except BaseException:  # a Rust panic is not an Exception
        raise source.error(unreadable_text()) from None


def _raise_errors(diagnostics: Sequence[Any], source: Source) -> None:
    """Raise CircuitError if there are diagnostics of the parser."""
    if diagnostics:
        first = diagnostics[: most_diagnostics(source)]
        raise source.error(*[_convert_diagnostic(each, source) for each in first])


def _early_diagnostics(text: str) -> list[Any]:
    """Return the diagnostics of the first part of a long text, if an error cannot list all of them.

    The parser takes microseconds for each diagnostic, and a long text that is no OpenQASM has up to
    a million of them. The first diagnostics of the part are those of the whole text.
    """
    if len(text) < 16 * _FIRST_PART:
        return []
    diagnostics = _parse(text[:_FIRST_PART], path="circuit", includes=_empty_include).diagnostics
    return list(diagnostics) if len(diagnostics) > 2 * MAX_DIAGNOSTICS else []


_FIRST_PART = 8192
"""Characters of the first part of a long text, which is parsed separately."""


def _blank_dollars(text: str, openqasm2: bool) -> str:
    """Return the text with a space for the `$` of each qubit in parentheses or in an alias.

    The parser reads `$0` as the operand of a gate, but not in `f($0)` and `let a = $0 ++ $1;`,
    where the specification's grammar allows it. There, the tree has an integer behind a `$` of the
    original text; see `parse.find_physical_qubit`.
    """
    if not _may_name_qubits_in_expressions(text):
        return text
    brackets: list[str] = []
    pieces: list[str] = []
    copied_to, in_alias = 0, False
    kinds = ("let", "open", "close", "end", "physical")
    for kind, start, end in scan(text, *kinds, openqasm2=openqasm2):
        if kind in ("let", "end"):
            in_alias = kind == "let" or (in_alias and text[start] == ",")
        elif kind == "open":
            brackets.append(text[start:end])
        elif kind == "close" and brackets:
            brackets.pop()
        elif kind == "physical" and _is_argument(brackets, in_alias):
            pieces += (text[copied_to:start], " ")
            copied_to = start + 1
    return "".join((*pieces, text[copied_to:]))


def _is_argument(brackets: list[str], in_alias: bool) -> bool:
    """Return True if a qubit is part of an expression, and False for the operand of a gate."""
    innermost = brackets[-1] if brackets else ""
    return innermost == "(" or (in_alias and innermost != "[")


def _may_name_qubits_in_expressions(text: str) -> bool:
    """Return False if the text has no alias, and no statement with a `)` behind a `$`."""
    if "$" not in text:
        return False
    # A comment may have a semicolon within a statement.
    if "let" in text or "/*" in text or _has_sequence(text, "\n", "//", ";"):
        return True
    return _has_sequence(text, ";", "$", ")")


def _has_sequence(text: str, separator: str, first: str, last: str) -> bool:
    """Return True if `last` follows `first` in one part of the text."""
    return any(0 <= part.find(first) < part.rfind(last) for part in text.split(separator))


def _empty_include(name: str) -> str | None:
    """Return an empty text for an include, because INCLUDES has its gates; None if unknown."""
    return "" if name in INCLUDES else None


def _convert_diagnostic(diagnostic: Any, source: Source) -> Diagnostic:
    labels = diagnostic.labels
    span = labels[0].span if labels else OffsetSpan(0, 0)
    message = diagnostic.message.rstrip(".")
    if message.startswith("Not Found") or "include" in message.lower():
        return _include_error(span, source)
    if message.startswith("Empty statements"):
        return Diagnostic("syntax_error", "a statement is missing before this `;`", span)
    return syntax_error(message[:1].lower() + message[1:], span, source)


def _include_error(span: Span, source: Source) -> Diagnostic:
    rest = source.bytes[span.lo :].decode(errors="ignore")
    names = (rest[start + 1 : end - 1] for kind, start, end in scan(rest) if kind == "string")
    return include_not_allowed(next(names, ""), span)
