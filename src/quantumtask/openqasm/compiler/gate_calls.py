"""Gate calls and gate definitions: names, numbers of operands, modifiers, and what they cost."""

from collections.abc import Callable, Iterable, Sequence
from itertools import repeat
from typing import Any, NamedTuple, cast

from quantumtask.openqasm.compiler.context import Context
from quantumtask.openqasm.compiler.references import Reference
from quantumtask.openqasm.compiler.subroutines import kept, last_call
from quantumtask.openqasm.compiler.type_nodes import constant_whole
from quantumtask.openqasm.gates.expansion import (
    AppliedGate,
    check_finite,
    expand_gate,
    expansion_cost,
    merge_powers,
    simple_operation,
)
from quantumtask.openqasm.gates.library import GPHASE, Argument, Gate, OpaqueGate, StandardGate
from quantumtask.openqasm.gates.roots import MAX_ROOT_QUBITS
from quantumtask.openqasm.parser.parse import Node, nodes
from quantumtask.openqasm.program.execution import Execution, Instruction, QuantumTarget
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.text.source import Diagnostic, Span, shorten
from quantumtask.openqasm.values.casts import to_real
from quantumtask.openqasm.values.expr import Expr, constant_expr
from quantumtask.openqasm.values.types import FLOAT

MOST_MODIFIERS = 100
MOST_CONTROLS = 32


class Modifiers(NamedTuple):
    """`powers`, first applied first (`inv` is -1), and `controls`, first operand first."""

    powers: tuple[Expr | float, ...] = ()
    controls: tuple[bool, ...] = ()


def emit_call(context: Context, node: Any) -> None:
    """A gate call as a statement. Raises Diagnostic."""
    if _is_nop(context, node):
        _named_only(context, node.qubits)
        return
    modifiers = modifiers_of(context, node) if node.modifiers else _PLAIN
    gate, args = gate_of(context, node, len(modifiers.controls))
    operands = check_operands(node, gate, modifiers.controls)
    if gate is GPHASE and not modifiers.controls:
        operands = _named_only(context, operands)
    places = [_fixed(context, operand) for operand in operands]
    values = _arguments(context, args)
    called = GateCall(gate, modifiers, context.settings.max_operations, node.span)
    context.code.emit(_maker(called, places, values)(called, places, values), node.span)


def _is_nop(context: Context, node: Any) -> bool:
    """`nop q;` (spec: Explicit no-operation), which the parser takes for a gate."""
    if type(node) is nodes.QuantumPhase or node.name.name != "nop":
        return False
    return context.scope.find("nop") is None


def _fixed(context: Context, node: Any) -> Any:
    """The number (or numbers) of the qubits that an operand always means, or its Places."""
    span = node.span
    words = context.text[span.lo : span.hi]
    fixed = context.scope.places.get(words)
    if fixed is None:
        places = _qubits(context, node)
        fixed = places.fixed
        if fixed is None:
            return places
        context.scope.places[words] = fixed
    return fixed


def _arguments(context: Context, nodes: Sequence[Node]) -> list[float | Expr]:
    """What the arguments are, each before the subroutines in the ones after it are called."""
    last = last_call(context, nodes)
    values: list[float | Expr] = []
    for place, node in enumerate(nodes):
        value = _value(context, node)
        if isinstance(value, Expr) and place < last:
            value = kept(context, value, value.span)
        values.append(value)
    return values


def _value(context: Context, node: Any) -> float | Expr:
    """The number that an argument always is, or the way to it."""
    if type(node) is nodes.FloatLiteral:
        return check_finite(node.value, node.span)
    span = node.span
    words = context.text[span.lo : span.hi]
    value = context.scope.values.get(words)
    if value is None:
        expr = _argument(context, node)
        if not expr.is_constant:
            return expr
        value = context.scope.values[words] = expr.value
    return value


def _named_only(context: Context, operands: Sequence[Node]) -> list[Node]:
    """Operands that change nothing must exist all the same."""
    for operand in operands:
        _qubits(context, operand)
    return []


def _all_constant(powers: Sequence[Expr | float]) -> bool:
    return all(isinstance(p, float) or p.is_constant for p in powers)


class GateCall(NamedTuple):
    """What is called. `limit`: operations that one statement may come to."""

    gate: Gate
    modifiers: Modifiers
    limit: int
    span: Span

    def powers(self, memory: list[Any]) -> tuple[float, ...]:
        written = self.modifiers.powers
        if not written:
            return ()
        span = self.span
        return merge_powers(
            [
                p if isinstance(p, float) else check_finite(float(p.read(memory)), span)
                for p in written
            ]
        )


def _maker(
    called: GateCall, places: Sequence[Any], values: Sequence[Any]
) -> Callable[..., Instruction]:
    """What makes the instruction for a call."""
    powers, controls = called.modifiers.powers, called.modifiers.controls
    fixed = not any(isinstance(place, Reference) for place in places)
    if fixed and _all_constant(powers) and not any(isinstance(v, Expr) for v in values):
        return _prepared
    one = type(called.gate) is StandardGate and all(isinstance(place, int) for place in places)
    return _with_angles if one and not (powers or controls) else _at_run_time


