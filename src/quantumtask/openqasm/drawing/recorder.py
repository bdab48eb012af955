"""Recorder of a drawing: notes each statement while the checker compiles it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.symbol_table import Subroutine
from quantumtask.openqasm.drawing.elements import Barrier, Box, Drawing, Element, Frame, Meters
from quantumtask.openqasm.drawing.gate_boxes import gate_boxes
from quantumtask.openqasm.drawing.operands import (
    BitRegisters,
    node_text,
    resolve_all,
    resolve_operand,
    source_text,
)
from quantumtask.openqasm.drawing.pragma_boxes import pragma_box
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import Diagnostic, Source, restore_names

MAX_MARKS = 4_000
"""Most boxes and meters of a drawing."""

MAX_QUBITS_OF_MARK = 200
"""Most qubits of a barrier, or of one measurement, that are noted."""

MAX_FRAME_DEPTH = 8
"""Most frames in each other; a block in them is drawn without a frame."""

MAX_TEXT_WITH_LINES = 100_000
"""Largest text, in bytes, whose lines are noted: each takes time that grows with the text."""


class Section(NamedTuple):
    """A part of a statement that becomes a frame: a branch, a case, or the body of a loop.

    Attributes:
        start: The byte offset of its first statement.
        label: The head; None for a part whose elements need no frame of their own.
        registers: The numbers of the registers that the head reads.
    """

    start: int
    label: str | None
    registers: tuple[int, ...] = ()


@dataclass
class OpenBlock:
    """A statement whose body is being compiled."""

    sections: deque[Section]
    line: int
    outer: list[Element]
    prefix: str = ""
    current: Section | None = None
    first: int = 0

    @property
    def continues_with_if(self) -> bool:
        """The statement that begins now is the `if` of an `else if`."""
        return self.current is not None and self.current.label is None


class Recorder:
    """Notes the elements of a drawing; see `StatementObserver` for `begin` and `end`."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._has_lines = len(source.bytes) <= MAX_TEXT_WITH_LINES
        self._elements: list[Element] = []
        self._blocks: list[OpenBlock] = []
        self._bits = BitRegisters()
        self._definitions = 0
        self._marks = 0
        self._omitted = 0

    def drawing(self, context: Context) -> Drawing:
        """Return the drawing of a program that was compiled."""
        names: dict[int, str] = {}
        for register in context.declared_registers:
            symbol: Any = context.symbols.scopes[1].get(register.name)
            single = register.name.startswith("$") or symbol.type.kind == "qubit"
            name = restore_names(register.name)
            for index, qubit in enumerate(register.qubits):
                names[qubit] = name if single else f"{name}[{index}]"
        registers = tuple((each.name, each.size) for each in context.result_registers)
        return Drawing(dict(sorted(names.items())), registers, tuple(self._elements), self._omitted)

    def begin(self, context: Context, node: Node) -> None:
        """Note that a statement begins: it can be the first one of a branch, or have a body."""
        if context.errors:
            return
        if type(node) in _DEFINITIONS:
            self._definitions += 1
        if self._definitions:
            return
        if self._blocks:
            self._advance(node.span.lo)
        sections = _SECTIONS.get(type(node))
        if sections is not None:
            with suppress(Diagnostic):
                self._note_calls(context, node)
            chained = bool(self._blocks) and self._blocks[-1].continues_with_if
            block = OpenBlock(
                deque(sections(context, node)),
                self._line(node),
                self._elements,
                "else " if chained else "",
                first=len(self._elements),
            )
            self._blocks.append(block)

    def end(self, context: Context, node: Node) -> None:
        """Note a statement that was compiled."""
        if context.errors:
            return
        if type(node) in _DEFINITIONS:
            self._definitions -= 1
        elif not self._definitions:
            if type(node) in _SECTIONS:
                self._close_all(self._blocks.pop())
            elif type(node) in _MARKS:
                with suppress(Diagnostic):
                    for mark in _MARKS[type(node)](self, context, node):
                        self._add(mark)

    def _advance(self, start: int) -> None:
        """Open the section of the innermost block that has the statement at an offset."""
        block = self._blocks[-1]
        while block.sections and block.sections[0].start <= start:
            self._close(block)
            block.current = block.sections.popleft()
            self._elements = []

    def _close_all(self, block: OpenBlock) -> None:
        """Close the last section of a block; its frames share their qubits."""
        self._close(block)
        frames = self._elements[block.first :]
        if len(frames) > 1:
            qubits = tuple({qubit for frame in frames for qubit in frame.all_qubits})
            self._elements[block.first :] = [
                replace(each, statement_qubits=qubits) if isinstance(each, Frame) else each
                for each in frames
            ]

    def _close(self, block: OpenBlock) -> None:
        """Add the elements of the current section of a block to the elements around it."""
        section, body, self._elements = block.current, self._elements, block.outer
        if section is None or body is block.outer:
            return
        if section.label is None or len(self._blocks) >= MAX_FRAME_DEPTH:
            self._elements += body
        elif body:
            label, block.prefix = block.prefix + section.label, ""
            frame = Frame(label, tuple(body), section.registers, block.line)
            self._elements.append(frame)
        block.current = None

    def _add(self, mark: Box | Meters | Barrier) -> None:
        size = len(mark.qubits) if isinstance(mark, Meters) else 1
        if self._marks + size > MAX_MARKS:
            self._omitted += size
            return
        last = self._elements[-1] if self._elements else None
        if isinstance(mark, Meters) and isinstance(last, Meters) and (both := last.join(mark)):
            self._elements[-1] = both
        else:
            self._elements.append(mark)
        self._marks += size

    def _line(self, node: Node) -> int:
        return self._source.position(node.span.lo)[0] if self._has_lines else 0

    def _note_gate(self, context: Context, node: Node) -> Iterator[Box]:
        boxes = gate_boxes(context, node, self._title(context, node), self._line(node))
        room = max(0, MAX_MARKS - self._marks)
        yield from islice(boxes.boxes(), room)
        self._omitted += max(0, boxes.count - room)

    def _first_qubits(self, qubits: Iterable[int]) -> tuple[int, ...]:
        """Return the qubits of operations up to the limit, and count the operations on others."""
        iterator = iter(qubits)
        first = tuple(islice(iterator, MAX_QUBITS_OF_MARK))
        self._omitted += sum(1 for _ in iterator)
        return first

    def _title(self, context: Context, node: Node) -> str:
        return node_text(context, node, 80).rstrip("; ")

    def _note_measurement(
        self, context: Context, node: Node, operands: list[Node], target: Node | None
    ) -> Iterator[Meters]:
        places = [resolve_operand(context, operand) for operand in operands]
        qubits = self._first_qubits(resolve_all(context, operands))
        texts: tuple[str, ...] = ("",)
        register = None
        if target is not None:
            register, texts = self._bits.find(context, target)
        if not all(place.is_known for place in places):
            texts = (self._title(context, node),)
        if len(texts) < len(qubits):
            texts = texts[:1] * len(qubits)
        yield Meters(
            qubits, texts[: len(qubits)], register, self._title(context, node), self._line(node)
        )

    def _note_measurement_statement(self, context: Context, node: Node) -> Iterator[Meters]:
        yield from self._note_measurement(context, node, node.qubits, node.target)

    def _note_assignment(self, context: Context, node: Node) -> Iterator[Box | Meters]:
        if type(node) is nodes.ClassicalDeclaration:
            target, value = node.identifier, node.init_expr
        else:
            target, value = node.lhs, node.rhs
        if type(value) is nodes.QuantumMeasurement:
            yield from self._note_measurement(context, node, value.qubits, target)
        elif value is not None:
            self._note_calls(context, value)

    def _note_expression(self, context: Context, node: Node) -> Iterator[Meters]:
        if type(node.expr) is nodes.QuantumMeasurement:
            yield from self._note_measurement(context, node, node.expr.qubits, None)
        else:
            self._note_calls(context, node.expr)

    def _note_reset(self, context: Context, node: Node) -> Iterator[Box]:
        title, line = self._title(context, node), self._line(node)
        for qubit in self._first_qubits(resolve_all(context, node.qubits)):
            yield Box("|0⟩", (qubit,), family="reset", title=title, line=line)

    def _note_barrier(self, context: Context, node: Node) -> Iterator[Barrier]:
        named = resolve_all(context, node.qubits) if node.qubits else range(context.qubits.count)
        qubits = tuple(dict.fromkeys(islice(named, MAX_QUBITS_OF_MARK)))
        if qubits:
            yield Barrier(qubits, self._title(context, node), self._line(node))

    def _note_delay(self, context: Context, node: Node) -> Iterator[Box]:
        title, line = self._title(context, node), self._line(node)
        duration = node_text(context, node.duration)
        named = resolve_all(context, node.qubits) if node.qubits else range(context.qubits.count)
        for qubit in self._first_qubits(named):
            yield Box("delay", (qubit,), duration, family="delay", title=title, line=line)

    def _note_jump(self, context: Context, node: Node) -> Iterator[Box]:
        title = self._title(context, node)
        yield Box(title, (), family="jump", title=title, line=self._line(node))

    def _note_pragma(self, context: Context, node: Node) -> Iterator[Box]:
        box = pragma_box(context, node, self._title(context, node), self._line(node))
        if box is not None:
            yield box

    def _note_calls(self, context: Context, node: Node) -> None:
        """Note the subroutines that an expression calls, as boxes on their qubits."""
        if not context.has_subroutines:
            return
        for call in _find_calls(context, node):
            subroutine: Any = context.symbols.lookup(call.name.name)
            qubits: list[int] = []
            texts: list[str] = []
            for parameter, argument in zip(subroutine.parameters, call.args, strict=True):
                if parameter.type.kind in ("qubit", "qubits"):
                    qubits += islice(resolve_all(context, [argument]), MAX_QUBITS_OF_MARK)
                else:
                    texts.append(node_text(context, argument))
            name = restore_names(subroutine.name)
            title, line = self._title(context, call), self._line(call)
            several = len(qubits) > 1
            parameters = ", ".join(texts)
            self._add(Box(name, tuple(qubits), parameters, (), family="custom", has_ports=several,
                          title=title, line=line))  # fmt: skip


