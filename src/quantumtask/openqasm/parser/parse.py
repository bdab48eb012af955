"""Parsing of a circuit, with the parser that is installed: qdk, or else the ANTLR parser."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from quantumtask.openqasm.parser.qubit_numbers import MAX_QUBIT_DIGITS
from quantumtask.openqasm.text.source import Diagnostic, OffsetSpan, Source, Span


def _load_parser() -> Any:
    try:
        from quantumtask.openqasm.parser import qdk

        return qdk
    except ImportError:
        return _load_antlr_parser()


def _load_antlr_parser() -> Any:
    try:
        from quantumtask.openqasm.parser.antlr import parser as antlr_parser

        return antlr_parser
    except ImportError as error:
        message = (
            "no parser for OpenQASM is installed: install qdk, or quantumtask[portable] on a "
            "machine that qdk has no wheel for"
        )
        raise ImportError(message) from error


parser_module = _load_parser()
"""The module of the installed parser, with `nodes` and `parse_source`."""

if TYPE_CHECKING:
    # The classes of qdk have the same names and attributes, but no types.
    from quantumtask.openqasm.parser.antlr import nodes
else:
    nodes = parser_module.nodes

Node: TypeAlias = Any

__all__ = ["Node", "find_physical_qubit", "nodes", "parse", "physical_qubit_numbers"]


class PhysicalQubit(NamedTuple):
    """A physical qubit such as `$3`: the digits, and the span."""

    digits: str
    span: Span


def find_physical_qubit(node: Node, text: bytes) -> PhysicalQubit | None:
    """Return the physical qubit that a node names; None for any other node.

    In an argument of a subroutine, the node is an integer behind a `$` of the text; see
    `qdk._blank_dollars`.

    Args:
        node: Any node.
        text: The text of the parsed source in UTF-8.
    """
    if type(node) is nodes.HardwareQubit:
        return PhysicalQubit(node.name.lstrip("$"), node.span)
    span = node.span
    if type(node) is nodes.IntegerLiteral and text[span.lo - 1 : span.lo] == b"$":
        return PhysicalQubit(text[span.lo : span.hi].decode(), OffsetSpan(span.lo - 1, span.hi))
    return None


def physical_qubit_numbers(tree: Sequence[Node], text: bytes) -> frozenset[int]:
    """Return the numbers of all physical qubits that a program names.

    Args:
        tree: The top-level statements of the program.
        text: The text of the parsed source in UTF-8.
    """
    numbers: set[int] = set()
    pending = list(tree) if b"$" in text else []
    while pending:
        node = pending.pop()
        qubit = find_physical_qubit(node, text)
        digits = [] if qubit is None else [qubit.digits]
        if type(node) is nodes.Pragma and node.command.startswith("braket"):
            digits = _QUBIT_IN_PRAGMA.findall(node.command)
        numbers.update([int(d) for d in digits if d.isdecimal() and len(d) <= MAX_QUBIT_DIGITS])
        pending.extend(node.children())
    return frozenset(numbers)


_QUBIT_IN_PRAGMA = re.compile(r"\$([0-9]+)")


def parse(source: Source) -> list[Node]:
    """Return the top-level statements of a program.

    Raises:
        CircuitError: The text has syntax errors; the exception lists all of them.
    """
    version, statements = parser_module.parse_source(source)
    is_openqasm2 = source.opaque_gates is not None
    if is_openqasm2 != ((version or "3").partition(".")[0] == "2"):
        message = "the version must be the first statement"
        raise source.error(Diagnostic("syntax_error", message, OffsetSpan(0, 0)))
    return list(statements)