def _prepared(called: GateCall, places: Sequence[Any], arguments: Sequence[Any]) -> Instruction:
    """The instruction for a call that is always the same."""
    values = tuple(arguments)
    gate, modifiers, limit, span = called
    powers = called.powers([])
    length = _length(called, places)
    cost = _cost(called, powers, length)
    _check_distinct(called, places, length)
    if length == 1 and type(gate) is StandardGate and not (powers or modifiers.controls):
        (row,) = _rows(places, 1)
        known = tuple(expand_gate(AppliedGate(gate, values, row), span))
        return lambda _, quantum: quantum.apply(known)

    kept: list[Operation] = []

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        found = kept or _operations(called, places, values, powers, length)
        if len(found) <= LONGEST_KEPT:
            kept[:] = found
        quantum.apply(found)
        execution.charge_operations(cost, limit, span)

    return run


LONGEST_KEPT = 1000
"""Operations of a statement that are kept, because it may be run again and again."""


def _with_angles(called: GateCall, places: Sequence[Any], arguments: Sequence[Any]) -> Instruction:
    """The instruction for a gate of which only a run tells the angles: most in a sweep are such."""
    gate, _, limit, span = called
    row, cost = tuple(places), _cost(called, (), 1)
    _check_distinct(called, places, 1)
    angles = [a if isinstance(a, Expr) else constant_expr(FLOAT, a, span) for a in arguments]
    reads = [(angle.read, angle.span) for angle in angles]

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        memory = execution.memory
        values = tuple([check_finite(read(memory), at) for read, at in reads])
        quantum.apply((simple_operation(gate, values, row),))  # type: ignore[arg-type]
        execution.charge_operations(cost, limit, span)

    return run


def _at_run_time(
    called: GateCall, operands: Sequence[Any], arguments: Sequence[Any]
) -> Instruction:
    """The instruction for a call whose qubits, arguments or powers only a run tells."""

    def run(execution: Execution, quantum: QuantumTarget) -> None:
        memory = execution.memory
        values = tuple(
            [check_finite(a.read(memory), a.span) if isinstance(a, Expr) else a for a in arguments]
        )
        places = [p.find(memory) if isinstance(p, Reference) else p for p in operands]
        powers = called.powers(memory)
        length = _length(called, places)
        cost = _cost(called, powers, length)
        _check_distinct(called, places, length)
        quantum.apply(_operations(called, places, values, powers, length))
        execution.charge_operations(cost, called.limit, called.span)

    return run


def all_operations(
    called: GateCall, places: Sequence[Any], values: tuple[float, ...]
) -> tuple[list[Operation], float]:
    """What a statement comes to that is always the same, and what it costs. Raises Diagnostic."""
    powers = called.powers([])
    length = _length(called, places)
    cost = _cost(called, powers, length)
    _check_distinct(called, places, length)
    return _operations(called, places, values, powers, length), cost


def _operations(
    called: GateCall,
    places: Sequence[Any],
    values: tuple[float, ...],
    powers: tuple[float, ...],
    length: int,
) -> list[Operation]:
    """What all calls of a statement come to. Raises Diagnostic beyond the limit."""
    gate, (_, controls), limit, span = called
    if type(gate) is StandardGate and not (powers or controls):
        basic, params, _, extra = simple_operation(gate, values, ())
        return [Operation(basic, params, row, extra) for row in _rows(places, length)]
    found: list[Operation] = []
    for row in _rows(places, length):
        for operation in expand_gate(AppliedGate(gate, values, row, powers, controls), span):
            found.append(operation)
            if len(found) > limit:
                raise _too_many(called)
    return found


def _length(called: GateCall, places: Sequence[Any]) -> int:
    """How many calls a statement is: the common length of its registers."""
    lengths = {len(p) for p in places if not isinstance(p, int)}
    if len(lengths) > 1:
        sizes = " and ".join(str(n) for n in sorted(lengths))
        message = f"registers of different sizes in one call: {sizes}"
        raise Diagnostic("size_mismatch", message, called.span)
    return lengths.pop() if lengths else 1


def _rows(places: Sequence[Any], length: int) -> Iterable[tuple[int, ...]]:
    """The qubits of each call; a single qubit stands in all of them."""
    if all(isinstance(p, int) for p in places):
        return [tuple(places)]
    return zip(*[repeat(p, length) if isinstance(p, int) else p for p in places], strict=True)


def _check_distinct(called: GateCall, places: Sequence[Any], length: int) -> None:
    """Raises Diagnostic for a call that is given one qubit twice."""
    if len(places) > 1 and any(len(set(row)) < len(row) for row in _rows(places, length)):
        message = f"`{shorten(called.gate.name)}` is given the same qubit twice"
        raise Diagnostic("duplicate_qubit", message, called.span)


def _cost(called: GateCall, powers: tuple[float, ...], length: int) -> float:
    """Operations that a statement comes to. Raises Diagnostic beyond the limit."""
    gate, controls = called.gate, called.modifiers.controls
    if powers:
        _check_root(gate, powers, controls, called.span)
    cost = expansion_cost(gate, powers, controls) * length
    if cost > called.limit:
        raise _too_many(called)
    return cost


