"""What an operand or an assignment names: qubits, bits, elements and variables in their places."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

from quantumtask.openqasm.compiler.indices import Checks, Index, Owner, flat, index
from quantumtask.openqasm.compiler.symbol_table import Symbol, Variable, describe
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.program.execution import bit_value
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.expr import Expr, ReadValue
from quantumtask.openqasm.values.types import (
    BIT,
    QUBIT,
    ArrayValue,
    ArrayView,
    Type,
    bits_from_int,
    wrap_int,
)

SLICEABLE = frozenset({"int", "uint", "angle"})
"""Numbers whose bits can be indexed."""


class Reference:
    """Qubits or variables, where they are.

    `fixed`: an int for a single one, a sequence for a register, a View for an array; None where
    only `find`, at run time, tells it. `bits`: of each number in them, only these bits. `whole`:
    they are all that a name stands for.
    """

    __slots__ = ("bits", "find", "fixed", "name", "read_only", "span", "type", "whole")

    def __init__(
        self, type: Type, span: Span, name: str, fixed: Any, find: ReadValue, read_only: str = ""
    ) -> None:
        self.type = type
        self.span = span
        self.name = name
        self.fixed = fixed
        self.find = find
        self.read_only = read_only
        self.bits: tuple[Type, Callable[[list[Any]], Any]] | None = None
        self.whole = False

    @property
    def is_quantum(self) -> bool:
        return self.type.kind in ("qubit", "qubits")


def of_symbol(symbol: Symbol, name: str, span: Span) -> Reference:
    """The places of a variable, an alias or a register. Raises Diagnostic for anything else."""
    if not isinstance(symbol, Variable):
        message = f"`{shorten(name)}` is {describe(symbol)}, not a variable"
        raise Diagnostic("wrong_type", message, span)
    places, cell = symbol.places, symbol.cell
    find: ReadValue = (lambda m: m[cell]) if places is None else (lambda _: places)
    found = Reference(symbol.type, span, name, places, find, symbol.read_only)
    found.whole = True
    return found


def indexed(base: Reference, brackets: Sequence[Any], span: Span, context: Checks) -> Reference:
    """`base[...][...]`. Raises Diagnostic for an index that it cannot have."""
    for bracket in brackets:
        base = _one(base, flat(bracket), bracket.span, context)
        base.span = span
    return base


def _one(base: Reference, items: list[Any], span: Span, context: Checks) -> Reference:
    kind = base.type.kind
    if kind == "array":
        return _of_array(base, items, span, context)
    if len(items) != 1:
        message = f"`{shorten(base.name)}` has one dimension"
        raise Diagnostic("wrong_type", message, span)
    if kind in SLICEABLE and base.type.size is None:
        message = f"the bits of {base.type} have no place: say how wide it is, {kind}[32]"
        raise Diagnostic("wrong_type", message, span)
    if kind in SLICEABLE and base.bits is None:
        return _of_number(base, index(items[0], Owner("bit", base.name), context))
    if kind in ("bit", "qubit") and base.bits is None and base.whole:
        return _only_one(base, index(items[0], Owner(kind, base.name), context), context)
    if kind not in ("bits", "qubits") or base.bits is not None:
        message = f"`{shorten(base.name)}` is a single {kind} and has no index"
        raise Diagnostic("wrong_type", message, span)
    return _of_register(base, index(items[0], Owner(kind[:-1], base.name), context))


def _only_one(base: Reference, at: Index, context: Checks) -> Reference:
    """The place of `c[0]` or `c[:]` of a single bit `c`, as other tools write `c` itself."""
    kind, name = base.type.kind, shorten(base.name)
    if not at.constant or (at.single and at.pick([], 1) != 0):
        message = f"`{name}` is a single {kind} and has no index"
        raise Diagnostic("wrong_type", message, at.span)
    index = "[0]" if at.single else "[:]"
    message = f"`{name}` is a single {kind}: `{name}{index}` is taken for `{name}`"
    context.warn("single_index", message, at.span)
    fixed = None if base.fixed is None else (base.fixed,)
    of_one = Type(f"{kind}s", 1)
    register = Reference(
        of_one, base.span, base.name, fixed, lambda memory: (base.find(memory),), base.read_only
    )
    return _of_register(register, at)


def _of_register(base: Reference, at: Index) -> Reference:
    single = QUBIT if base.is_quantum else BIT
    pick, find = at.pick, base.find
    if base.fixed is None or not at.constant:
        register = base.type.kind
        to = single if at.single else Type(register)
        if at.constant and base.type.size is not None:
            chosen = pick([], base.type.size)
            to = single if at.single else Type(register, len(chosen))
        return Reference(
            to, base.span, base.name, None, _finder(find, pick, at.single), base.read_only
        )
    chosen = pick([], len(base.fixed))
    if at.single:
        place = base.fixed[chosen]
        return Reference(single, base.span, base.name, place, lambda _: place, base.read_only)
    places = _taken(base.fixed, chosen)
    to = Type(base.type.kind, len(places))
    return Reference(to, base.span, base.name, places, lambda _: places, base.read_only)


def _taken(places: Sequence[int], chosen: Sequence[int]) -> Sequence[int]:
    if isinstance(places, range) and isinstance(chosen, range) and chosen.step > 0:
        return places[chosen.start : chosen.stop : chosen.step]
    return tuple([places[k] for k in chosen])


def _finder(find: ReadValue, pick: Callable[[list[Any], int], Any], single: bool) -> ReadValue:
    if single:

        def one(memory: list[Any]) -> int:
            places = find(memory)
            place: int = places[pick(memory, len(places))]
            return place

        return one

    def several(memory: list[Any]) -> Sequence[int]:
        places = find(memory)
        return _taken(places, pick(memory, len(places)))

    return several


def _of_number(base: Reference, at: Index) -> Reference:
    """Some bits of a number: the number stays where it is."""
    width, pick = base.type.width, at.pick
    if at.constant:
        chosen = pick([], width)
        to = BIT if at.single else Type("bits", len(chosen))
        select: ReadValue = lambda _: chosen  # noqa: E731
    else:
        to = BIT if at.single else Type("bits")
        select = lambda memory: pick(memory, width)  # noqa: E731
    result = Reference(base.type, base.span, base.name, base.fixed, base.find, base.read_only)
    result.bits = (to, select)
    return result


def _of_array(base: Reference, items: list[Any], span: Span, context: Checks) -> Reference:
    shape = base.type.shape
    if len(items) > len(shape):
        message = f"`{shorten(base.name)}` has {len(shape)} dimensions, not {len(items)}"
        raise Diagnostic("wrong_type", message, span)
    if any(type(item) is nodes.DiscreteSet for item in items):
        raise Diagnostic("wrong_type", "an array cannot be indexed by a set", span)
    if 0 in shape:
        message = f"`{shorten(base.name)}` has no elements"
        raise Diagnostic("index_out_of_range", message, span)
    parts = [index(item, Owner("dimension", base.name), context) for item in items]
    lengths = [_length(part, n) for part, n in zip(parts, shape, strict=False)]
    kept = (*[n for n, part in zip(lengths, parts, strict=True) if not part.single],
            *shape[len(parts) :])  # fmt: skip
    element = base.type.base
    assert element is not None
    to = Type("array", None, element, kept) if kept else element
    find = base.find

    def select(memory: list[Any]) -> Any:
        return _selected(find(memory), parts, memory)

    if base.fixed is not None and all(part.constant for part in parts):
        fixed = _selected(base.fixed, parts, [])
        return Reference(to, span, base.name, fixed, lambda _: fixed, base.read_only)
    return Reference(to, span, base.name, None, select, base.read_only)


def _length(part: Index, size: int | None) -> int | None:
    if part.single or not part.constant or size is None:
        return None
    return len(part.pick([], size))


def _selected(view: ArrayView, parts: Sequence[Index], memory: list[Any]) -> Any:
    """The part of an array that indices select: one place, or a smaller View."""
    places, shape = view
    stride = len(places)
    offsets: list[Sequence[int]] = []
    kept: list[int] = []
    for depth, size in enumerate(shape):
        stride = stride // size if size else 0
        part = parts[depth] if depth < len(parts) else None
        chosen: Any = range(size) if part is None else part.pick(memory, size)
        if part is not None and part.single:
            offsets.append((chosen * stride,))
        else:
            kept.append(len(chosen))
            offsets.append([k * stride for k in chosen])
    taken = [places[sum(one)] for one in product(*offsets)]
    return ArrayView(taken, tuple(kept)) if kept else taken[0]


def joined(parts: Sequence[Reference], span: Span) -> Reference:
    """`a ++ b` of qubits or bits, as one register. Raises Diagnostic for overlapping parts."""
    first = parts[0]
    register = "qubits" if first.is_quantum else "bits"
    for part in parts:
        if part.is_quantum != first.is_quantum or part.type.kind not in _JOINABLE:
            message = "only qubits with qubits and bits with bits can be joined"
            raise Diagnostic("wrong_type", message, part.span)
    finds = [part.find for part in parts]

    def find(memory: list[Any]) -> Sequence[int]:
        together = [place for one in finds for place in as_sequence(one(memory))]
        if len(set(together)) < len(together):
            message = "a register cannot be joined with a part of itself"
            raise Diagnostic("duplicate_qubit", message, span)
        return together

    if all(part.fixed is not None for part in parts):
        fixed = tuple(find([]))
        return Reference(Type(register, len(fixed)), span, first.name, fixed, lambda _: fixed)
    sizes = [1 if p.type.kind in ("bit", "qubit") else p.type.size for p in parts]
    size = None if None in sizes else sum(n or 0 for n in sizes)
    return Reference(Type(register, size), span, first.name, None, find)


_JOINABLE = frozenset({"bit", "bits", "qubit", "qubits"})


def as_sequence(places: Any) -> Sequence[int]:
    """A register's places, also of a single one."""
    return (places,) if isinstance(places, int) else places


