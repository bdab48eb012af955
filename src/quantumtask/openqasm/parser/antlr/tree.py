"""The way from the tree of a rule of the grammar to a node, and to its place in the text."""

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

from quantumtask.openqasm.parser.antlr import nodes
from quantumtask.openqasm.text.source import Diagnostic


class TreeConverter:
    """The way from the grammar's tree of a text to nodes: a handler for each rule, by its name."""

    def __init__(self, text: str, handlers: Mapping[str, "Handler"]) -> None:
        self._handlers = handlers
        sizes = (len(character.encode(errors="replace")) for character in text)
        self._offsets = None if text.isascii() else list(accumulate(sizes, initial=0))
        self._lines = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))

    def node(self, tree: Any) -> Any:
        """The node of a rule's tree. Raises Diagnostic."""
        handler = self._handlers.get(type(tree).__name__.removesuffix("Context"))
        if handler is None:
            message = "this statement is not supported"
            raise Diagnostic("not_supported", message, self.span(tree))
        return handler(self, tree)

    def maybe(self, tree: Any) -> Any:
        """The node of a part that need not be there."""
        return None if tree is None else self.node(tree)

    def span(self, tree: Any) -> nodes.Span:
        return self.between(tree.start, tree.stop or tree.start)

    def between(self, first: Any, last: Any) -> nodes.Span:
        """The span from one token to another, both included."""
        return self._span(first.start, max(last.stop + 1, first.start))

    def at(self, line: int, column: int) -> nodes.Span:
        """The span of one character. `line` counts from 1, `column` from 0."""
        start = self._lines[line - 1] + column
        return self._span(start, start + 1)

    def _span(self, start: int, end: int) -> nodes.Span:
        if self._offsets is None:
            return nodes.Span(start, end)
        return nodes.Span(self._offsets[start], self._offsets[end])


Handler = Callable[[TreeConverter, Any], Any]


def convert_identifier(reader: TreeConverter, leaf: Any) -> nodes.Identifier:
    """The identifier at a leaf of the tree."""
    return nodes.Identifier(reader.between(leaf.symbol, leaf.symbol), leaf.getText())


def convert_all(reader: TreeConverter, trees: Any) -> list[Any]:
    return [reader.node(tree) for tree in trees]


def convert_list(reader: TreeConverter, tree: Any) -> list[Any]:
    """The nodes of an `expressionList` or `gateOperandList`, which need not be there."""
    return [] if tree is None else convert_all(reader, tree.getChildren(is_rule))


def is_rule(child: Any) -> bool:
    return hasattr(child, "start")
