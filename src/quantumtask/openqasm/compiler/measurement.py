"""Measurements and resets."""

from collections.abc import Sequence
from typing import Any

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.references import (
    Reference,
    as_sequence,
    joined,
    target_type,
    value_of,
)
from quantumtask.openqasm.program.execution import Execution, Instruction, QuantumTarget
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.casts import convert
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.types import BIT, Type


def measure(context: Context, operands: Any, target: Reference | None, node: Any) -> None:
    """Measures qubits into bits (or into nothing)."""
    source = operand_of(context, operands, node)
    if target is None:
        context.code.emit(_measurement(source, None), node.span)
        return
    to = target_type(target)
    _check_sizes(source, to, node)
    if target.bits is not None or to.kind not in ("bit", "bits"):
        value = convert(measured(context, source, node), to)
        context.store(target, value, node.span)
        return
    context.code.emit(_measurement(source, target, node.span), node.span)


def _check_sizes(source: Reference, to: Type, node: Any) -> None:
    """As many qubits as bits; a register of one may stand for a single one."""
    if to.kind not in ("bit", "bits"):
        return
    qubits = 1 if source.type.kind == "qubit" else source.type.size
    bits = 1 if to.kind == "bit" else to.size
    if None not in (qubits, bits) and qubits != bits:
        raise _mismatch(source, to, node)


def _mismatch(source: Reference, to: Type, node: Any) -> Diagnostic:
    qubits = 1 if source.type.kind == "qubit" else source.type.size
    bits = to.size if to.kind == "bits" else 1
    message = f"{qubits} qubits are measured into {bits} bits"
    return Diagnostic("size_mismatch", message, node.span)


def operand_of(context: Context, operands: Any, node: Any) -> Reference:
    parts = [context.places(operand) for operand in operands]
    for part in parts:
        if not part.is_quantum:
            message = f"`{shorten(part.name)}` is no qubit, and one is needed here"
            raise Diagnostic("wrong_type", message, part.span)
    source = parts[0] if len(parts) == 1 else joined(parts, node.span)
    if source.fixed is not None:
        places = as_sequence(source.fixed)
        if len(set(places)) < len(places):
            message = "the same qubit or bit stands twice in this measurement"
            raise Diagnostic("duplicate_qubit", message, node.span)
    return source


def _measurement(
    source: Reference, target: Reference | None, span: Span | None = None
) -> Instruction:
    qubits, bits = source.find, None if target is None else target.find
    if source.fixed is not None and target is not None and target.fixed is not None:
        places, cells = as_sequence(source.fixed), as_sequence(target.fixed)
        if len(set(cells)) < len(cells):
            message = "the same qubit or bit stands twice in this measurement"
            raise Diagnostic("duplicate_qubit", message, target.span)
        return _fixed_measurement(places, cells)

    def measure(execution: Execution, quantum: QuantumTarget) -> None:
        numbers = as_sequence(qubits(execution.memory))
        cells = None if bits is None else as_sequence(bits(execution.memory))
        if cells is not None and len(cells) != len(numbers):
            message = f"{len(numbers)} qubits are measured into {len(cells)} bits"
            raise Diagnostic("size_mismatch", message, span or source.span)
        outcomes = [quantum.measure(q) for q in numbers]
        for cell, outcome in zip(cells or (), outcomes, strict=False):
            execution.memory[cell] = outcome

    return measure


def _fixed_measurement(places: Sequence[int], cells: Sequence[int]) -> Instruction:
    def measure(execution: Execution, quantum: QuantumTarget) -> None:
        memory = execution.memory
        for qubit, cell in zip(places, cells, strict=True):
            memory[cell] = quantum.measure(qubit)

    return measure


def measured(context: Context, source: Reference, node: Any) -> Expr:
    """The outcomes of a measurement as a value."""
    size = source.type.size
    if source.type.kind == "qubit":
        to = BIT
    elif size is None:
        message = "how many qubits are measured here is not known before"
        raise Diagnostic("not_supported", message, node.span)
    else:
        to = Type("bits", size)
    places = context.code.reserve(to, node.span)
    kept = Reference(to, node.span, "", places, lambda _: places)
    context.code.emit(_measurement(source, kept, node.span), node.span)
    return value_of(kept)


def reset(context: Context, node: Any) -> None:
    for operand in node.qubits:
        places = operand_of(context, [operand], node)
        context.code.emit(_resetting(places), node.span)


def _resetting(places: Reference) -> Instruction:
    find = places.find

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        quantum.reset(as_sequence(find(execution.memory)))

    return run