def value_of(places: Reference) -> Expr:
    """What is stored there."""
    if places.is_quantum:
        message = f"`{shorten(places.name)}` is a qubit: measure it to get a value"
        raise Diagnostic("wrong_type", message, places.span)
    if places.bits is not None:
        return _bits_value(places)
    fixed, find, kind = places.fixed, places.find, places.type.kind
    if kind == "array":
        return Expr(places.type, places.span, lambda m: _elements(find(m), m))
    if kind != "bits":
        if fixed is not None:
            return Expr(places.type, places.span, lambda m: m[fixed])
        return Expr(places.type, places.span, lambda m: m[find(m)])
    if isinstance(fixed, range) and fixed.step == 1:
        start, stop = fixed.start, fixed.stop
        return Expr(places.type, places.span, lambda m: tuple(m[start:stop]))
    return Expr(places.type, places.span, lambda m: tuple([m[k] for k in find(m)]))


def _elements(view: ArrayView, memory: list[Any]) -> ArrayValue:
    return ArrayValue([memory[k] for k in view.addresses], view.shape)


def _bits_value(places: Reference) -> Expr:
    assert places.bits is not None
    to, select = places.bits
    find = places.find
    if to is BIT:
        return Expr(to, places.span, lambda m: m[find(m)] >> select(m) & 1)

    def read(memory: list[Any]) -> tuple[int, ...]:
        value = memory[find(memory)]
        return tuple([value >> k & 1 for k in select(memory)])

    return Expr(to, places.span, read)