def _find_calls(context: Context, node: Node) -> Iterator[Any]:
    """Yield the calls of subroutines in a node, outside of the statements of its body."""
    for root in _head(node) if type(node) in _SECTIONS else [node]:
        for child in _walk(root):
            if type(child) is nodes.FunctionCall:
                symbol = context.symbols.lookup(child.name.name)
                if isinstance(symbol, Subroutine):
                    yield child


def _walk(node: Node) -> Iterator[Node]:
    pending = [node]
    while pending:
        each = pending.pop()
        yield each
        pending.extend(reversed(each.children()))


def _head(node: Node) -> list[Node]:
    """Return the expressions in the head of a statement with a body."""
    names = ("condition", "iterable", "target")
    return [part for name in names if (part := getattr(node, name, None)) is not None]


def _registers_in(context: Context, node: Node) -> tuple[int, ...]:
    """Return the numbers of the result registers that an expression reads."""
    numbers = {register.name: k for k, register in enumerate(context.result_registers)}
    names = [each.name for each in _walk(node) if type(each) is nodes.Identifier]
    return tuple(dict.fromkeys(numbers[name] for name in names if name in numbers))


def _sections_of_if(context: Context, node: Node) -> Iterator[Section]:
    registers = _registers_in(context, node.condition)
    yield Section(0, f"if {node_text(context, node.condition)}", registers)
    other = node.else_body
    if other is not None:
        is_chain = type(other) is nodes.BranchingStatement
        yield Section(other.span.lo, None if is_chain else "else")


