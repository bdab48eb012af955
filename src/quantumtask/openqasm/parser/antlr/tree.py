"""Conversion of the grammar's parse tree to syntax tree nodes, with their spans."""

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Any

from quantumtask.openqasm.parser.antlr import nodes
from quantumtask.openqasm.text.source import Diagnostic


class TreeConverter:
    """Converter of the parse tree of a text to nodes.

    Args:
        text: The text of the tree.
        handlers: The function that converts the tree of each rule, by name of the rule.
    """

    def __init__(self, text: str, handlers: Mapping[str, "Handler"]) -> None:
        self._handlers = handlers
        sizes = (len(character.encode(errors="replace")) for character in text)
        self._offsets = None if text.isascii() else list(accumulate(sizes, initial=0))
        self._lines = list(accumulate((len(line) + 1 for line in text.split("\n")), initial=0))

    def convert(self, tree: Any) -> Any:
        """Return the node of a rule's tree.

        Raises:
            Diagnostic: The statement is not supported, or not valid.
        """
        handler = self._handlers.get(type(tree).__name__.removesuffix("Context"))
        if handler is None:
            message = "this statement is not supported"
            raise Diagnostic("not_supported", message, self.span(tree))
        return handler(self, tree)

    def convert_optional(self, tree: Any) -> Any:
        """Return the node of an optional part; None for None."""
        return None if tree is None else self.convert(tree)

    def convert_all(self, trees: Any) -> list[Any]:
        """Return the node of each tree."""
        return [self.convert(tree) for tree in trees]

    def convert_list(self, tree: Any) -> list[Any]:
        """Return the nodes of an optional list, such as an `expressionList`."""
        return [] if tree is None else self.convert_all(tree.getChildren(is_rule))

    def identifier(self, leaf: Any) -> nodes.Identifier:
        """Return the identifier at a leaf of the tree."""
        return nodes.Identifier(self.token_span(leaf.symbol, leaf.symbol), leaf.getText())

    def span(self, tree: Any) -> nodes.Span:
        """Return the span of a rule's tree."""
        return self.token_span(tree.start, tree.stop or tree.start)

    def token_span(self, first: Any, last: Any) -> nodes.Span:
        """Return the span from one token to another, both included."""
        return self._byte_span(first.start, max(last.stop + 1, first.start))

    def character_span(self, line: int, column: int) -> nodes.Span:
        """Return the span of one character; `line` counts from 1, `column` from 0."""
        start = self._lines[line - 1] + column
        return self._byte_span(start, start + 1)

    def _byte_span(self, start: int, end: int) -> nodes.Span:
        if self._offsets is None:
            return nodes.Span(start, end)
        return nodes.Span(self._offsets[start], self._offsets[end])


Handler = Callable[[TreeConverter, Any], Any]
"""Function that converts the tree of one rule of the grammar."""


def is_rule(child: Any) -> bool:
    """Return True for the tree of a rule, and False for a token."""
    return hasattr(child, "start")
