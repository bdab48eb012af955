"""The parser library behind our own door: the only file that imports it."""

import os
import re
from typing import TypeAlias

os.environ.setdefault("QDK_PYTHON_TELEMETRY", "none")  # read when the package is first imported

from qdk.openqasm import parse as _parse
from qdk.openqasm import parser as nodes

from quantumtask.openqasm.source import Place, Refusal, Source

Node: TypeAlias = nodes.QASMNode

__all__ = ["Node", "nodes", "parse"]

_INCLUDE = re.compile(rb"include\s*[\"']([^\"'\n]*)[\"']")
_MOST_DIAGNOSTICS = 20


def parse(source: Source) -> list[Node]:
    """The top-level statements of a program. Raises CircuitError with every syntax problem.

    Nothing is ever opened: the parser knows `stdgates.inc` by heart, and the resolver it is given
    finds nothing.
    """
    try:
        result = _parse(source.text, path="circuit", includes=lambda _: None)
        problems = [_refusal(d, source) for d in result.diagnostics[:_MOST_DIAGNOSTICS]]
        if problems:
            raise source.error(*problems)
        _check_version(result.program.version, source)
        return list(result.program.statements)
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, ValueError):
            raise source.error(_unreadable()) from None
        raise
    except BaseException:  # a Rust panic is not an Exception
        raise source.error(_unreadable()) from None


def _unreadable() -> Refusal:
    return Refusal("syntax_error", "this text cannot be read as OpenQASM 3", Place(0, 0))


def _check_version(version: str | None, source: Source) -> None:
    if version is not None and version.split(".")[0] != "3":
        at = source.text.find("OPENQASM")
        lo = len(source.text[: max(at, 0)].encode())
        message = f"this is OpenQASM {version}, and only OpenQASM 3 can be run"
        raise source.error(Refusal("not_supported", message, Place(lo, lo + 8)))


def _refusal(diagnostic: "nodes.Diagnostic", source: Source) -> Refusal:
    labels = diagnostic.labels
    span = labels[0].span if labels else Place(0, 0)
    message = diagnostic.message.rstrip(".")
    if message.startswith("Not Found") or "include" in message.lower():
        return _include(span, source)
    if message.startswith("Empty statements"):
        return Refusal("syntax_error", "there is no statement before this `;`", span)
    return Refusal("syntax_error", message[:1].lower() + message[1:], span, _hint(source))


def _include(span: "nodes.Span", source: Source) -> Refusal:
    found = _INCLUDE.search(source.text.encode(), span.lo)
    name = found.group(1).decode(errors="replace") if found else ""
    return not_includable(name, span)


def not_includable(name: str, span: "nodes.Span") -> Refusal:
    message = f"{name[:60]!r} cannot be included"
    return Refusal("include_not_allowed", message, span, 'Only "stdgates.inc" can be included')


def _hint(source: Source) -> str | None:
    looks = re.search(r"\b(OPENQASM|qubit|bit|qreg|include|gate|measure)\b", source.text)
    return None if looks and looks.group() and ";" in source.text else _NOT_OPENQASM


_NOT_OPENQASM = (
    "This does not look like OpenQASM 3, which begins like this: OPENQASM 3.0; qubit[2] q;"
)
