"""Loads and stores: reading the value of a reference, and writing one."""

from collections.abc import Sequence
from typing import Any

from quantumtask.openqasm.compiler.indices import (
    IndexContext,
    IndexedObject,
    compile_index,
    index_items,
)
from quantumtask.openqasm.compiler.references import INDEXABLE_NUMBERS, Reference
from quantumtask.openqasm.inputs.sweep_binding import StoreValue
from quantumtask.openqasm.parser.parse import Node
from quantumtask.openqasm.program.execution import bit_value
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.expr import Expr, ReadValue
from quantumtask.openqasm.values.types import (
    BIT,
    ArrayValue,
    ArrayView,
    Type,
    bits_from_int,
    wrap_int,
)


def load(reference: Reference) -> Expr:
    """Return the expression that reads a reference. Raises Diagnostic for qubits."""
    if reference.is_quantum:
        message = f"`{shorten(reference.name)}` is a qubit; measure it to get a value"
        raise Diagnostic("wrong_type", message, reference.span)
    if reference.bits is not None:
        return _load_bits_of_number(reference)
    static, resolve, type = reference.static, reference.resolve, reference.type
    span = reference.span
    if type.kind == "array":
        return Expr(type, span, lambda m: _array_value(resolve(m), m))
    if type.kind != "bits":
        if static is not None:
            return Expr(type, span, lambda m: m[static])
        return Expr(type, span, lambda m: m[resolve(m)])
    if isinstance(static, range) and static.step == 1:
        start, stop = static.start, static.stop
        return Expr(type, span, lambda m: tuple(m[start:stop]))
    return Expr(type, span, lambda m: tuple([m[k] for k in resolve(m)]))


def _array_value(view: ArrayView, memory: list[Any]) -> ArrayValue:
    cells, shape = view
    return ArrayValue([memory[k] for k in cells], shape)


def _load_bits_of_number(reference: Reference) -> Expr:
    assert reference.bits is not None
    type, read_positions = reference.bits
    resolve = reference.resolve
    if type is BIT:
        return Expr(type, reference.span, lambda m: m[resolve(m)] >> read_positions(m) & 1)

    def read(memory: list[Any]) -> tuple[int, ...]:
        value = memory[resolve(memory)]
        return tuple([value >> k & 1 for k in read_positions(memory)])

    return Expr(type, reference.span, read)


def index_value(value: Expr, bracket: Node, span: Span, name: str, context: IndexContext) -> Expr:
    """Return some bits of a value that is no variable, such as `N[0:3]` of a constant."""
    kind = value.type.kind
    if kind not in INDEXABLE_NUMBERS | {"bits"}:
        message = f"`{shorten(name)}` has the type {value.type} and no index"
        raise Diagnostic("wrong_type", message, span)
    items = index_items(bracket)
    if len(items) != 1:
        message = f"`{shorten(name)}` has one dimension; got {len(items)} indices"
        raise Diagnostic("wrong_type", message, span)
    index = compile_index(items[0], IndexedObject("bit", name), context)
    width, read_value = value.type.width, value.read

    def read(memory: list[Any]) -> Any:
        bits = read_value(memory)
        if kind != "bits":
            bits = bits_from_int(bits, width)
        positions = index.select(memory, len(bits))
        return bits[positions] if index.single else tuple([bits[k] for k in positions])

    if not (index.constant and value.is_constant):
        return Expr(BIT if index.single else Type("bits"), span, read)
    result = read([])
    type = BIT if index.single else Type("bits", len(result))
    return Expr(type, span, lambda _: result, result)


def stored_type(reference: Reference) -> Type:
    """Return the type of the values that can be stored in a reference."""
    return reference.type if reference.bits is None else reference.bits[0]


def store_function(reference: Reference) -> StoreValue:
    """Return the function that stores a value of `stored_type` in a reference.

    The function raises Diagnostic and UndecidedOutcome only before it changes the memory.
    """
    static, resolve, kind = reference.static, reference.resolve, reference.type.kind
    if reference.bits is not None:
        return _store_bits_of_number(reference)
    if kind == "array":
        return _store_array(resolve, reference.span)
    if kind != "bits":
        if static is None:
            return lambda m, value: m.__setitem__(resolve(m), value)
        return lambda m, value: m.__setitem__(static, value)
    if isinstance(static, range) and static.step == 1:
        cells = slice(static.start, static.stop)
        return lambda m, value: m.__setitem__(cells, value)
    return _store_register(resolve, reference.span)


def _store_register(resolve: ReadValue, span: Span) -> StoreValue:
    def store(memory: list[Any], value: Any) -> None:
        cells = resolve(memory)
        _check_bit_count(len(value), len(cells), span)
        for cell, bit in zip(cells, value, strict=True):
            memory[cell] = bit

    return store


def _check_bit_count(assigned: int, available: int, span: Span) -> None:
    if assigned != available:
        message = f"{assigned} bits are assigned to {available}"
        raise Diagnostic("size_mismatch", message, span)


def _store_array(resolve: ReadValue, span: Span) -> StoreValue:
    def store(memory: list[Any], value: ArrayValue) -> None:
        cells, shape = resolve(memory)
        if tuple(shape) != tuple(value.shape):
            message = f"an array of shape {list(value.shape)} is assigned to {list(shape)}"
            raise Diagnostic("size_mismatch", message, span)
        for cell, element in zip(cells, value.values, strict=True):
            memory[cell] = element

    return store


def _store_bits_of_number(reference: Reference) -> StoreValue:
    assert reference.bits is not None
    bits_type, read_positions = reference.bits
    resolve, type, span = reference.resolve, reference.type, reference.span
    integer_type = Type("uint", type.width) if type.kind == "angle" else type

    def store(memory: list[Any], value: Any) -> None:
        selected = read_positions(memory)
        positions: Sequence[int] = (selected,) if bits_type is BIT else selected
        bits = [bit_value(bit) for bit in ((value,) if bits_type is BIT else value)]
        _check_bit_count(len(bits), len(positions), span)
        cell = resolve(memory)
        number = memory[cell]
        for position, bit in zip(positions, bits, strict=True):
            number = number & ~(1 << position) | bit << position
        memory[cell] = wrap_int(number, integer_type)

    return store
