"""Measurements and resets."""

from collections.abc import Sequence

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.load_store import load, stored_type
from quantumtask.openqasm.compiler.references import (
    Reference,
    as_sequence,
    join_references,
    require_qubits,
    static_reference,
)
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import Execution, Instruction, QuantumTarget
from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.casts import convert
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.types import BIT, Type


def compile_measurement(
    context: Context, operands: Sequence[Node], target: Reference | None, span: Span
) -> None:
    """Compile a measurement into bits, or into a value that is stored. Raises Diagnostic.

    Args:
        context: The compilation.
        operands: The nodes of the qubits.
        target: The reference to assign to; None discards the outcomes.
        span: The statement.
    """
    source = measurement_operand(context, operands, span)
    if target is None:
        context.code.emit(_measure(source, None, span), span)
        return
    to = stored_type(target)
    _check_sizes(source, to, span)
    if target.bits is not None or to.kind not in ("bit", "bits"):
        context.store(target, convert(measure_to_temp(context, source, span), to), span)
        return
    context.code.emit(_measure(source, target, span), span)


def _check_sizes(source: Reference, to: Type, span: Span) -> None:
    """Check that there are as many qubits as bits; a register of size 1 fits a single bit."""
    if to.kind not in ("bit", "bits"):
        return
    qubits = 1 if source.type.kind == "qubit" else source.type.size
    bits = 1 if to.kind == "bit" else to.size
    if None not in (qubits, bits) and qubits != bits:
        raise Diagnostic("size_mismatch", f"{qubits} qubits are measured into {bits} bits", span)


def measurement_operand(context: Context, operands: Sequence[Node], span: Span) -> Reference:
    """Resolve the qubits of a measurement or a reset. Raises Diagnostic for a repeated qubit."""
    parts = [context.reference(operand) for operand in operands]
    parts = [require_qubits(part, part.span) for part in parts]
    source = parts[0] if len(parts) == 1 else join_references(parts, span)
    if source.static is not None:
        _check_distinct(as_sequence(source.static), span)
    return source


def _check_distinct(locations: Sequence[int], span: Span) -> None:
    if len(set(locations)) < len(locations):
        message = "the same qubit or bit occurs twice in this measurement"
        raise Diagnostic("duplicate_qubit", message, span)


def _measure(source: Reference, target: Reference | None, span: Span) -> Instruction:
    """Return the instruction that measures qubits into bits."""
    resolve_qubits, resolve_bits = source.resolve, None if target is None else target.resolve
    if source.static is not None and target is not None and target.static is not None:
        qubits, cells = as_sequence(source.static), as_sequence(target.static)
        _check_distinct(cells, target.span)
        return _measure_static(qubits, cells)

    def measure(execution: Execution, quantum: QuantumTarget) -> None:
        qubits = as_sequence(resolve_qubits(execution.memory))
        cells = None if resolve_bits is None else as_sequence(resolve_bits(execution.memory))
        if cells is not None and len(cells) != len(qubits):
            message = f"{len(qubits)} qubits are measured into {len(cells)} bits"
            raise Diagnostic("size_mismatch", message, span)
        outcomes = [quantum.measure(qubit) for qubit in qubits]
        for cell, outcome in zip(cells or (), outcomes, strict=False):
            execution.memory[cell] = outcome

    return measure


def _measure_static(qubits: Sequence[int], cells: Sequence[int]) -> Instruction:
    def measure(execution: Execution, quantum: QuantumTarget) -> None:
        memory = execution.memory
        for qubit, cell in zip(qubits, cells, strict=True):
            memory[cell] = quantum.measure(qubit)

    return measure


def measure_to_temp(context: Context, source: Reference, span: Span) -> Expr:
    """Emit a measurement into temporary cells, and return the expression that reads them.

    Raises:
        Diagnostic: The number of qubits is not known at compile time.
    """
    size = source.type.size
    if source.type.kind == "qubit":
        to = BIT
    elif size is None:
        message = "the number of qubits measured here must be known at compile time"
        raise Diagnostic("not_supported", message, span)
    else:
        to = Type("bits", size)
    temp = static_reference(to, span, context.code.allocate(to, span))
    context.code.emit(_measure(source, temp, span), span)
    return load(temp)


def compile_reset(context: Context, node: nodes.QuantumReset) -> None:
    """Compile `reset q;`. Raises Diagnostic."""
    for operand in node.qubits:
        reference = measurement_operand(context, [operand], node.span)
        context.code.emit(_reset(reference), node.span)


def _reset(reference: Reference) -> Instruction:
    resolve = reference.resolve

    def reset(execution: Execution, quantum: QuantumTarget) -> None:
        quantum.reset(as_sequence(resolve(execution.memory)))

    return reset
