"""Gate definitions: the checked body, and the cost of a call."""

from collections.abc import Iterator, Sequence
from typing import cast

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.gate_calls import (
    check_operand_count,
    compile_body_argument,
    resolve_gate,
)
from quantumtask.openqasm.compiler.gate_modifiers import compile_modifiers
from quantumtask.openqasm.compiler.loops import constant_loop_values
from quantumtask.openqasm.compiler.symbol_table import Constant, Variable
from quantumtask.openqasm.compiler.visibility import describe_definition
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
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.operations import BARRIER, DELAY
from quantumtask.openqasm.text.source import Diagnostic, restore_names, shorten
from quantumtask.openqasm.values.expr import Expr
from quantumtask.openqasm.values.types import FLOAT, QUBIT

_MAX_COST = 10**18


def compile_gate_definition(context: Context, node: nodes.QuantumGateDefinition) -> None:
    """Compile a `gate` definition. Raises Diagnostic."""
    context.require_global(node, "gates")
    name = node.name.name
    if name in context.opaque and not _is_delay(context, node):
        gate: Gate = OpaqueGate(name, len(node.params), len(node.qubits))
        context.symbols.declare(name, gate, node.name)
        return
    if not node.qubits:
        message = f"the gate `{shorten(name)}` acts on no qubit"
        raise Diagnostic("syntax_error", message, node.name.span)
    _check_distinct([*node.params, *node.qubits])
    first_address = context.code.next_address
    body = _compile_body(context, node)
    if context.code.next_address > first_address:
        message = "a gate definition cannot call a subroutine"
        raise Diagnostic("not_unitary", message, node.name.span)
    cost = min(1 + sum(_cost(call) for call in body), _MAX_COST)
    gate = CompositeGate(name, len(node.params), len(node.qubits), int(cost), body)
    context.symbols.declare(name, context.device_gate(gate, node.name.span), node.name)


def _compile_body(context: Context, node: nodes.QuantumGateDefinition) -> tuple[BodyCall, ...]:
    context.symbols.enter_definition(describe_definition(node))
    try:
        for cell, parameter in enumerate(node.params):
            context.symbols.declare(parameter.name, Variable(FLOAT, cell), node)
        for slot, qubit in enumerate(node.qubits):
            context.symbols.declare(qubit.name, Variable(QUBIT, slot), node)
        return tuple(_Body(context, node).calls())
    finally:
        context.symbols.leave()


def _is_delay(context: Context, node: nodes.QuantumGateDefinition) -> bool:
    """Return True for `opaque delay(t) q;`, which Qiskit writes; such a gate does nothing."""
    if (restore_names(node.name.name), len(node.params), len(node.qubits)) != ("delay", 1, 1):
        return False
    message = "`delay` does nothing: in OpenQASM 2 its duration has no unit"
    context.warn("ignored", message, node.name.span)
    return True


def _check_distinct(identifiers: Sequence[nodes.Identifier]) -> None:
    names: set[str] = set()
    for node in identifiers:
        if node.name in names:
            message = f"`{shorten(node.name)}` is declared twice in this gate"
            raise Diagnostic("redeclared_name", message, node.span)
        names.add(node.name)


def _cost(call: BodyCall) -> float:
    powers = [p if isinstance(p, float) else ROOT_COST for p in call.powers]
    return expansion_cost(call.gate, powers, call.controls) + call.argument_cost


