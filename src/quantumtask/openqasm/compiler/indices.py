"""Indices: `[1]`, `[0:2:4]`, `[{0, 3}]`, checked against the size of the indexed object."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, Span, format_int, shorten
from quantumtask.openqasm.values.casts import convert
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.types import INT


class IndexContext(Protocol):
    """The part of Context that compiling an index needs."""

    expression: Callable[[Node], Expr]

    def warn(self, code: str, message: str, span: Span, hint: str | None = None) -> None:
        """Add a warning."""
        ...


class CompiledIndex(NamedTuple):
    """A compiled index of one dimension.

    Attributes:
        single: The index selects one position, as an int; otherwise a sequence of positions.
        constant: `select` does not read the memory.
        select: Returns the positions, from 0, for a memory and the size of the dimension. Raises
            Diagnostic for an index out of range.
    """

    single: bool
    constant: bool
    select: Callable[[list[Any], int], Any]
    span: Span


class IndexedObject(NamedTuple):
    """The indexed object in words, for messages: ("qubit", "q")."""

    kind: str
    name: str


def compile_index(node: Node, owner: IndexedObject, context: IndexContext) -> CompiledIndex:
    """Compile a single index, a range or a set of indices. Raises Diagnostic."""
    if type(node) is nodes.DiscreteSet:
        return _compile_set(node, owner, context)
    if type(node) is nodes.RangeDefinition:
        return _compile_range(node, owner, context)
    value = compile_integer(node, context)
    span: Span = node.span
    read = value.read
    return CompiledIndex(
        True,
        value.is_constant,
        lambda memory, size: _check_range(read(memory), size, owner, span),
        span,
    )


def compile_integer(node: Node, context: IndexContext) -> Expr:
    """Compile an integer expression. Raises Diagnostic for a value of another type."""
    return to_integer(context.expression(node))


def to_integer(value: Expr) -> Expr:
    """Convert a value to an integer. Raises Diagnostic for a value of another type."""
    if value.type.kind not in ("int", "uint", "bit", "bool", "bits"):
        message = f"an integer is needed here; got a value of type {value.type}"
        raise Diagnostic("wrong_type", message, value.span)
    return value if value.type.kind in ("int", "uint") else convert(value, INT)


def _compile_set(
    node: nodes.DiscreteSet, owner: IndexedObject, context: IndexContext
) -> CompiledIndex:
    if not node.values:
        raise Diagnostic("index_out_of_range", "this set of indices is empty", node.span)
    indices = [compile_index(value, owner, context) for value in node.values]
    selectors = [index.select for index in indices]

    def select(memory: list[Any], size: int) -> tuple[int, ...]:
        positions = tuple([select_one(memory, size) for select_one in selectors])
        if len(set(positions)) < len(positions):
            message = "this set contains the same index twice"
            raise Diagnostic("duplicate_qubit", message, node.span)
        return positions

    return CompiledIndex(False, all(index.constant for index in indices), select, node.span)


def _compile_range(
    node: nodes.RangeDefinition, owner: IndexedObject, context: IndexContext
) -> CompiledIndex:
    bounds = [
        None if bound is None else compile_integer(bound, context)
        for bound in (node.start, node.step, node.end)
    ]
    constant = all(bound is None or bound.is_constant for bound in bounds)
    read_start, read_step, read_end = [None if bound is None else bound.read for bound in bounds]
    span: Span = node.span

    def select(memory: list[Any], size: int) -> Sequence[int]:
        step = 1 if read_step is None else read_step(memory)
        if step == 0:
            raise Diagnostic("index_out_of_range", "the step of a range cannot be 0", span)
        first, last = (0, size - 1) if step > 0 else (size - 1, 0)
        if read_start is not None:
            first = _check_range(read_start(memory), size, owner, span)
        if read_end is not None:
            last = read_end(memory)
            if step > 0 and last == size > 0:
                context.warn("clipped_range", _CLIPPED.format(_describe(owner, size)), span)
                last = size - 1
            last = _check_range(last, size, owner, span)
        positions = range(first, last + (1 if step > 0 else -1), step)
        if not positions:
            raise Diagnostic("index_out_of_range", "this range selects nothing", span)
        return positions

    return CompiledIndex(False, constant, select, span)


_CLIPPED = "this range ends after the last index and is clipped: {}"
"""A warning only, because an example of the specification has such a range (section Register
concatenation and slicing)."""


def _check_range(value: int, size: int, owner: IndexedObject, span: Span) -> int:
    """Return a position from 0; a negative index counts from the end. Raises Diagnostic."""
    if -size <= value < size:
        return value + size if value < 0 else value
    kind = "index" if owner.kind == "dimension" else owner.kind
    message = f"{kind} {format_int(value)} of `{shorten(owner.name)}`: {_describe(owner, size)}"
    raise Diagnostic("index_out_of_range", message, span)


def _describe(owner: IndexedObject, size: int) -> str:
    """Return a phrase such as "`q` has 2 qubits, 0 to 1"."""
    if owner.kind == "dimension":
        return f"this dimension has {size}, 0 to {size - 1}"
    last = f", 0 to {size - 1}" if size > 1 else ", and its number is 0" if size else ""
    plural = owner.kind if size == 1 else owner.kind + "s"
    return f"`{shorten(owner.name)}` has {size} {plural}{last}"


def index_items(node: Node) -> list[Node]:
    """Return the indices in one pair of brackets."""
    return [node] if type(node) is nodes.DiscreteSet else list(node.values)
