"""Gate calls and gate definitions: names, numbers of operands, modifiers, and what they cost."""

import math
from collections.abc import Sequence
from typing import Any

from quantumtask.openqasm.constants import FUNCTIONS, evaluate, evaluate_float, evaluate_int
from quantumtask.openqasm.gates import GPHASE, BodyCall, Defined, Gate
from quantumtask.openqasm.scope import Scope
from quantumtask.openqasm.source import Refusal, shorten
from quantumtask.openqasm.syntax import Node, nodes

MOST_MODIFIERS = 100
MOST_CONTROLS = 32
MOST_QUBITS_OF_A_ROOT = 6
COST_OF_A_ROOT = 300.0
"""Operations that a root is worth: its matrix is taken apart."""

Modifiers = tuple[tuple[float, ...], tuple[bool, ...]]


def gate_of(node: Any, scope: Scope) -> tuple[Gate, list[Node]]:
    """The gate that a call names, and its arguments. Raises Refusal."""
    if node.duration is not None:
        raise Refusal("not_supported", "gates with a duration are not supported", node.span)
    gate = GPHASE if type(node) is nodes.QuantumPhase else scope.gate(node.name.name, node.name)
    args = node.args
    if len(args) != gate.parameters:
        raise Refusal(
            "wrong_arity",
            f"`{shorten(gate.name)}` takes {_count(gate.parameters, 'parameter')}, not {len(args)}",
            node.span,
        )
    return gate, args


def check_operands(node: Any, gate: Gate, controls: Sequence[bool]) -> list[Node]:
    """The qubit operands of a call, in the right number. Raises Refusal."""
    operands: list[Node] = node.qubits
    needed = gate.qubits + len(controls)
    if len(operands) != needed:
        given = f", and {_count(len(controls), 'control')}" if controls else ""
        message = (
            f"`{shorten(gate.name)}` takes {_count(gate.qubits, 'qubit')}{given}, "
            f"not {len(operands)}"
        )
        raise Refusal("wrong_arity", message, node.span)
    return operands


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def modifiers_of(node: Any, scope: Scope) -> Modifiers:
    """The powers (first applied first; `inv` is -1) and the controls (first operand first)."""
    written = node.modifiers
    if not written:
        return (), ()
    if len(written) > MOST_MODIFIERS:
        message = f"this call has more than {MOST_MODIFIERS} modifiers"
        raise Refusal("nesting_too_deep", message, node.span)
    powers: list[float] = []
    controls: list[bool] = []
    for modifier in written:
        kind = modifier.modifier
        if kind == nodes.GateModifierName.INV:
            powers.insert(0, -1)
        elif kind == nodes.GateModifierName.POW:
            powers.insert(0, _exponent(modifier, scope))
        else:
            count = _controls(modifier, scope, MOST_CONTROLS - len(controls))
            controls += [kind == nodes.GateModifierName.CTRL] * count
    return _merged(powers), tuple(controls)


def _exponent(modifier: Any, scope: Scope) -> float:
    if modifier.argument is None:
        raise Refusal("wrong_arity", "`pow` needs an exponent: pow(2) @", modifier.span)
    node = modifier.argument
    while type(node) is nodes.ParenExpression:
        node = node.operand
    # The specification itself defines sx as `pow(1/2) @ x`, so this is no whole-number division.
    if type(node) is nodes.BinaryExpression and node.op == nodes.BinaryOperator.DIV:
        divisor = evaluate_float(node.rhs, scope.lookup)
        if divisor:
            return evaluate_float(node.lhs, scope.lookup) / divisor
    return evaluate_float(node, scope.lookup)


def _controls(modifier: Any, scope: Scope, most: int) -> int:
    count = 1 if modifier.argument is None else evaluate_int(modifier.argument, scope.lookup)
    if count < 1:
        raise Refusal("wrong_type", "the number of controls must be 1 or more", modifier.span)
    if count > most:
        message = f"a gate can have at most {MOST_CONTROLS} controls"
        raise Refusal("not_supported", message, modifier.span)
    return count


def _merged(powers: list[float]) -> tuple[float, ...]:
    """Whole powers in a row are one power: their product."""
    merged: list[float] = []
    for power in powers:
        if merged and merged[-1].is_integer() and float(power).is_integer():
            merged[-1] *= power
        else:
            merged.append(float(power))
    return tuple(p for p in merged if p != 1)


def cost_of(gate: Gate, powers: Sequence[float], controls: Sequence[bool]) -> float:
    """Operations that one call comes to; infinite where a power is beyond counting."""
    times = math.prod(max(1.0, abs(p)) if p.is_integer() else COST_OF_A_ROOT for p in powers)
    if len(controls) > 2:
        times *= 4 * len(controls) ** 2
    return gate.cost * times


