"""Diagnostics that both parsers report for a text that they cannot read."""

import math

from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Source, Span

MAX_DIAGNOSTICS = 20
"""Most syntax errors of one text that are reported."""

_INCLUDE_HINT = (
    'Only "stdgates.inc", "qelib1.inc", "hqslib1.inc" and "hqslib1_dev.inc" can be included'
)
_NOT_OPENQASM_HINT = (
    "This does not look like OpenQASM 3, which begins like this: OPENQASM 3.0; qubit[2] q;"
)


_PYTHON_HINT = (
    "A circuit is OpenQASM text: qiskit.qasm3.dumps(circuit) returns it, and Client.submit takes "
    "a QuantumCircuit"
)


def most_diagnostics(source: Source) -> int:
    """Return the number of syntax errors to report: only one for a text in another language."""
    return 1 if source.looks_like_python else MAX_DIAGNOSTICS


def syntax_error(message: str, span: Span, source: Source) -> Diagnostic:
    """Return a syntax error; if the text does not look like OpenQASM, a hint shows an example."""
    if source.looks_like_python:
        return Diagnostic("syntax_error", "this is Python, not OpenQASM 3", span, _PYTHON_HINT)
    if message.startswith("expected `;`"):
        end = source.statement_end(span.lo)
        if b"\n" in source.bytes[end : span.lo]:  # it is missing in the line before
            span = OffsetSpan(end - 1, end)
    if message == "invalid floating-point literal" and _is_infinite(source.bytes, span):
        return Diagnostic("number_too_large", "this number is too large", span)
    hint = None if source.looks_like_openqasm else _NOT_OPENQASM_HINT
    return Diagnostic("syntax_error", message, span, hint)


def _is_infinite(text: bytes, span: Span) -> bool:
    """Return True for a number that is well-formed, and larger than the largest float."""
    try:
        return math.isinf(float(text[span.lo : span.hi].replace(b"_", b"")))
    except ValueError:
        return False


def unreadable_text() -> Diagnostic:
    """Return the diagnostic of a text on which the parser fails without a position."""
    message = "the text cannot be read as OpenQASM 3"
    return Diagnostic("syntax_error", message, OffsetSpan(0, 0))


def include_not_allowed(name: str, span: Span) -> Diagnostic:
    """Return the diagnostic of an `include` of an unknown file."""
    message = f"{name[:60]!r} cannot be included"
    return Diagnostic("include_not_allowed", message, span, _INCLUDE_HINT)
