"""The parser in Python: the specification's own grammar, read by ANTLR, as the nodes of qdk.

The tree of the grammar is converted, and not openqasm3's own one, whose places are not exact.
It takes some two hundred times as long as qdk.
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
from quantumtask.openqasm.text.syntax_errors import MAX_DIAGNOSTICS, syntax_error

__all__ = ["nodes", "read"]

_HANDLERS = {**EXPRESSIONS, **STATEMENTS}
_MOST_EXPECTED = 3


def read(source: Source) -> tuple[str | None, list[nodes.QASMNode]]:
    """The version that a text declares, and its statements. Raises CircuitError."""
    reader = TreeConverter(source.text, _HANDLERS)
    tree = _parsed(source, reader)
    version = tree.version()
    try:
        statements = [reader.node(statement) for statement in tree.statementOrScope()]
    except Diagnostic as refusal:
        raise source.error(refusal) from None
    return version.VersionSpecifier().getText() if version else None, statements


class _Problems(ErrorListener):  # type: ignore[misc]
    """Keeps what ANTLR would print."""

    def __init__(self, source: Source, reader: TreeConverter) -> None:
        self.found: list[Diagnostic] = []
        self._source = source
        self._reader = reader

    def syntaxError(self, recognizer: Any, token: Any, line: int, column: int, *_: Any) -> None:
        if len(self.found) < MAX_DIAGNOSTICS:
            if token is None:
                message, span = "this is not OpenQASM 3", self._reader.at(line, column)
            else:
                message, span = _complaint(recognizer, token), self._reader.between(token, token)
            self.found.append(syntax_error(message, span, self._source))


def _parsed(source: Source, reader: TreeConverter) -> Any:
    """The tree of a text. Raises CircuitError with every syntax problem.

    The quick mode can be wrong about a text that is right: then the thorough one decides.
    """
    odd, problems = _Problems(source, reader), _Problems(source, reader)
    lexer = _listening(qasm3Lexer(InputStream(source.text)), odd)
    stream = CommonTokenStream(lexer)
    parser = _listening(qasm3Parser(stream), problems)
    parser._interp.predictionMode = PredictionMode.SLL
    tree = parser.program()
    if problems.found:
        problems.found.clear()
        parser.reset()
        parser._interp.predictionMode = PredictionMode.LL
        tree = parser.program()
    if odd.found or problems.found:
        raise source.error(*odd.found, *problems.found)
    return tree


def _listening(recognizer: Any, problems: _Problems) -> Any:
    recognizer.removeErrorListeners()
    recognizer.addErrorListener(problems)
    return recognizer


def _complaint(parser: Any, token: Any) -> str:
    found = "the end" if token.type == Token.EOF else f"`{shorten(token.text)}`"
    wanted = [kind for interval in parser.getExpectedTokens().intervals for kind in interval]
    if 1 <= len(wanted) <= _MOST_EXPECTED:
        return f"expected {' or '.join(_name(parser, kind) for kind in wanted)}, found {found}"
    return f"{found} cannot stand here"


def _name(parser: Any, kind: int) -> str:
    if kind == Token.EOF:
        return "the end"
    literal = parser.literalNames[kind] if kind < len(parser.literalNames) else "<INVALID>"
    if literal != "<INVALID>":
        return f"`{literal[1:-1]}`"
    return _NAMES.get(parser.symbolicNames[kind], "something else")


_NAMES = {
    "Identifier": "a name",
    "StringLiteral": "a text in quotes",
    "VersionSpecifier": "a version",
    "RemainingLineContent": "the rest of the line",
}
