"""Statements about time, which pass at once on a simulator: barrier, delay, box, nop."""

from typing import Any

from quantumtask.openqasm.context import Context
from quantumtask.openqasm.places import Places
from quantumtask.openqasm.source import Refusal, Span, shorten
from quantumtask.openqasm.syntax import nodes


def hardware_time(context: Context, node: Any) -> None:
    """A barrier or a delay: nothing happens to an ideal qubit, but all names must exist."""
    duration = getattr(node, "duration", None)
    if duration is not None:
        _check_time(context, duration)
    for operand in node.qubits:
        places = context.places(operand)
        if not places.is_quantum:
            message = f"`{shorten(places.name)}` is no qubit, and one is needed here"
            raise Refusal("wrong_type", message, operand.span)
        _check_found(context, places)


def _check_time(context: Context, node: Any) -> None:
    value = context.expression(node)
    if value.type.kind not in ("duration", "stretch"):
        message = f"a duration is needed here, not a value of type {value.type}"
        raise Refusal("wrong_type", message, node.span, "Write it with a unit: 100ns")
    read = value.read
    context.code.emit(lambda p: _check_positive(read(p.memory), node.span), node.span)


def _check_positive(time: Any, span: Span) -> None:
    if time.ns < 0 or time.dt < 0:
        raise Refusal("wrong_type", "a duration cannot be negative here", span)


def _check_found(context: Context, places: Places) -> None:
    if places.fixed is None:
        find = places.find
        context.code.emit(lambda p: ignored(find(p.memory)), places.span)


def ignored(_: Any) -> None:
    return None


def is_nop(context: Context, node: Any) -> bool:
    """`nop;` (spec: Explicit no-operation), which the parser takes for a name."""
    return type(node) is nodes.Identifier and node.name == "nop" and not context.scope.find("nop")


def box(context: Context, node: Any) -> None:
    if node.duration is not None:
        _check_time(context, node.duration)
    with context.inner():
        context.block(node.body)
