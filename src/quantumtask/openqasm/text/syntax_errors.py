"""What is said of a text that a parser cannot read, whichever parser it is."""

from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Source, Span

MAX_DIAGNOSTICS = 20


def syntax_error(message: str, span: Span, source: Source) -> Diagnostic:
    """A syntax error; where the text is no OpenQASM at all, with a hint of what that looks like."""
    return Diagnostic("syntax_error", message, span, _hint(source))


def unreadable_text() -> Diagnostic:
    return Diagnostic("syntax_error", "this text cannot be read as OpenQASM 3", OffsetSpan(0, 0))


_INCLUDABLE = (
    'Only "stdgates.inc", "qelib1.inc", "hqslib1.inc" and "hqslib1_dev.inc" can be included'
)


def include_not_allowed(name: str, span: Span) -> Diagnostic:
    message = f"{name[:60]!r} cannot be included"
    return Diagnostic("include_not_allowed", message, span, _INCLUDABLE)


def _hint(source: Source) -> str | None:
    return None if source.is_openqasm else _NOT_OPENQASM


_NOT_OPENQASM = (
    "This does not look like OpenQASM 3, which begins like this: OPENQASM 3.0; qubit[2] q;"
)
