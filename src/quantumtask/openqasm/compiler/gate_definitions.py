"""Gate definitions: their bodies checked once, and what one call of them comes to."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.control_flow import constant_values
from quantumtask.openqasm.compiler.gate_calls import (
    argument_of_body,
    check_operands,
    gate_of,
    modifiers_of,
)
from quantumtask.openqasm.compiler.symbol_table import Constant, Variable
from quantumtask.openqasm.compiler.visibility import definition
from quantumtask.openqasm.gates.expansion import ROOT_COST, expansion_cost
from quantumtask.openqasm.gates.hardware import timing_gate
from quantumtask.openqasm.gates.library import (
    GPHASE,
    Argument,
    BodyCall,
    CompositeGate,
    Gate,
    OpaqueGate,
)
from quantumtask.openqasm.parser.parse import nodes
from quantumtask.openqasm.program.operations import BARRIER, DELAY
from quantumtask.openqasm.text.source import Diagnostic, restore_names, shorten
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.types import FLOAT, QUBIT

_HIGHEST_COST = 10**18


def define(context: Context, node: Any) -> None:
    """A `gate` statement. Raises Diagnostic."""
    context.only_global(node, "gates")
    name = node.name.name
    if name in context.opaque and not _is_delay(context, node):
        gate: Gate = OpaqueGate(name, len(node.params), len(node.qubits))
        context.scope.declare(name, gate, node.name)
        return
    if not node.qubits:
        raise Diagnostic(
            "syntax_error", f"the gate `{shorten(name)}` acts on no qubit", node.name.span
        )
    params = [p.name for p in node.params]
    qubits = [q.name for q in node.qubits]
    _check_distinct([*node.params, *node.qubits])
    context.scope.enter_definition(definition(node))
    try:
        for cell, param in enumerate(params):
            context.scope.declare(param, Variable(FLOAT, cell), node)
        for slot, qubit in enumerate(qubits):
            context.scope.declare(qubit, Variable(QUBIT, slot), node)
        before = context.code.here
        slots = {q: slot for slot, q in enumerate(qubits)}
        body = tuple(_body(context, _Body(context, node, slots)))
    finally:
        context.scope.leave()
    if context.code.here > before:
        message = "a gate definition cannot call a subroutine"
        raise Diagnostic("not_unitary", message, node.name.span)
    cost = min(1 + sum(_cost(call) for call in body), _HIGHEST_COST)
    gate = CompositeGate(name, len(params), len(qubits), int(cost), body)
    context.scope.declare(name, context.own(gate, node.name.span), node.name)


def _is_delay(context: Context, node: Any) -> bool:
    """Return True for `opaque delay(t) q;`, which Qiskit writes; such a gate does nothing."""
    if (restore_names(node.name.name), len(node.params), len(node.qubits)) != ("delay", 1, 1):
        return False
    message = "`delay` does nothing: in OpenQASM 2 its duration has no unit"
    context.warn("ignored", message, node.name.span)
    return True


def _check_distinct(names: Sequence[Any]) -> None:
    seen: set[str] = set()
    for node in names:
        if node.name in seen:
            message = f"`{shorten(node.name)}` is declared twice in this gate"
            raise Diagnostic("redeclared_name", message, node.span)
        seen.add(node.name)


def _cost(call: BodyCall) -> float:
    powers = [p if isinstance(p, float) else ROOT_COST for p in call.powers]
    return expansion_cost(call.gate, powers, call.controls) + call.argument_cost


class _Body:
    """Counts what a body comes to while it is read: its calls, and the rounds of its loops."""

    def __init__(self, context: Context, definition: Any, slots: dict[str, int]) -> None:
        self.definition = definition
        self.slots = slots
        self.left = self.most = context.settings.max_operations

    def count(self) -> None:
        self.left -= 1
        if self.left < 0:
            name = shorten(self.definition.name.name)
            message = f"the gate `{name}` comes to more than {self.most:,} operations"
            raise Diagnostic("too_many_operations", message, self.definition.name.span)


def _body(context: Context, body: _Body) -> Iterator[BodyCall]:
    for node in body.definition.body:
        yield from _statement(context, node, body)


def _statement(context: Context, node: Any, body: _Body) -> Iterator[BodyCall]:
    kind = type(node)
    body.count()
    if kind in (nodes.QuantumGate, nodes.QuantumPhase):
        yield _call(context, node, body)
    elif kind in (nodes.QuantumBarrier, nodes.DelayInstruction):
        slots = tuple([_slot(context, operand, body.slots) for operand in node.qubits])
        if context.device is not None:
            yield from _pauses(context, node, slots or tuple(body.slots.values()))
    elif kind is nodes.ForInLoop:
        yield from _loop(context, node, body)
    elif kind in (nodes.CompoundStatement, nodes.Box):
        for inner in node.statements if kind is nodes.CompoundStatement else node.body:
            yield from _statement(context, inner, body)
    else:
        message = "only gates, and loops over them, can stand in a gate definition"
        raise Diagnostic("not_unitary", message, node.span)


def _pauses(context: Context, node: Any, slots: tuple[int, ...]) -> Iterator[BodyCall]:
    """A barrier or a delay that a device keeps; without operands, on all qubits of the gate."""
    if type(node) is nodes.QuantumBarrier:
        yield BodyCall(timing_gate(BARRIER, len(slots)), (float(len(slots)),), slots)
        return
    time = context.expression(node.duration)
    if not time.is_constant or time.type.kind != "duration":
        message = "on a device a delay in a gate definition has to be a constant duration"
        raise Diagnostic("not_supported", message, node.duration.span)
    for slot in slots:
        yield BodyCall(timing_gate(DELAY, 1), (time.value.ns, time.value.dt), (slot,))


def _loop(context: Context, node: Any, body: _Body) -> Iterator[BodyCall]:
    for value in constant_values(context, node):
        body.count()
        with context.inner():
            name = node.identifier.name
            context.scope.declare(name, Constant(value.type, value.value), node.identifier)
            yield from _statement(context, node.body, body)


def _call(context: Context, node: Any, body: _Body) -> BodyCall:
    own = body.definition.name.name
    calls_own = type(node) is nodes.QuantumGate and node.name.name == own
    if calls_own and context.scope.find(own) is None:
        message = f"the gate `{shorten(own)}` calls itself"
        raise Diagnostic("recursive_gate", message, node.name.span)
    modifiers = modifiers_of(context, node)
    gate, args = gate_of(context, node, len(modifiers.controls))
    operands = check_operands(node, gate, modifiers.controls)
    used = tuple(_slot(context, operand, body.slots) for operand in operands)
    if gate is GPHASE and not modifiers.controls:
        used = ()
    if len(set(used)) < len(used):
        raise Diagnostic("duplicate_qubit", "the same qubit stands twice in this call", node.span)
    values = tuple(argument_of_body(context, arg) for arg in args)
    powers = tuple(_power(power) for power in modifiers.powers)
    # A long argument that is no number is worked out anew for each call.
    weight = sum((a.span.hi - a.span.lo) // 50 for a in args)
    return BodyCall(gate, values, used, powers, modifiers.controls, weight)


def _power(power: Expr | float) -> Argument:
    return power if isinstance(power, float) else cast(Argument, power.read)


def _slot(context: Context, node: Any, slots: dict[str, int]) -> int:
    if type(node) is nodes.HardwareQubit:
        message = "a physical qubit cannot stand in a gate definition"
        hint = "Make it a qubit of the gate, and name the physical one in the call"
        raise Diagnostic("wrong_type", message, node.span, hint)
    if type(node) is not nodes.Identifier:
        raise Diagnostic("wrong_type", "the qubits of a gate definition have no index", node.span)
    name = node.name
    if name in slots:
        return slots[name]
    if context.scope.find(name) is None:
        raise context.scope.undeclared(name, node)
    message = f"`{shorten(name)}` is not a qubit of this gate"
    raise Diagnostic("undeclared_name", message, node.span)