def _too_many(called: GateCall) -> Diagnostic:
    name = shorten(called.gate.name)
    message = f"this call of `{name}` comes to more than {called.limit:,} operations"
    return Diagnostic("too_many_operations", message, called.span)


def _check_root(gate: Gate, powers: Sequence[float], controls: Sequence[bool], span: Span) -> None:
    """Raises Diagnostic for a fraction of a gate that is too large to take a root of."""
    size = gate.num_qubits + len(controls)
    if size > MAX_ROOT_QUBITS and not all(p.is_integer() for p in powers):
        message = f"a fraction of a gate on {size} qubits is not supported"
        hint = f"At most {MAX_ROOT_QUBITS} qubits, with its controls, can be"
        raise Diagnostic("not_supported", message, span, hint)


def gate_of(context: Context, node: Any, controls: int) -> tuple[Gate, list[Node]]:
    """The gate that a call with so many controls names, and its arguments. Raises Diagnostic."""
    if node.duration is not None:
        message = "how long a gate takes is up to the hardware: gates have no duration here"
        raise Diagnostic("not_supported", message, node.span)
    gate = GPHASE if type(node) is nodes.QuantumPhase else _named(context, node, controls)
    if isinstance(gate, OpaqueGate):
        message = f"`{shorten(gate.name)}` is opaque: nothing says what it does"
        raise Diagnostic("not_supported", message, node.span)
    args: list[Node] = node.args
    if len(args) != gate.num_parameters:
        expected = _count(gate.num_parameters, "parameter")
        message = f"`{shorten(gate.name)}` takes {expected}, not {len(args)}"
        raise Diagnostic("wrong_arity", message, node.span)
    return gate, args


def _named(context: Context, node: Any, controls: int) -> Gate:
    qubits = len(node.qubits) - controls
    gate = context.scope.gate(node.name.name, node.name, len(node.args), qubits)
    return gate if context.device is None else context.own(gate, node.name.span)


def check_operands(node: Any, gate: Gate, controls: Sequence[bool]) -> list[Node]:
    """The qubit operands of a call, in the right number. Raises Diagnostic."""
    operands: list[Node] = node.qubits
    if gate is GPHASE and not controls:
        return operands  # it may name qubits: their phase is that of all
    if len(operands) != gate.num_qubits + len(controls):
        given = f", and {_count(len(controls), 'control')}" if controls else ""
        message = (
            f"`{shorten(gate.name)}` takes {_count(gate.num_qubits, 'qubit')}{given}, "
            f"not {len(operands)}"
        )
        raise Diagnostic("wrong_arity", message, node.span)
    return operands


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _argument(context: Context, node: Node) -> Expr:
    value = to_real(context.expression(node))
    if value.is_constant:
        check_finite(value.value, node.span)
    return value


def argument_of_body(context: Context, node: Node) -> Argument:
    """An argument inside a definition, whose parameters are its memory."""
    value = _value(context, node)
    return cast(Argument, value.read if isinstance(value, Expr) else value)


def _qubits(context: Context, node: Node) -> Reference:
    places = context.places(node)
    if not places.is_quantum:
        message = f"`{shorten(places.name)}` is no qubit, and one is needed here"
        raise Diagnostic("wrong_type", message, node.span)
    return places


def modifiers_of(context: Context, node: Any) -> Modifiers:
    """The modifiers of a call. Raises Diagnostic."""
    written = node.modifiers
    if len(written) > MOST_MODIFIERS:
        message = f"this call has more than {MOST_MODIFIERS} modifiers"
        raise Diagnostic("nesting_too_deep", message, node.span)
    powers: list[Expr | float] = []
    controls: list[bool] = []
    for modifier in written:
        kind = modifier.modifier
        if kind == nodes.GateModifierName.INV:
            powers.insert(0, -1.0)
        elif kind == nodes.GateModifierName.POW:
            powers.insert(0, _exponent(context, modifier))
        else:
            count = _controls(context, modifier, MOST_CONTROLS - len(controls))
            controls += [kind == nodes.GateModifierName.CTRL] * count
    return Modifiers(tuple(powers), tuple(controls))


_PLAIN = Modifiers()


def _exponent(context: Context, modifier: Any) -> Expr | float:
    if modifier.argument is None:
        raise Diagnostic("wrong_arity", "`pow` needs an exponent: pow(2) @", modifier.span)
    node = modifier.argument
    value = to_real(context.expression(node))
    return check_finite(value.value, node.span) if value.is_constant else value


def _controls(context: Context, modifier: Any, most: int) -> int:
    count = 1
    if modifier.argument is not None:
        count = constant_whole(context, modifier.argument, "the number of controls")
    if count < 1:
        raise Diagnostic("wrong_type", "the number of controls must be 1 or more", modifier.span)
    if count > most:
        message = f"a gate can have at most {MOST_CONTROLS} controls"
        raise Diagnostic("not_supported", message, modifier.span)
    return count
