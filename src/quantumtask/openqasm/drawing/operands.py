"""Operands of statements in a drawing: the numbers of qubits, and the texts of bits."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.references import Reference, as_sequence
from quantumtask.openqasm.compiler.symbol_table import Variable
from quantumtask.openqasm.drawing.numbers import format_angle, format_expression
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import restore_names, shorten

MAX_TEXT = 40
"""Most characters of a piece of the program in a label."""


class Operand(NamedTuple):
    """Qubits that a statement names.

    Attributes:
        qubits: The numbers of the qubits; an int for a single qubit.
        is_known: False if the qubit is known only at run time; `qubits` are all it can be.
    """

    qubits: int | Sequence[int]
    is_known: bool = True


class BitTarget(NamedTuple):
    """The bits that outcomes are stored in.

    Attributes:
        register: The number of the register; None for other bits.
        texts: The text of each bit; one text for all if they are known only at run time.
    """

    register: int | None
    texts: tuple[str, ...]


def source_text(context: Context, lo: int, hi: int, max_length: int = MAX_TEXT) -> str:
    """Return a piece of the program on one line."""
    text = context.text[lo : min(hi, lo + 8 * max_length)].decode(errors="ignore")
    return shorten(format_expression(restore_names(text)), max_length)


def node_text(context: Context, node: Node, max_length: int = MAX_TEXT) -> str:
    """Return the text of a node on one line."""
    return source_text(context, node.span.lo, node.span.hi, max_length)


def resolve_operand(context: Context, node: Node) -> Operand:
    """Return the qubits of an operand. Raises Diagnostic if it names none."""
    span = node.span
    locations = context.symbols.operand_cache.get(context.text[span.lo : span.hi])
    if locations is None:
        reference = context.qubit_reference(node)
        locations = reference.static
        if locations is None:
            return Operand(_possible_qubits(context, reference), False)
    return Operand(locations)


def resolve_all(context: Context, operands: Sequence[Node]) -> Iterator[int]:
    """Yield the numbers of all qubits of operands. Raises Diagnostic if one names none."""
    for node in operands:
        yield from as_sequence(resolve_operand(context, node).qubits)


def _possible_qubits(context: Context, reference: Reference) -> Sequence[int]:
    """Return the qubits of the register of a reference; all qubits if it is not known."""
    symbol = context.symbols.lookup(reference.name)
    if isinstance(symbol, Variable) and symbol.locations is not None:
        return as_sequence(symbol.locations)
    return range(context.qubits.count)


def format_argument(context: Context, node: Node) -> str:
    """Return the value of a constant argument of a gate that was compiled; else its text."""
    if type(node) is nodes.FloatLiteral:
        return format_angle(node.value)
    span = node.span
    value = context.symbols.argument_cache.get(context.text[span.lo : span.hi])
    return node_text(context, node) if value is None else format_angle(value)


class BitRegisters:
    """The result registers of a program, by the memory cells of their bits."""

    def __init__(self) -> None:
        self._places: dict[int, tuple[int, int]] = {}
        self._registers = 0

    def find(self, context: Context, node: Node) -> BitTarget:
        """Return the bits that a target names. Raises Diagnostic if it names none."""
        self._add_new(context)
        reference = context.reference(node)
        text = node_text(context, node)
        locations: Any = reference.static
        if locations is None:
            return BitTarget(self._register_of(context, reference.name), (text,))
        places = [self._places.get(cell) for cell in as_sequence(locations)]
        numbers = {None if place is None else place[0] for place in places}
        if reference.bits is not None or len(numbers) != 1 or None in numbers:
            return BitTarget(None, (text,))
        register = numbers.pop()
        if register is not None and context.result_registers[register].size == 1:
            return BitTarget(register, ("",))  # the name of the wire says it all
        return BitTarget(register, tuple(str(place[1]) for place in places if place))

    def _register_of(self, context: Context, name: str) -> int | None:
        names = [register.name for register in context.result_registers]
        return names.index(name) if name in names else None

    def _add_new(self, context: Context) -> None:
        registers = context.result_registers
        if self._registers == len(registers):
            return
        first = len(self._places)
        cells = iter(context.result_cells[first:])
        for number in range(self._registers, len(registers)):
            for bit in range(registers[number].size):
                self._places[next(cells)] = (number, bit)
        self._registers = len(registers)
