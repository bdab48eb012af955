"""Boxes of a gate call: one for each call of a broadcast."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.references import as_sequence
from quantumtask.openqasm.compiler.type_nodes import constant_integer
from quantumtask.openqasm.drawing.elements import Box
from quantumtask.openqasm.drawing.gates import GateSymbol, find_symbol, modify, with_controls
from quantumtask.openqasm.drawing.numbers import MAX_PARAMETERS
from quantumtask.openqasm.drawing.operands import (
    Operand,
    format_argument,
    node_text,
    resolve_operand,
)
from quantumtask.openqasm.gates.library import GPHASE, Gate
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.text.source import restore_names, shorten

MAX_LABEL = 24
"""Most characters of the name of a gate."""


@dataclass(frozen=True)
class GateBoxes:
    """The boxes of a call.

    Attributes:
        symbol: The symbol of the gate, whose first `controls` act as controls too.
        parameters: The text of the parameters.
        outer_controls: The controls of the modifiers; True for a control on 1.
        operands: The qubits of the operands.
        title: The statement.
        line: The line of the statement.
    """

    symbol: GateSymbol
    parameters: str
    outer_controls: tuple[bool, ...]
    operands: tuple[Operand, ...]
    title: str
    line: int

    @property
    def count(self) -> int:
        """The number of boxes."""
        if not all(operand.is_known for operand in self.operands):
            return 1
        sizes = [len(o.qubits) for o in self.operands if not isinstance(o.qubits, int)]
        return min(sizes, default=1)

    def boxes(self) -> Iterator[Box]:
        """Yield the boxes; a call on qubits that are known only at run time has a single one."""
        if not all(operand.is_known for operand in self.operands):
            yield self._unknown_box()
            return
        for number in range(self.count):
            yield self._box([_element(operand.qubits, number) for operand in self.operands])

    def _unknown_box(self) -> Box:
        qubits = {qubit for operand in self.operands for qubit in as_sequence(operand.qubits)}
        return Box(
            self.title, tuple(sorted(qubits)), family="dynamic", title=self.title, line=self.line
        )

    def _box(self, qubits: list[int]) -> Box:
        own = (True,) * self.symbol.controls
        values = (*self.outer_controls, *own)
        symbol = with_controls(self.symbol._replace(controls=len(values)))
        return Box(
            symbol.label,
            tuple(qubits[len(values) :]),
            self.parameters,
            tuple(zip(qubits, values, strict=False)),
            symbol.symbol,
            symbol.family,
            symbol.has_ports,
            self.title,
            self.line,
        )


def gate_boxes(context: Context, node: Node, title: str, line: int) -> GateBoxes:
    """Return the boxes of a gate call that was compiled. Raises Diagnostic."""
    inner, controls = find_symbol(_find_gate(context, node)), _controls(context, node)
    for modifier in reversed(node.modifiers):
        if modifier.modifier == nodes.GateModifierName.INV:
            inner = modify(inner, True, "")
        elif modifier.modifier == nodes.GateModifierName.POW:
            inner = modify(inner, False, node_text(context, modifier.argument, 8))
    if type(node) is nodes.QuantumPhase:
        controls, inner = _phase_on_controls(controls, inner)
    label = shorten(restore_names(inner.label), MAX_LABEL)
    texts = ", ".join(format_argument(context, each) for each in node.args)
    operands = tuple(resolve_operand(context, each) for each in node.qubits)
    if type(node) is nodes.QuantumPhase and not _controls(context, node):
        operands = ()
    return GateBoxes(
        inner._replace(label=label), shorten(texts, MAX_PARAMETERS), controls, operands, title, line
    )


def _phase_on_controls(
    controls: tuple[bool, ...], symbol: GateSymbol
) -> tuple[tuple[bool, ...], GateSymbol]:
    """Return the controls and the symbol of a controlled phase: the gate P on the last control."""
    if not controls or not controls[-1]:
        return controls[:-1], symbol
    return controls[:-1], symbol._replace(label=symbol.label.replace("gphase", "P"))


def _find_gate(context: Context, node: Any) -> Gate:
    if type(node) is nodes.QuantumPhase:
        return GPHASE
    qubits = len(node.qubits) - len(_controls(context, node))
    return context.symbols.lookup_gate(node.name.name, node.name, len(node.args), qubits)


def _controls(context: Context, node: Any) -> tuple[bool, ...]:
    """Return the controls of the modifiers, in the order of the operands."""
    controls: list[bool] = []
    for modifier in node.modifiers:
        kind, count = modifier.modifier, 1
        if kind in (nodes.GateModifierName.INV, nodes.GateModifierName.POW):
            continue
        if modifier.argument is not None:
            count = constant_integer(context, modifier.argument, "the number of controls")
        controls += [kind == nodes.GateModifierName.CTRL] * count
    return tuple(controls)


def _element(qubits: Any, number: int) -> int:
    return qubits if isinstance(qubits, int) else qubits[number]