def check_root(node: Any, gate: Gate, modifiers: Modifiers) -> None:
    """Raises Refusal for a fraction of a gate that is too large to take a root of."""
    powers, controls = modifiers
    size = gate.qubits + len(controls)
    if size > MOST_QUBITS_OF_A_ROOT and not all(p.is_integer() for p in powers):
        message = f"a fraction of a gate on {size} qubits is not supported"
        hint = f"At most {MOST_QUBITS_OF_A_ROOT} qubits, with its controls, can be"
        raise Refusal("not_supported", message, node.span, hint)


def define(node: Any, scope: Scope) -> Defined:
    """The gate that a definition describes, with its body checked once. Raises Refusal."""
    params = [_parameter_name(p) for p in node.params]
    qubits = [_parameter_name(q) for q in node.qubits]
    _check_distinct(params + qubits, [*node.params, *node.qubits])
    slots = {name: slot for slot, name in enumerate(qubits)}
    body = [
        call for statement in node.body for call in _body(statement, node, scope, params, slots)
    ]
    cost = 1 + sum(cost_of(c.gate, c.powers, c.controls) + _weight(c.args) for c in body)
    return Defined(
        node.name.name, len(params), len(qubits), min(int(min(cost, 1e18)), 10**18),
        tuple(params), tuple(body), scope.lookup,
    )  # fmt: skip


def _weight(args: Sequence[float | Node]) -> int:
    """Long arguments cost more: they are evaluated anew for each call of the definition."""
    return sum((a.span.hi - a.span.lo) // 50 for a in args if not isinstance(a, float))


def _parameter_name(node: Any) -> str:
    name: str = node.name
    return name


def _check_distinct(names: list[str], where: list[Node]) -> None:
    seen: set[str] = set()
    for name, node in zip(names, where, strict=True):
        if name in seen:
            message = f"`{shorten(name)}` is declared twice in this gate"
            raise Refusal("redeclared_name", message, node.span)
        seen.add(name)


def _body(
    node: Any, definition: Any, scope: Scope, params: list[str], slots: dict[str, int]
) -> list[BodyCall]:
    kind = type(node)
    if kind in (nodes.QuantumGate, nodes.QuantumPhase):
        return [_body_call(node, definition, scope, params, slots)]
    if kind is nodes.QuantumBarrier:
        for operand in node.qubits:
            _slot(operand, slots)
        return []
    message = "only gates can stand in a gate definition"
    raise Refusal("not_unitary", message, node.span)


def _body_call(
    node: Any, definition: Any, scope: Scope, params: list[str], slots: dict[str, int]
) -> BodyCall:
    own = definition.name.name
    if type(node) is nodes.QuantumGate and node.name.name == own and scope.find(own) is None:
        raise Refusal("recursive_gate", f"the gate `{shorten(own)}` calls itself", node.name.span)
    gate, args = gate_of(node, scope)
    powers, controls = modifiers_of(node, scope)
    check_root(node, gate, (powers, controls))
    used = tuple(_slot(operand, slots) for operand in check_operands(node, gate, controls))
    if len(set(used)) < len(used):
        raise Refusal("duplicate_qubit", "the same qubit stands twice in this call", node.span)
    values = tuple(_argument(arg, scope, params) for arg in args)
    return BodyCall(gate, values, used, powers, controls)


def _slot(node: Any, slots: dict[str, int]) -> int:
    if type(node) is not nodes.Identifier:
        raise Refusal("wrong_type", "the qubits of a gate definition have no index", node.span)
    if node.name not in slots:
        message = f"`{shorten(node.name)}` is not a qubit of this gate"
        raise Refusal("undeclared_name", message, node.span)
    return slots[node.name]


def _argument(node: Node, scope: Scope, params: list[str]) -> float | Node:
    """A number where it is one already; otherwise the expression, with its names checked."""
    names = _names(node)
    if params and any(type(n) is nodes.Identifier and n.name in params for n in names):
        for name in names:
            _check_name(name, scope, params)
        return node
    return evaluate_float(node, scope.lookup)


def _names(node: Node) -> list[Any]:
    """Every name and every function call in an expression."""
    found, pending = [], [node]
    while pending:
        current: Any = pending.pop()
        if type(current) in (nodes.Identifier, nodes.FunctionCall):
            found.append(current)
        if type(current) is nodes.FunctionCall:
            pending.extend(current.args)
        else:
            pending.extend(current.children())
    return found


def _check_name(node: Any, scope: Scope, params: list[str]) -> None:
    if type(node) is nodes.FunctionCall:
        if node.name.name not in FUNCTIONS:
            evaluate(node, scope.lookup)
    elif node.name not in params:
        evaluate(node, scope.lookup)
