"""The parser library behind our own door: qdk in Rust or, where it cannot be, one in Python."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

from quantumtask.openqasm.parser.qubit_numbers import MAX_QUBIT_DIGITS
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Source, Span


def _reader() -> Any:
    try:
        from quantumtask.openqasm.parser import qdk

        return qdk
    except ImportError:
        return _portable()


def _portable() -> Any:
    try:
        from quantumtask.openqasm.parser.antlr import parser as portable

        return portable
    except ImportError as error:
        message = (
            "no parser for OpenQASM is installed: install qdk, or quantumtask[portable] on a "
            "machine that qdk has no wheel for"
        )
        raise ImportError(message) from error


parser_module = _reader()
nodes = parser_module.nodes
Node: TypeAlias = Any

__all__ = ["Node", "find_physical_qubit", "nodes", "parse", "physical_qubit_numbers"]


class PhysicalQubit(NamedTuple):
    """A physical qubit such as `$3`, with its span."""

    digits: str
    span: Span


def find_physical_qubit(node: Node, text: bytes) -> PhysicalQubit | None:
    """The physical qubit that a node names; None for any other node.

    In an argument of a subroutine, the node is an integer behind a `$` of the text: see `native`.
    """
    if type(node) is nodes.HardwareQubit:
        return PhysicalQubit(node.name.lstrip("$"), node.span)
    span = node.span
    if type(node) is nodes.IntegerLiteral and text[span.lo - 1 : span.lo] == b"$":
        return PhysicalQubit(text[span.lo : span.hi].decode(), OffsetSpan(span.lo - 1, span.hi))
    return None


def physical_qubit_numbers(tree: Sequence[Node], text: bytes) -> frozenset[int]:
    """The numbers of all physical qubits that a program names."""
    numbers: set[int] = set()
    pending = list(tree) if b"$" in text else []
    while pending:
        node = pending.pop()
        qubit = find_physical_qubit(node, text)
        named = [] if qubit is None else [qubit.digits]
        if type(node) is nodes.Pragma and node.command.startswith("braket"):
            named = _IN_PRAGMA.findall(node.command)
        numbers.update([int(d) for d in named if d.isdecimal() and len(d) <= MAX_QUBIT_DIGITS])
        pending.extend(node.children())
    return frozenset(numbers)


_IN_PRAGMA = re.compile(r"\$([0-9]+)")


def parse(source: Source) -> list[Node]:
    """The top-level statements of a program. Raises CircuitError with every syntax problem."""
    version, statements = parser_module.read(source)
    legacy = source.opaque is not None
    if legacy != ((version or "3").partition(".")[0] == "2"):
        message = "the version is not the first statement of this text"
        raise source.error(Diagnostic("syntax_error", message, OffsetSpan(0, 0)))
    return list(statements)
