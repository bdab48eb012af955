"""Statements about time, which pass at once on an ideal simulator: barrier, delay, box, nop."""

from collections.abc import Callable
from math import isnan
from typing import Any

from quantumtask.openqasm.compiler.context import MOVES, Context
from quantumtask.openqasm.compiler.references import Reference, as_sequence
from quantumtask.openqasm.gates.hardware import barrier_operation, delay_operation
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.program.execution import Execution, Instruction, QuantumTarget
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten


def hardware_time(context: Context, node: Any) -> None:
    """Compiles a barrier or a delay: all names must exist, and only a device keeps it.

    Without operands, a barrier or a delay acts on all qubits declared so far.
    """
    duration = getattr(node, "duration", None)
    time = None if duration is None else _check_time(context, duration)
    found = []
    for operand in node.qubits:
        places = context.places(operand)
        if not places.is_quantum:
            message = f"`{shorten(places.name)}` is no qubit, and one is needed here"
            raise Diagnostic("wrong_type", message, operand.span)
        _check_found(context, places)
        found.append(places)
    if context.device is not None:
        every = () if found else tuple(range(context.qubits.count))
        most = MOVES * context.settings.max_steps

        def qubits(execution: Execution) -> tuple[int, ...]:
            numbers = [q for each in found for q in as_sequence(each.find(execution.memory))]
            execution.charge_copies(len(numbers) + len(every), most, node.span)
            return (*dict.fromkeys(numbers), *every)

        pause = _barrier(qubits) if time is None else _delay(qubits, time)
        context.code.emit(pause, node.span)


Qubits = Callable[[Execution], tuple[int, ...]]


def _barrier(qubits: Qubits) -> Instruction:
    """The instruction of a barrier that a device keeps."""
    known: dict[tuple[int, ...], Operation] = {}

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        numbers = qubits(execution)
        operation = known.setdefault(numbers, barrier_operation(numbers))
        quantum.apply_timing((operation,))

    return run


def _delay(qubits: Qubits, time: Callable[[list[Any]], Any]) -> Instruction:
    """The instruction of a delay that a device keeps.

    A `stretch` has no length of its own: it fills the idle time of its qubit.
    """

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        duration = time(execution.memory)
        if not isnan(duration.ns):
            operations = [delay_operation(q, duration.ns, duration.dt) for q in qubits(execution)]
            quantum.apply_timing(operations)

    return run


def _check_time(context: Context, node: Any) -> Callable[[list[Any]], Any]:
    value = context.expression(node)
    if value.type.kind not in ("duration", "stretch"):
        message = f"a duration is needed here, not a value of type {value.type}"
        raise Diagnostic("wrong_type", message, node.span, "Write it with a unit: 100ns")
    read = value.read
    context.code.emit(
        lambda execution, _: _check_positive(read(execution.memory), node.span), node.span
    )
    return read


def _check_positive(time: Any, span: Span) -> None:
    if time.ns < 0 or time.dt < 0:
        raise Diagnostic("wrong_type", "a duration cannot be negative here", span)


def _check_found(context: Context, places: Reference) -> None:
    if places.fixed is None:
        find = places.find
        context.code.emit(lambda execution, _: ignored(find(execution.memory)), places.span)


def ignored(_: Any) -> None:
    return None


def is_nop(context: Context, node: Any) -> bool:
    """`nop;` (spec: Explicit no-operation), which the parser takes for a name."""
    return type(node) is nodes.Identifier and node.name == "nop" and not context.scope.find("nop")


def box(context: Context, node: Any) -> None:
    if node.duration is not None:
        if context.device is not None:
            message = "on a device a `box` cannot have a duration"
            raise Diagnostic("not_supported", message, node.duration.span, "Write delays in it")
        _check_time(context, node.duration)
    with context.inner():
        context.block(node.body)
