"""Indices: `[1]`, `[0:2:4]`, `[{0, 3}]`, checked against what they select from."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, Span, format_int, shorten
from quantumtask.openqasm.values.casts import convert
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.types import INT


class Checks(Protocol):
    """What checking an index needs of its surroundings."""

    expression: Callable[[Any], Expr]

    def warn(self, code: str, message: str, span: Span, hint: str | None = None) -> None: ...


class Index(NamedTuple):
    """One index. `pick(memory, size)` gives a place from 0, or several unless `single`.

    `constant`: it needs no memory. `pick` raises Diagnostic for what is out of range.
    """

    single: bool
    constant: bool
    pick: Callable[[list[Any], int], Any]
    span: Span


class Owner(NamedTuple):
    """What is indexed, in words: ("qubit", "q")."""

    kind: str
    name: str


def index(node: Any, owner: Owner, context: Checks) -> Index:
    """One index, a range or a set of indices."""
    if type(node) is nodes.DiscreteSet:
        return _several(node, owner, context)
    if type(node) is nodes.RangeDefinition:
        return _range(node, owner, context)
    value = whole(node, context)
    span: Span = node.span
    read = value.read
    return Index(True, value.is_constant, lambda m, size: _within(read(m), size, owner, span), span)


def whole(node: Any, context: Checks) -> Expr:
    """A whole number, for an index or a bound. Raises Diagnostic for anything else."""
    return as_whole(context.expression(node))


def as_whole(value: Expr) -> Expr:
    """A value as a whole number. Raises Diagnostic if it is none."""
    if value.type.kind not in ("int", "uint", "bit", "bool", "bits"):
        message = f"a whole number is needed here, not a value of type {value.type}"
        raise Diagnostic("wrong_type", message, value.span)
    return value if value.type.kind in ("int", "uint") else convert(value, INT)


def _several(node: Any, owner: Owner, context: Checks) -> Index:
    if not node.values:
        raise Diagnostic("index_out_of_range", "this selects nothing", node.span)
    parts = [index(value, owner, context) for value in node.values]
    picks = [part.pick for part in parts]

    def pick(memory: list[Any], size: int) -> tuple[int, ...]:
        chosen = tuple([one(memory, size) for one in picks])
        if len(set(chosen)) < len(chosen):
            raise Diagnostic(
                "duplicate_qubit", "the same index stands twice in this set", node.span
            )
        return chosen

    return Index(False, all(part.constant for part in parts), pick, node.span)


def _range(node: Any, owner: Owner, context: Checks) -> Index:
    bounds = [None if b is None else whole(b, context) for b in (node.start, node.step, node.end)]
    constant = all(b is None or b.is_constant for b in bounds)
    start, step, end = [None if b is None else b.read for b in bounds]
    span: Span = node.span

    def pick(memory: list[Any], size: int) -> Sequence[int]:
        by = 1 if step is None else step(memory)
        if by == 0:
            raise Diagnostic("index_out_of_range", "a range cannot have a step of 0", span)
        first, last = (0, size - 1) if by > 0 else (size - 1, 0)
        first = first if start is None else _within(start(memory), size, owner, span)
        if end is not None:
            last = end(memory)
            if by > 0 and last == size > 0:
                context.warn("clipped_range", _CLIPPED.format(_owned(owner, size)), span)
                last = size - 1
            last = _within(last, size, owner, span)
        chosen = range(first, last + (1 if by > 0 else -1), by)
        if not chosen:
            raise Diagnostic("index_out_of_range", "this range selects nothing", span)
        return chosen

    return Index(False, constant, pick, span)


_CLIPPED = "this range ends beyond what is there: {}"
"""The specification's own example of a range does (Register concatenation and slicing)."""


def _within(value: int, size: int, owner: Owner, span: Span) -> int:
    if -size <= value < size:
        return value + size if value < 0 else value
    kind = "index" if owner.kind == "dimension" else owner.kind
    message = f"{kind} {format_int(value)} of `{shorten(owner.name)}`: {_owned(owner, size)}"
    raise Diagnostic("index_out_of_range", message, span)


def _owned(owner: Owner, size: int) -> str:
    """ "`q` has 2 qubits, 0 to 1"."""
    if owner.kind == "dimension":
        return f"this dimension has {size}, 0 to {size - 1}"
    last = f", 0 to {size - 1}" if size > 1 else ", and its number is 0" if size else ""
    plural = owner.kind if size == 1 else owner.kind + "s"
    return f"`{shorten(owner.name)}` has {size} {plural}{last}"


def flat(node: Any) -> list[Node]:
    """The indices of one pair of brackets."""
    return [node] if type(node) is nodes.DiscreteSet else list(node.values)
