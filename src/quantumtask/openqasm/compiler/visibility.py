"""Reasons why a declared name is not visible at its use (spec: Scoping of variables)."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, shorten


class NameDeclaration(NamedTuple):
    """A declaration of a name anywhere in a program.

    Attributes:
        kind: The declared object in words, such as "a variable".
        owner: The definition or block that contains the declaration, in words; "" for the global
            scope.
        offset: The byte offset of the name.
    """

    kind: str
    owner: str
    offset: int


def collect_declarations(tree: Sequence[Node]) -> dict[str, NameDeclaration]:
    """Return the declarations of a program by name; the first global one of a name wins."""
    index: dict[str, NameDeclaration] = {}
    pending = [(node, "") for node in reversed(tree)]
    while pending:
        node, owner = pending.pop()
        for identifier, kind in _declared_names(node):
            declaration = NameDeclaration(kind, owner, identifier.span.lo)
            earlier = index.get(identifier.name)
            if earlier is None or (earlier.owner and not owner):
                index[identifier.name] = declaration
        for identifier, kind, inner_owner in _parameters(node):
            declaration = NameDeclaration(kind, inner_owner, identifier.span.lo)
            index.setdefault(identifier.name, declaration)
        inner = _owner_of_children(node, owner)
        pending.extend((child, inner) for child in reversed(node.children()))
    return index


def _declared_names(node: Node) -> Iterator[tuple[nodes.Identifier, str]]:
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


def _parameters(node: Node) -> Iterator[tuple[nodes.Identifier, str, str]]:
    kind = type(node)
    if kind is nodes.SubroutineDefinition:
        for parameter in node.params:
            yield parameter.identifier, "a parameter", describe_definition(node)
    elif kind is nodes.QuantumGateDefinition:
        for identifier in node.params:
            yield identifier, "a parameter", describe_definition(node)
        for identifier in node.qubits:
            yield identifier, _QUBIT, describe_definition(node)
    elif kind is nodes.ForInLoop:
        yield node.identifier, "the variable", "a loop"


def _owner_of_children(node: Node, owner: str) -> str:
    kind = type(node)
    if kind in (nodes.SubroutineDefinition, nodes.QuantumGateDefinition):
        return describe_definition(node)
    return owner or ("a block" if kind in _BLOCKS else "")


_BLOCKS = frozenset({nodes.CompoundStatement, nodes.Box, nodes.BranchingStatement, nodes.WhileLoop,
                     nodes.ForInLoop, nodes.SwitchStatement})  # fmt: skip


def describe_definition(node: nodes.SubroutineDefinition | nodes.QuantumGateDefinition) -> str:
    """Return a `gate` or `def` in words, for messages."""
    kind = "subroutine" if type(node) is nodes.SubroutineDefinition else "gate"
    return f"the {kind} `{shorten(node.name.name)}`"


def invisible_name(
    name: str, node: Node, declaration: NameDeclaration, enclosing: str
) -> Diagnostic:
    """Return the error of a name whose declaration is not visible at its use.

    Args:
        name: The name.
        node: The use of the name.
        declaration: A declaration of the name elsewhere.
        enclosing: The definition (see `describe_definition`) around the use; "" for none.
    """
    kind, owner, offset = declaration
    short, is_later = shorten(name), offset > node.span.lo
    if owner:
        message = f"`{short}` is {kind} of {owner}, and is not visible outside of it"
        return Diagnostic("undeclared_name", message, node.span)
    if not enclosing or kind == _CONSTANT:
        message = f"`{short}` is used before its declaration"
        return Diagnostic("undeclared_name", message, node.span, "Move the declaration up")
    position = f"outside of {enclosing}" + (" and after it" if is_later else "")
    message = f"`{short}` is {kind} that is declared {position}, and is not visible here"
    return Diagnostic("undeclared_name", message, node.span, _hint(kind, enclosing))


def _hint(kind: str, enclosing: str) -> str:
    if kind not in (_QUBIT, _QUBITS):
        return "Only constants are visible: declare it `const`, or pass it as a parameter"
    if enclosing.startswith("the gate"):
        return "A gate sees no qubits but its own: pass it as one of them"
    return "A subroutine does not see global qubits: pass it as a parameter"
