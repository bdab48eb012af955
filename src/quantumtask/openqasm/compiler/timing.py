"""Timing statements: barrier, delay, box and nop, which change no ideal qubit."""

from collections.abc import Callable
from math import isnan
from typing import Any

from quantumtask.openqasm.compiler.context import COPIES_PER_STEP, Context
from quantumtask.openqasm.compiler.references import Reference, as_sequence
from quantumtask.openqasm.gates.hardware import barrier_operation, delay_operation
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import Execution, Instruction, QuantumTarget
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.text.source import Diagnostic, Span
from quantumtask.openqasm.values.expr import ReadValue
from quantumtask.openqasm.values.types import Duration


def compile_timing(context: Context, node: nodes.QuantumBarrier | nodes.DelayInstruction) -> None:
    """Compile a barrier or a delay, which only a program for a device keeps.

    Without operands, a barrier or a delay acts on all qubits declared so far.

    Raises:
        Diagnostic: An operand is not a qubit, or the duration has another type.
    """
    duration = getattr(node, "duration", None)
    read_duration = None if duration is None else _compile_duration(context, duration)
    operands = []
    for operand in node.qubits:
        reference = context.qubit_reference(operand)
        _emit_index_check(context, reference)
        operands.append(reference)
    if context.device is None:
        return
    all_qubits = () if operands else tuple(range(context.qubits.count))
    limit = COPIES_PER_STEP * context.settings.max_steps

    def read_qubits(execution: Execution) -> tuple[int, ...]:
        memory = execution.memory
        qubits = [q for operand in operands for q in as_sequence(operand.resolve(memory))]
        execution.charge_copies(len(qubits) + len(all_qubits), limit, node.span)
        return (*dict.fromkeys(qubits), *all_qubits)

    if read_duration is None:
        context.code.emit(_barrier(read_qubits), node.span)
    else:
        context.code.emit(_delay(read_qubits, read_duration), node.span)


ReadQubits = Callable[[Execution], tuple[int, ...]]


def _barrier(read_qubits: ReadQubits) -> Instruction:
    operations: dict[tuple[int, ...], Operation] = {}

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        qubits = read_qubits(execution)
        quantum.apply_timing((operations.setdefault(qubits, barrier_operation(qubits)),))

    return run


def _delay(read_qubits: ReadQubits, read_duration: ReadValue) -> Instruction:
    """Return the instruction of a delay; a `stretch` has no duration of its own and is dropped."""

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        duration = read_duration(execution.memory)
        if not isnan(duration.ns):
            quantum.apply_timing(
                [delay_operation(q, duration.ns, duration.dt) for q in read_qubits(execution)]
            )

    return run


def _compile_duration(context: Context, node: Node) -> ReadValue:
    value = context.expression(node)
    if value.type.kind not in ("duration", "stretch"):
        message = f"a duration is needed here; got a value of type {value.type}"
        raise Diagnostic("wrong_type", message, node.span, "Write it with a unit: 100ns")
    read = value.read
    context.code.emit(
        lambda execution, _: _check_positive(read(execution.memory), node.span), node.span
    )
    return read


def _check_positive(duration: Duration, span: Span) -> None:
    if duration.ns < 0 or duration.dt < 0:
        raise Diagnostic("wrong_type", "a duration cannot be negative here", span)


def _emit_index_check(context: Context, reference: Reference) -> None:
    """Emit an instruction that fails for an index out of range."""
    if reference.static is None:
        resolve = reference.resolve
        context.code.emit(lambda execution, _: discard(resolve(execution.memory)), reference.span)


def discard(_: Any) -> None:
    """Do nothing: the value was computed only for its errors."""


def is_nop_name(context: Context, node: Node) -> bool:
    """Return True for `nop;` (spec: Explicit no-operation), which the parser reads as a name."""
    is_nop = type(node) is nodes.Identifier and node.name == "nop"
    return is_nop and not context.symbols.lookup("nop")


def compile_box(context: Context, node: nodes.Box) -> None:
    """Compile a box, whose statements are compiled as a block. Raises Diagnostic."""
    if node.duration is not None:
        if context.device is not None:
            message = "a `box` for a device cannot have a duration"
            raise Diagnostic("not_supported", message, node.duration.span, "Write delays in it")
        _compile_duration(context, node.duration)
    with context.block_scope():
        context.block(node.body)