def _sections_of_while(context: Context, node: Node) -> Iterator[Section]:
    registers = _registers_in(context, node.condition)
    yield Section(0, f"while {node_text(context, node.condition)}", registers)


def _sections_of_for(context: Context, node: Node) -> Iterator[Section]:
    head = source_text(context, node.identifier.span.lo, node.body.span.lo).rstrip("{ ")
    yield Section(0, f"for {head}", _registers_in(context, node.iterable))


def _sections_of_box(context: Context, node: Node) -> Iterator[Section]:
    duration = "" if node.duration is None else f" {node_text(context, node.duration)}"
    yield Section(0, f"box{duration}")


def _sections_of_switch(context: Context, node: Node) -> Iterator[Section]:
    head = f"switch {node_text(context, node.target)}: "
    registers = _registers_in(context, node.target)
    for case in node.cases:
        labels = ", ".join(node_text(context, label) for label in case.labels[:8])
        yield Section(case.span.lo, f"{head}case {labels}", registers)
        head, registers = "", ()
    yield Section(node.cases[-1].span.hi, "default")


_DEFINITIONS = (nodes.SubroutineDefinition, nodes.QuantumGateDefinition)

_SECTIONS: dict[type, Callable[[Context, Any], Iterator[Section]]] = {
    nodes.BranchingStatement: _sections_of_if,
    nodes.WhileLoop: _sections_of_while,
    nodes.ForInLoop: _sections_of_for,
    nodes.Box: _sections_of_box,
    nodes.SwitchStatement: _sections_of_switch,
}

_MARKS: dict[type, Callable[[Recorder, Context, Any], Iterator[Box | Meters | Barrier]]] = {
    nodes.QuantumGate: Recorder._note_gate,
    nodes.QuantumPhase: Recorder._note_gate,
    nodes.QuantumMeasurementStatement: Recorder._note_measurement_statement,
    nodes.ClassicalDeclaration: Recorder._note_assignment,
    nodes.ClassicalAssignment: Recorder._note_assignment,
    nodes.CompoundAssignment: Recorder._note_assignment,
    nodes.ExpressionStatement: Recorder._note_expression,
    nodes.QuantumReset: Recorder._note_reset,
    nodes.QuantumBarrier: Recorder._note_barrier,
    nodes.DelayInstruction: Recorder._note_delay,
    nodes.BreakStatement: Recorder._note_jump,
    nodes.ContinueStatement: Recorder._note_jump,
    nodes.EndStatement: Recorder._note_jump,
    nodes.Pragma: Recorder._note_pragma,
}