class _Body:
    """Compiles the body of a definition, with its loops unrolled.

    A slot is the position of a qubit among the qubits of the definition.
    """

    def __init__(self, context: Context, definition: nodes.QuantumGateDefinition) -> None:
        self._context = context
        self._definition = definition
        self._slots = {qubit.name: slot for slot, qubit in enumerate(definition.qubits)}
        self._limit = self._remaining = context.settings.max_operations

    def calls(self) -> Iterator[BodyCall]:
        """Yield the gate calls. Raises Diagnostic."""
        for node in self._definition.body:
            yield from self._compile_statement(node)

    def _count(self) -> None:
        self._remaining -= 1
        if self._remaining < 0:
            identifier = self._definition.name
            name = shorten(identifier.name)
            message = f"the gate `{name}` has more than {self._limit:,} operations"
            raise Diagnostic("too_many_operations", message, identifier.span)

    def _compile_statement(self, node: Node) -> Iterator[BodyCall]:
        kind = type(node)
        self._count()
        if kind in (nodes.QuantumGate, nodes.QuantumPhase):
            yield self._compile_call(node)
        elif kind in (nodes.QuantumBarrier, nodes.DelayInstruction):
            slots = tuple([self._slot(operand) for operand in node.qubits])
            if self._context.device is not None:
                yield from self._compile_timing(node, slots or tuple(self._slots.values()))
        elif kind is nodes.ForInLoop:
            yield from self._unroll(node)
        elif kind in (nodes.CompoundStatement, nodes.Box):
            for inner in node.statements if kind is nodes.CompoundStatement else node.body:
                yield from self._compile_statement(inner)
        else:
            message = "a gate definition can contain only gates and loops over gates"
            raise Diagnostic("not_unitary", message, node.span)

    def _compile_timing(self, node: Node, slots: tuple[int, ...]) -> Iterator[BodyCall]:
        """Yield a barrier or delays, which only a program for a device keeps."""
        if type(node) is nodes.QuantumBarrier:
            gate = timing_gate(BARRIER, len(slots))
            yield BodyCall(gate, (float(len(slots)),), slots)
            return
        duration = self._context.expression(node.duration)
        if not duration.is_constant or duration.type.kind != "duration":
            message = "a delay in a gate definition for a device needs a constant duration"
            raise Diagnostic("not_supported", message, node.duration.span)
        time = duration.value
        for slot in slots:
            yield BodyCall(timing_gate(DELAY, 1), (time.ns, time.dt), (slot,))

    def _unroll(self, node: nodes.ForInLoop) -> Iterator[BodyCall]:
        context = self._context
        for value in constant_loop_values(context, node):
            self._count()
            with context.block_scope():
                variable = Constant(value.type, value.value)
                context.symbols.declare(node.identifier.name, variable, node.identifier)
                yield from self._compile_statement(node.body)

    def _compile_call(self, node: Node) -> BodyCall:
        context, name = self._context, self._definition.name.name
        calls_itself = type(node) is nodes.QuantumGate and node.name.name == name
        if calls_itself and context.symbols.lookup(name) is None:
            message = f"the gate `{shorten(name)}` calls itself"
            raise Diagnostic("recursive_gate", message, node.name.span)
        modifiers = compile_modifiers(context, node)
        gate, args = resolve_gate(context, node, len(modifiers.controls))
        operands = check_operand_count(node, gate, modifiers.controls)
        slots = tuple(self._slot(operand) for operand in operands)
        if gate is GPHASE and not modifiers.controls:
            slots = ()
        if len(set(slots)) < len(slots):
            message = "this call names the same qubit twice"
            raise Diagnostic("duplicate_qubit", message, node.span)
        values = tuple(compile_body_argument(context, arg) for arg in args)
        powers = tuple(_power(power) for power in modifiers.powers)
        # A long argument that is no constant is evaluated again for each call.
        weight = sum((a.span.hi - a.span.lo) // 50 for a in args)
        return BodyCall(gate, values, slots, powers, modifiers.controls, weight)

    def _slot(self, node: Node) -> int:
        if type(node) is nodes.HardwareQubit:
            message = "a gate definition cannot name a physical qubit"
            hint = "Make it a qubit of the gate, and name the physical one in the call"
            raise Diagnostic("wrong_type", message, node.span, hint)
        if type(node) is not nodes.Identifier:
            message = "the qubits of a gate definition have no index"
            raise Diagnostic("wrong_type", message, node.span)
        name = node.name
        if name in self._slots:
            return self._slots[name]
        if self._context.symbols.lookup(name) is None:
            raise self._context.symbols.undeclared_name(name, node)
        message = f"`{shorten(name)}` is not a qubit of this gate"
        raise Diagnostic("undeclared_name", message, node.span)


def _power(power: Expr | float) -> Argument:
    return power if isinstance(power, float) else cast(Argument, power.read)
