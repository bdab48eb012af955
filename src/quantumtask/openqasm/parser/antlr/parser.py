"""The parser in Python: the parse tree of the specification's ANTLR grammar, converted to nodes.

The syntax tree of the openqasm3 package is not used, because its spans are not exact. This parser
takes about 200 times as long as qdk.
"""

from typing import Any

from antlr4 import CommonTokenStream, InputStream, PredictionMode, Token
from antlr4.error.ErrorListener import ErrorListener
from openqasm3.parser import qasm3Lexer, qasm3Parser

from quantumtask.openqasm.parser.antlr import nodes
from quantumtask.openqasm.parser.antlr.expressions import EXPRESSIONS
from quantumtask.openqasm.parser.antlr.statements import STATEMENTS
from quantumtask.openqasm.parser.antlr.tree import TreeConverter
from quantumtask.openqasm.text.source import Diagnostic, Source, shorten
from quantumtask.openqasm.text.syntax_errors import most_diagnostics, syntax_error

__all__ = ["nodes", "parse_source"]

_HANDLERS = {**EXPRESSIONS, **STATEMENTS}
_MAX_EXPECTED = 3
"""Most expected tokens that a message lists."""


def parse_source(source: Source) -> tuple[str | None, list[nodes.QASMNode]]:
    """Return the version that a text declares, and its statements.

    Raises:
        CircuitError: The text has syntax errors.
    """
    converter = TreeConverter(source.text, _HANDLERS)
    tree = _parse_tree(source, converter)
    version = tree.version()
    try:
        statements = [converter.convert(statement) for statement in tree.statementOrScope()]
    except Diagnostic as diagnostic:
        raise source.error(diagnostic) from None
    return version.VersionSpecifier().getText() if version else None, statements


class _ErrorCollector(ErrorListener):  # type: ignore[misc]
    """List of the syntax errors that ANTLR reports."""

    def __init__(self, source: Source, converter: TreeConverter) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._source = source
        self._converter = converter

    def syntaxError(self, recognizer: Any, token: Any, line: int, column: int, *_: Any) -> None:
        """Record one syntax error; ANTLR calls this method."""
        if len(self.diagnostics) < most_diagnostics(self._source):
            if token is None:
                message = "this is not OpenQASM 3"
                span = self._converter.character_span(line, column)
            else:
                message = _message(recognizer, token)
                span = self._converter.token_span(token, token)
            self.diagnostics.append(syntax_error(message, span, self._source))


def _parse_tree(source: Source, converter: TreeConverter) -> Any:
    """Return the parse tree of a text. Raises CircuitError with all syntax errors.

    The fast prediction mode (SLL) rejects some valid texts: then the full mode (LL) decides.
    """
    lexer_errors = _ErrorCollector(source, converter)
    parser_errors = _ErrorCollector(source, converter)
    lexer = _with_listener(qasm3Lexer(InputStream(source.text)), lexer_errors)
    parser = _with_listener(qasm3Parser(CommonTokenStream(lexer)), parser_errors)
    parser._interp.predictionMode = PredictionMode.SLL
    tree = parser.program()
    if parser_errors.diagnostics:
        parser_errors.diagnostics.clear()
        parser.reset()
        parser._interp.predictionMode = PredictionMode.LL
        tree = parser.program()
    if lexer_errors.diagnostics or parser_errors.diagnostics:
        raise source.error(*lexer_errors.diagnostics, *parser_errors.diagnostics)
    return tree


def _with_listener(recognizer: Any, listener: ErrorListener) -> Any:
    recognizer.removeErrorListeners()
    recognizer.addErrorListener(listener)
    return recognizer


def _message(parser: Any, token: Any) -> str:
    actual = "the end" if token.type == Token.EOF else f"`{shorten(token.text)}`"
    expected = [kind for interval in parser.getExpectedTokens().intervals for kind in interval]
    if 1 <= len(expected) <= _MAX_EXPECTED:
        names = " or ".join(_token_name(parser, kind) for kind in expected)
        return f"expected {names}, found {actual}"
    return f"{actual} cannot stand here"


def _token_name(parser: Any, kind: int) -> str:
    if kind == Token.EOF:
        return "the end"
    literal = parser.literalNames[kind] if kind < len(parser.literalNames) else "<INVALID>"
    if literal != "<INVALID>":
        return f"`{literal[1:-1]}`"
    return _TOKEN_NAMES.get(parser.symbolicNames[kind], "something else")


_TOKEN_NAMES = {
    "Identifier": "a name",
    "StringLiteral": "a text in quotes",
    "VersionSpecifier": "a version",
    "RemainingLineContent": "the rest of the line",
}
