"""What is said of a text that a parser cannot read, whichever parser it is."""

from quantumtask.openqasm.text.source import Place, Refusal, Source, Span

MOST_DIAGNOSTICS = 20


def syntax_error(message: str, span: Span, source: Source) -> Refusal:
    """A syntax error; where the text is no OpenQASM at all, with a hint of what that looks like."""
    return Refusal("syntax_error", message, span, _hint(source))


def unreadable() -> Refusal:
    return Refusal("syntax_error", "this text cannot be read as OpenQASM 3", Place(0, 0))


_INCLUDABLE = (
    'Only "stdgates.inc", "qelib1.inc", "hqslib1.inc" and "hqslib1_dev.inc" can be included'
)


def not_includable(name: str, span: Span) -> Refusal:
    message = f"{name[:60]!r} cannot be included"
    return Refusal("include_not_allowed", message, span, _INCLUDABLE)


def _hint(source: Source) -> str | None:
    return None if source.is_openqasm else _NOT_OPENQASM


_NOT_OPENQASM = (
    "This does not look like OpenQASM 3, which begins like this: OPENQASM 3.0; qubit[2] q;"
)
