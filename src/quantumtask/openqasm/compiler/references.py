"""References: the qubits, bits, array elements and variables that an expression names."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from quantumtask.openqasm.compiler.indices import (
    CompiledIndex,
    IndexContext,
    IndexedObject,
    compile_index,
    index_items,
)
from quantumtask.openqasm.compiler.symbol_table import Symbol, Variable, describe_symbol
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.expr import ReadValue
from quantumtask.openqasm.values.types import BIT, QUBIT, ArrayView, Type

INDEXABLE_NUMBERS = frozenset({"int", "uint", "angle"})
"""Types of numbers whose bits can be indexed."""


class Reference:
    """An lvalue: qubits, or a variable or parts of it.

    A location is the number of a qubit or of a memory cell.

    Attributes:
        type: The type of the whole variable, if `bits` is not None; else that of the locations.
        name: The name of the variable, for messages.
        static: The locations: an int for a single one, a sequence for a register, an ArrayView for
            an array. None if they are known only at run time.
        resolve: Returns the locations at run time.
        read_only: The reason why nothing can be assigned; "" if something can.
        bits: The type and the positions of the selected bits of an indexed number. None if the
            reference selects no bits of a number.
        is_whole_name: The reference is a name without an index.
    """

    __slots__ = ("bits", "is_whole_name", "name", "read_only", "resolve", "span", "static", "type")

    def __init__(
        self,
        type: Type,
        span: Span,
        name: str,
        static: Any,
        resolve: ReadValue,
        read_only: str = "",
    ) -> None:
        self.type = type
        self.span = span
        self.name = name
        self.static = static
        self.resolve = resolve
        self.read_only = read_only
        self.bits: tuple[Type, Callable[[list[Any]], Any]] | None = None
        self.is_whole_name = False

    @property
    def is_quantum(self) -> bool:
        """True for a reference to qubits."""
        return self.type.kind in ("qubit", "qubits")


def static_reference(type: Type, span: Span, locations: Any, name: str = "") -> Reference:
    """Return a reference to known locations."""
    return Reference(type, span, name, locations, lambda _: locations)


def build_reference(symbol: Symbol, name: str, span: Span) -> Reference:
    """Return the reference to a variable, an alias or qubits. Raises Diagnostic for others."""
    if not isinstance(symbol, Variable):
        message = f"`{shorten(name)}` is {describe_symbol(symbol)}, not a variable"
        raise Diagnostic("wrong_type", message, span)
    locations, cell = symbol.locations, symbol.cell
    resolve: ReadValue = (lambda m: m[cell]) if locations is None else (lambda _: locations)
    reference = Reference(symbol.type, span, name, locations, resolve, symbol.read_only)
    reference.is_whole_name = True
    return reference


def require_qubits(reference: Reference, span: Span) -> Reference:
    """Return the reference. Raises Diagnostic at `span` if it names no qubits."""
    if not reference.is_quantum:
        message = f"`{shorten(reference.name)}` is not a qubit; a qubit is needed here"
        raise Diagnostic("wrong_type", message, span)
    return reference


def index_reference(
    base: Reference, brackets: Sequence[Node], span: Span, context: IndexContext
) -> Reference:
    """Return the reference `base[...][...]`. Raises Diagnostic for an invalid index."""
    for bracket in brackets:
        base = _apply_bracket(base, index_items(bracket), bracket.span, context)
        base.span = span
    return base


def _apply_bracket(
    base: Reference, items: list[Node], span: Span, context: IndexContext
) -> Reference:
    kind = base.type.kind
    if kind == "array":
        return _index_array(base, items, span, context)
    if len(items) != 1:
        message = f"`{shorten(base.name)}` has one dimension; got {len(items)} indices"
        raise Diagnostic("wrong_type", message, span)
    if kind in INDEXABLE_NUMBERS and base.type.size is None:
        message = f"the bits of {base.type} have no index; declare a width, such as {kind}[32]"
        raise Diagnostic("wrong_type", message, span)
    if kind in INDEXABLE_NUMBERS and base.bits is None:
        index = compile_index(items[0], IndexedObject("bit", base.name), context)
        return _index_number(base, index)
    if kind in ("bit", "qubit") and base.bits is None and base.is_whole_name:
        index = compile_index(items[0], IndexedObject(kind, base.name), context)
        return _index_single(base, index, context)
    if kind not in ("bits", "qubits") or base.bits is not None:
        message = f"`{shorten(base.name)}` is a single {kind} and has no index"
        raise Diagnostic("wrong_type", message, span)
    index = compile_index(items[0], IndexedObject(kind[:-1], base.name), context)
    return _index_register(base, index)


def _index_single(base: Reference, index: CompiledIndex, context: IndexContext) -> Reference:
    """Return `c[0]` or `c[:]` of a single bit or qubit `c`, with a warning."""
    kind, name = base.type.kind, shorten(base.name)
    if not index.constant or (index.single and index.select([], 1) != 0):
        message = f"`{name}` is a single {kind} and has no index"
        raise Diagnostic("wrong_type", message, index.span)
    brackets = "[0]" if index.single else "[:]"
    message = f"`{name}` is a single {kind}: `{name}{brackets}` is read as `{name}`"
    context.warn("single_index", message, index.span)
    static = None if base.static is None else (base.static,)
    register = Reference(
        Type(f"{kind}s", 1),
        base.span,
        base.name,
        static,
        lambda memory: (base.resolve(memory),),
        base.read_only,
    )
    return _index_register(register, index)


def _index_register(base: Reference, index: CompiledIndex) -> Reference:
    single_type = QUBIT if base.is_quantum else BIT
    kind, select, resolve = base.type.kind, index.select, base.resolve
    if base.static is None or not index.constant:
        type = single_type if index.single else Type(kind)
        if index.constant and base.type.size is not None:
            positions = select([], base.type.size)
            type = single_type if index.single else Type(kind, len(positions))
        resolve = _resolver(resolve, select, index.single)
        return Reference(type, base.span, base.name, None, resolve, base.read_only)
    positions = select([], len(base.static))
    if index.single:
        location = base.static[positions]
        return Reference(
            single_type, base.span, base.name, location, lambda _: location, base.read_only
        )
    locations = _pick(base.static, positions)
    type = Type(kind, len(locations))
    return Reference(type, base.span, base.name, locations, lambda _: locations, base.read_only)


def _pick(locations: Sequence[int], positions: Sequence[int]) -> Sequence[int]:
    if isinstance(locations, range) and isinstance(positions, range) and positions.step > 0:
        return locations[positions.start : positions.stop : positions.step]
    return tuple([locations[k] for k in positions])


def _resolver(
    resolve: ReadValue, select: Callable[[list[Any], int], Any], single: bool
) -> ReadValue:
    if single:

        def resolve_single(memory: list[Any]) -> int:
            locations = resolve(memory)
            location: int = locations[select(memory, len(locations))]
            return location

        return resolve_single

    def resolve_register(memory: list[Any]) -> Sequence[int]:
        locations = resolve(memory)
        return _pick(locations, select(memory, len(locations)))

    return resolve_register


def _index_number(base: Reference, index: CompiledIndex) -> Reference:
    """Return a reference to some bits of a number."""
    width, select = base.type.width, index.select
    if index.constant:
        positions = select([], width)
        type = BIT if index.single else Type("bits", len(positions))
        read_positions: ReadValue = lambda _: positions  # noqa: E731
    else:
        type = BIT if index.single else Type("bits")
        read_positions = lambda memory: select(memory, width)  # noqa: E731
    result = Reference(base.type, base.span, base.name, base.static, base.resolve, base.read_only)
    result.bits = (type, read_positions)
    return result


def _index_array(
    base: Reference, items: list[Node], span: Span, context: IndexContext
) -> Reference:
    shape = base.type.shape
    if len(items) > len(shape):
        message = f"`{shorten(base.name)}` has {len(shape)} dimensions; got {len(items)} indices"
        raise Diagnostic("wrong_type", message, span)
    if any(type(item) is nodes.DiscreteSet for item in items):
        raise Diagnostic("wrong_type", "an array cannot be indexed by a set", span)
    if 0 in shape:
        message = f"`{shorten(base.name)}` has no elements"
        raise Diagnostic("index_out_of_range", message, span)
    owner = IndexedObject("dimension", base.name)
    indices = [compile_index(item, owner, context) for item in items]
    lengths = [_length(index, n) for index, n in zip(indices, shape, strict=False)]
    remaining = (*[n for n, index in zip(lengths, indices, strict=True) if not index.single],
                 *shape[len(indices) :])  # fmt: skip
    element = base.type.base
    assert element is not None
    to = Type("array", None, element, remaining) if remaining else element
    resolve = base.resolve

    def resolve_part(memory: list[Any]) -> Any:
        return _select_part(resolve(memory), indices, memory)

    if base.static is not None and all(index.constant for index in indices):
        static = _select_part(base.static, indices, [])
        return Reference(to, span, base.name, static, lambda _: static, base.read_only)
    return Reference(to, span, base.name, None, resolve_part, base.read_only)


def _length(index: CompiledIndex, size: int | None) -> int | None:
    if index.single or not index.constant or size is None:
        return None
    return len(index.select([], size))


def _select_part(view: ArrayView, indices: Sequence[CompiledIndex], memory: list[Any]) -> Any:
    """Return the part of an array that indices select: one cell, or a smaller ArrayView."""
    cells, shape = view
    stride = len(cells)
    offsets: list[Sequence[int]] = []
    remaining: list[int] = []
    for depth, size in enumerate(shape):
        stride = stride // size if size else 0
        index = indices[depth] if depth < len(indices) else None
        positions: Any = range(size) if index is None else index.select(memory, size)
        if index is not None and index.single:
            offsets.append((positions * stride,))
        else:
            remaining.append(len(positions))
            offsets.append([k * stride for k in positions])
    part = [cells[sum(offset)] for offset in product(*offsets)]
    return ArrayView(part, tuple(remaining)) if remaining else part[0]


def join_references(parts: Sequence[Reference], span: Span) -> Reference:
    """Return `a ++ b` of qubits or of bits as one register.

    Raises:
        Diagnostic: The parts are of different kinds, or overlap.
    """
    first = parts[0]
    register = "qubits" if first.is_quantum else "bits"
    for part in parts:
        if part.is_quantum != first.is_quantum or part.type.kind not in _JOINABLE:
            message = "`++` can join only qubits with qubits, and bits with bits"
            raise Diagnostic("wrong_type", message, part.span)
    resolvers = [part.resolve for part in parts]

    def resolve(memory: list[Any]) -> Sequence[int]:
        locations = [k for resolve_part in resolvers for k in as_sequence(resolve_part(memory))]
        if len(set(locations)) < len(locations):
            message = "a register cannot be joined with a part of itself"
            raise Diagnostic("duplicate_qubit", message, span)
        return locations

    if all(part.static is not None for part in parts):
        static = tuple(resolve([]))
        return static_reference(Type(register, len(static)), span, static, first.name)
    sizes = [1 if p.type.kind in ("bit", "qubit") else p.type.size for p in parts]
    size = None if None in sizes else sum(n or 0 for n in sizes)
    return Reference(Type(register, size), span, first.name, None, resolve)


_JOINABLE = frozenset({"bit", "bits", "qubit", "qubits"})


def as_sequence(locations: Any) -> Sequence[int]:
    """Return the locations of a register, or a single location as a sequence."""
    return (locations,) if isinstance(locations, int) else locations
