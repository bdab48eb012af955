"""The parser in Rust: the only file that imports qdk."""

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
    syntax_error,
    unreadable_text,
)

__all__ = ["nodes", "read"]


def read(source: Source) -> tuple[str | None, list[Any]]:
    """The version that a text declares, and its statements. Raises CircuitError.

    No file is ever opened: the parser has the gates of `stdgates.inc` and `qelib1.inc`, and the
    checker those of the other files.
    """
    try:
        text = _without_dollars(source.text, source.opaque is not None)
        _check(_early_diagnostics(text), source)
        result = _parse(text, path="circuit", includes=_nothing)
        _check(result.diagnostics, source)
        return result.program.version, list(result.program.statements)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, ValueError):
            raise source.error(unreadable_text()) from None
        raise
    except BaseException:  # a Rust panic is not an Exception
        raise source.error(unreadable_text()) from None


def _check(diagnostics: Sequence[Any], source: Source) -> None:
    """Raises CircuitError for diagnostics of the parser."""
    if diagnostics:
        raise source.error(*[_refusal(d, source) for d in diagnostics[:MAX_DIAGNOSTICS]])


def _early_diagnostics(text: str) -> list[Any]:
    """The diagnostics of the first part of a long text, if an error cannot list all of them.

    The parser takes microseconds for each diagnostic, and a long text that is no OpenQASM has up to
    a million of them. The first diagnostics of the part are those of the whole text.
    """
    if len(text) < 16 * _EARLY:
        return []
    diagnostics = _parse(text[:_EARLY], path="circuit", includes=_nothing).diagnostics
    return list(diagnostics) if len(diagnostics) > 2 * MAX_DIAGNOSTICS else []


_EARLY = 8192
"""Characters of the first part, which is parsed by itself."""


def _without_dollars(text: str, legacy: bool) -> str:
    """The text with a space for the `$` of each physical qubit in parentheses or in an alias.

    The parser reads `$0` as the operand of a gate, but not in `f($0)` and `let a = $0 ++ $1;`,
    where the specification's grammar allows it. In those places the tree has an integer behind a
    `$` of the original text: see `syntax.physical_qubit`.
    """
    if not _may_pass_qubits(text):
        return text
    brackets: list[str] = []
    pieces: list[str] = []
    done, in_alias = 0, False
    for kind, start, end in scan(text, "let", "open", "close", "end", "physical", legacy=legacy):
        if kind in ("let", "end"):
            in_alias = kind == "let" or (in_alias and text[start] == ",")
        elif kind == "open":
            brackets.append(text[start:end])
        elif kind == "close" and brackets:
            brackets.pop()
        elif kind == "physical" and _is_argument(brackets, in_alias):
            pieces += (text[done:start], " ")
            done = start + 1
    return "".join((*pieces, text[done:]))


def _is_argument(brackets: list[str], in_alias: bool) -> bool:
    """Return True if a qubit is part of an expression, and False for the operand of a gate."""
    innermost = brackets[-1] if brackets else ""
    return innermost == "(" or (in_alias and innermost != "[")


def _may_pass_qubits(text: str) -> bool:
    """Return False if the text has no alias, and no statement with a `)` behind a `$`."""
    if "$" not in text:
        return False
    # A comment may have a semicolon within a statement.
    if "let" in text or "/*" in text or _has(text, "\n", "//", ";"):
        return True
    return _has(text, ";", "$", ")")


def _has(text: str, separator: str, first: str, last: str) -> bool:
    """Return True if `last` follows `first` in one part of the text."""
    return any(0 <= part.find(first) < part.rfind(last) for part in text.split(separator))


def _nothing(name: str) -> str | None:
    """The text of an include for the parser: an empty one, because INCLUDES has the gates."""
    return "" if name in INCLUDES else None


def _refusal(diagnostic: Any, source: Source) -> Diagnostic:
    labels = diagnostic.labels
    span = labels[0].span if labels else OffsetSpan(0, 0)
    message = diagnostic.message.rstrip(".")
    if message.startswith("Not Found") or "include" in message.lower():
        return _include(span, source)
    if message.startswith("Empty statements"):
        return Diagnostic("syntax_error", "there is no statement before this `;`", span)
    return syntax_error(message[:1].lower() + message[1:], span, source)


def _include(span: Span, source: Source) -> Diagnostic:
    rest = source.bytes[span.lo :].decode(errors="ignore")
    names = (rest[start + 1 : end - 1] for kind, start, end in scan(rest) if kind == "string")
    return include_not_allowed(next(names, ""), span)
