"""Reasons why a declared name is not visible at its use (spec: Scoping of variables)."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, shorten


class Declaration(NamedTuple):
    """A declaration anywhere in a program.

    `what` is a phrase for messages; `home` names the definition or block that it belongs to, ""
    for the global scope; `lo` is its byte offset.
    """

    what: str
    home: str
    lo: int


def declarations(tree: Sequence[Node]) -> dict[str, Declaration]:
    """The declarations of a program by name; the first global one of a name has priority."""
    index: dict[str, Declaration] = {}
    pending = [(node, "") for node in reversed(tree)]
    while pending:
        node, home = pending.pop()
        for identifier, what in _names(node):
            declaration = Declaration(what, home, identifier.span.lo)
            earlier = index.get(identifier.name)
            if earlier is None or (earlier.home and not home):
                index[identifier.name] = declaration
        for identifier, what, inner in _parameters(node):
            index.setdefault(identifier.name, Declaration(what, inner, identifier.span.lo))
        below = _home(node, home)
        pending.extend((child, below) for child in reversed(node.children()))
    return index


def _names(node: Any) -> Iterator[tuple[Any, str]]:
    kind = type(node)
    if kind is nodes.QubitDeclaration:
        yield node.qubit, _QUBIT if node.size is None else _QUBITS
    elif kind in (nodes.ClassicalDeclaration, nodes.IODeclaration):
        yield node.identifier, "a variable"
    elif kind is nodes.ConstantDeclaration:
        yield node.identifier, _CONSTANT
    elif kind is nodes.AliasStatement:
        yield node.target, "an alias"


_QUBIT, _QUBITS, _CONSTANT = "a qubit", "a register of qubits", "a constant"


def _parameters(node: Any) -> Iterator[tuple[Any, str, str]]:
    kind = type(node)
    if kind is nodes.SubroutineDefinition:
        for parameter in node.params:
            yield parameter.identifier, "a parameter", _home(node, "")
    elif kind is nodes.QuantumGateDefinition:
        for identifier in node.params:
            yield identifier, "a parameter", _home(node, "")
        for identifier in node.qubits:
            yield identifier, _QUBIT, _home(node, "")
    elif kind is nodes.ForInLoop:
        yield node.identifier, "the variable", "a loop"


def _home(node: Any, home: str) -> str:
    kind = type(node)
    if kind in (nodes.SubroutineDefinition, nodes.QuantumGateDefinition):
        return definition(node)
    return home or ("a block" if kind in _BLOCKS else "")


_BLOCKS = frozenset({nodes.CompoundStatement, nodes.Box, nodes.BranchingStatement, nodes.WhileLoop,
                     nodes.ForInLoop, nodes.SwitchStatement})  # fmt: skip


def definition(node: Any) -> str:
    """A `gate` or `def` in words, for messages."""
    kind = "subroutine" if type(node) is nodes.SubroutineDefinition else "gate"
    return f"the {kind} `{shorten(node.name.name)}`"


def refusal(name: str, node: Node, declaration: Declaration, inside: str) -> Diagnostic:
    """The refusal of a name whose declaration is not visible at its use.

    Args:
        name: The name.
        node: The use of the name.
        declaration: A declaration of the name elsewhere.
        inside: The definition (see `definition`) around the use; "" for none.
    """
    what, home, lo = declaration
    shown, later = shorten(name), lo > node.span.lo
    if home:
        message = f"`{shown}` is {what} of {home}, and cannot be seen outside of it"
        return Diagnostic("undeclared_name", message, node.span)
    if not inside or what == _CONSTANT:
        message = f"`{shown}` is used before its declaration"
        return Diagnostic("undeclared_name", message, node.span, "Move the declaration up")
    where = f"outside of {inside}" + (" and further down" if later else "")
    message = f"`{shown}` is {what} that is declared {where}, and cannot be seen in here"
    return Diagnostic("undeclared_name", message, node.span, _hint(what, inside))


def _hint(what: str, inside: str) -> str:
    if what not in (_QUBIT, _QUBITS):
        return "Only constants can be: declare it `const`, or pass it as a parameter"
    if inside.startswith("the gate"):
        return "A gate sees no qubits but its own: pass it as one of them"
    return "A subroutine does not see global qubits: pass it as a parameter"