def bits_of_value(value: Expr, bracket: Any, span: Span, name: str, context: Checks) -> Expr:
    """`N[0:3]`, of a value that is no variable: some of its bits."""
    kind = value.type.kind
    if kind not in SLICEABLE | {"bits"}:
        message = f"`{shorten(name)}` has the type {value.type} and no index"
        raise Diagnostic("wrong_type", message, span)
    items = flat(bracket)
    if len(items) != 1:
        raise Diagnostic("wrong_type", f"`{shorten(name)}` has one dimension", span)
    at = index(items[0], Owner("bit", name), context)
    width, source = value.type.width, value.read

    def read(memory: list[Any]) -> Any:
        bits = source(memory)
        if kind != "bits":
            bits = bits_from_int(bits, width)
        chosen = at.pick(memory, len(bits))
        return bits[chosen] if at.single else tuple([bits[k] for k in chosen])

    if not (at.constant and value.is_constant):
        return Expr(BIT if at.single else Type("bits"), span, read)
    result = read([])
    to = BIT if at.single else Type("bits", len(result))
    return Expr(to, span, lambda _: result, result)


Store = Callable[[list[Any], Any], None]


def target_type(places: Reference) -> Type:
    """The type that a value must have to be stored there."""
    return places.type if places.bits is None else places.bits[0]


def storer(places: Reference) -> Store:
    """The function that stores a value of `target_type` there.

    Everything that can be refused is, before memory is changed.
    """
    fixed, find, kind = places.fixed, places.find, places.type.kind
    if places.bits is not None:
        return _bits_storer(places)
    if kind == "array":
        return _array_storer(find, places.span)
    if kind != "bits":
        if fixed is None:
            return lambda m, value: m.__setitem__(find(m), value)
        return lambda m, value: m.__setitem__(fixed, value)
    if isinstance(fixed, range) and fixed.step == 1:
        cells = slice(fixed.start, fixed.stop)
        return lambda m, value: m.__setitem__(cells, value)
    return _register_storer(find, places.span)


def _register_storer(find: ReadValue, span: Span) -> Store:
    def store(memory: list[Any], value: Any) -> None:
        places = find(memory)
        if len(places) != len(value):
            message = f"{len(value)} bits are assigned to {len(places)}"
            raise Diagnostic("size_mismatch", message, span)
        for place, bit in zip(places, value, strict=True):
            memory[place] = bit

    return store


def _array_storer(find: ReadValue, span: Span) -> Store:
    def store(memory: list[Any], value: ArrayValue) -> None:
        view = find(memory)
        if tuple(view.shape) != tuple(value.shape):
            message = f"an array of shape {list(value.shape)} is assigned to {list(view.shape)}"
            raise Diagnostic("size_mismatch", message, span)
        for place, element in zip(view.addresses, value.values, strict=True):
            memory[place] = element

    return store


def _bits_storer(places: Reference) -> Store:
    assert places.bits is not None
    to, select = places.bits
    find, of, span = places.find, places.type, places.span
    keep = Type("uint", of.width) if of.kind == "angle" else of

    def store(memory: list[Any], value: Any) -> None:
        chosen = (select(memory),) if to is BIT else select(memory)
        bits = [bit_value(bit) for bit in ((value,) if to is BIT else value)]
        if len(bits) != len(chosen):
            message = f"{len(bits)} bits are assigned to {len(chosen)}"
            raise Diagnostic("size_mismatch", message, span)
        at = find(memory)
        number = memory[at]
        for place, bit in zip(chosen, bits, strict=True):
            number = number & ~(1 << place) | bit << place
        memory[at] = wrap_int(number, keep)

    return store
