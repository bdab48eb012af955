"""The checker: walks a parsed program once and resolves it into steps, or tells what is wrong.

Every problem is collected; what a program comes to is counted before it is expanded.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from quantumtask.openqasm import calls, conditions, declarations
from quantumtask.openqasm.constants import evaluate, evaluate_float
from quantumtask.openqasm.declarations import Declarations
from quantumtask.openqasm.operands import Operands
from quantumtask.openqasm.scope import AlreadyReported, Scope, Wires
from quantumtask.openqasm.source import MOST_PROBLEMS, Refusal, Source, shorten
from quantumtask.openqasm.steps import (
    Bit,
    Branch,
    Call,
    Leave,
    Loop,
    Measure,
    Plan,
    Reset,
    Step,
    Store,
)  # fmt: skip
from quantumtask.openqasm.syntax import Node, nodes
from quantumtask.shared.settings import Settings


def check(statements: Sequence[Node], source: Source, settings: Settings) -> Plan:
    """The steps of a program. Raises CircuitError with all its problems (the first twenty)."""
    checker = _Checker(settings)
    with suppress(_Enough):
        checker.block(statements)
    if checker.refusals:
        raise source.error(*checker.refusals.values())
    checker.plan.steps = checker.steps
    return checker.plan


class _Enough(Exception):
    """Enough problems, or too many operations: the rest of the program is not looked at."""


class _Checker:
    def __init__(self, settings: Settings) -> None:
        self.plan = Plan()
        self.scope = Scope()
        self.operands = Operands(self.scope, self.plan, settings.max_qubits)
        self.declare = Declarations(self.scope, self.operands, self.plan, settings.max_bits)
        self.most = settings.max_operations
        self.spent = 0.0
        self.steps: list[Step] = []
        self.loops: list[type] = []
        self.refusals: dict[tuple[str, int], Refusal] = {}

    def block(self, statements: Sequence[Node]) -> None:
        for statement in statements:
            self.statement(statement)

    def statement(self, node: Any) -> None:
        handler = _HANDLERS.get(type(node))
        try:
            if handler is None:
                raise declarations.unsupported(node)
            handler(self, node)
        except AlreadyReported:
            self._give_up(node)
        except Refusal as refusal:
            self._give_up(node)
            self.refusals.setdefault((refusal.code, refusal.span.lo), refusal)
            if len(self.refusals) >= MOST_PROBLEMS or refusal.code == "too_many_operations":
                raise _Enough from None

    def _give_up(self, node: Node) -> None:
        if name := declarations.declared_name(node):
            self.scope.mark_broken(name)

    def spend(self, operations: float, node: Node, what: str) -> None:
        """Counts operations before they are made. Raises Refusal beyond the limit."""
        self.spent += operations
        if self.spent > self.most:
            limit = f"{self.most:,} operations"
            message = f"this {shorten(what)} brings the circuit to more than {limit}"
            raise Refusal("too_many_operations", message, node.span)

    def _spend_flow(self, node: Node, what: str) -> None:
        """A block spans all qubits and bits, so it takes more room the more there are."""
        self.spend(1 + (self.operands.qubits + self.declare.bit_count) // 10, node, what)

    # Gates

    def call(self, node: Any) -> None:
        gate, args = calls.gate_of(node, self.scope)
        powers, controls = calls.modifiers_of(node, self.scope) if node.modifiers else ((), ())
        if powers:
            calls.check_root(node, gate, (powers, controls))
        operands = calls.check_operands(node, gate, controls)
        params = tuple([evaluate_float(arg, self.scope.lookup) for arg in args])
        wires = [self.operands.resolve(operand, "qubit") for operand in operands]
        length = _broadcast_length(wires, node)
        cost = calls.cost_of(gate, powers, controls) if powers or controls else gate.cost
        self.spend(cost * length, node, f"call of `{gate.name}`")
        for qubits in _rows(wires, length):
            if len(qubits) > 1 and len(set(qubits)) < len(qubits):
                message = f"`{shorten(gate.name)}` is given the same qubit twice"
                raise Refusal("duplicate_qubit", message, node.span)
            self.steps.append(Call(gate, params, qubits, powers, controls))

    def define_gate(self, node: Any) -> None:
        self.declare.only_global(node, "gates")
        self.scope.declare(node.name.name, calls.define(node, self.scope), node.name)

    # Measurements and bits

    def measure_statement(self, node: Any) -> None:
        target = None if node.target is None else self.operands.resolve(node.target, "bit")
        self.measure(self._measured(node), target, node)

    def measure(self, qubits: Wires, target: Wires | None, node: Node) -> None:
        count = len(qubits.indices)
        if target is not None and len(target.indices) != count:
            message = f"{count} qubits are measured into {len(target.indices)} bits"
            raise Refusal("size_mismatch", message, node.span)
        self.spend(count, node, "measurement")
        bits: Sequence[int | None] = [None] * count if target is None else target.indices
        if len(set(qubits.indices)) < count or (target and len(set(bits)) < count):
            message = "the same qubit or bit stands twice in this measurement"
            raise Refusal("duplicate_qubit", message, node.span)
        self.steps.extend(map(Measure, qubits.indices, bits))

    def _measured(self, node: Any) -> Wires:
        if len(node.qubits) == 1:
            return self.operands.resolve(node.qubits[0], "qubit")
        return self.operands.joined(node.qubits, "qubit")

    def bits(self, node: Any) -> None:
        """A declaration of bits, or of a classical variable, which is refused."""
        wires = self.declare.bits(node)
        if node.init_expr is not None:
            self.give(wires, node.init_expr, node)

    def assign(self, node: Any) -> None:
        self.give(self.operands.resolve(node.lhs, "bit"), node.rhs, node)

    def give(self, target: Wires, value: Any, node: Node) -> None:
        """Assigns a measurement, a bit string, bits or a condition to bits."""
        if type(value) is nodes.QuantumMeasurement:
            self.measure(self._measured(value), target, node)
            return
        values = conditions.bits_for(value, target, self.operands)
        read = {v.number for v in values if isinstance(v, Bit)}
        if len(values) > 1 and read & set(target.indices):
            message = "assigning overlapping bits to each other is not supported"
            raise Refusal("not_supported", message, node.span)
        self.spend(len(values), node, "assignment")
        self.steps.extend(map(Store, target.indices, values))

    def reset(self, node: Any) -> None:
        for operand in node.qubits:
            wires = self.operands.resolve(operand, "qubit")
            self.spend(len(wires.indices), node, "reset")
            self.steps.extend(map(Reset, wires.indices))

    def delay(self, node: Any) -> None:
        duration = node.duration
        if type(duration) is nodes.Identifier and self.scope.lookup(duration.name) is None:
            message = f"`{shorten(duration.name)}` is not declared"
            raise Refusal("undeclared_name", message, duration.span)
        self.only_operands(node)

    def only_operands(self, node: Any) -> None:
        """A barrier or a delay: nothing happens to an ideal qubit, but its names must exist."""
        for operand in node.qubits:
            self.operands.resolve(operand, "qubit")

    # Control flow

    def branch(self, node: Any) -> None:
        condition = conditions.condition(node.condition, self.operands)
        if isinstance(condition, bool):
            taken = node.if_body if condition else node.else_body
            if taken is not None:
                self._scoped(taken)
            return
        then = self._apart(node.if_body)
        otherwise = [] if node.else_body is None else self._apart(node.else_body)
        self._spend_flow(node, "`if`")
        self.steps.append(Branch(condition, then, otherwise))

    def while_loop(self, node: Any) -> None:
        condition = conditions.condition(node.condition, self.operands)
        if condition is False:
            return
        self.loops.append(Loop)
        body = self._apart(node.body)
        self.loops.pop()
        self._spend_flow(node, "`while`")
        self.steps.append(Loop(condition, body))

    def for_loop(self, node: Any) -> None:
        values = declarations.loop_values(node, self.scope)
        self.spend(len(values), node, f"`for` of {len(values):,} steps")
        self.loops.append(nodes.ForInLoop)
        known = len(self.refusals)
        for value in values:
            before = self.spent
            self.scope.levels.append({node.identifier.name: value})
            self._scoped(node.body)
            self.scope.levels.pop()
            if len(self.refusals) > known:
                break
            if (self.spent - before) * len(values) > 20 * self.most:
                self.spend(self.most, node, f"`for` of {len(values):,} steps")
        self.loops.pop()

    def leave(self, node: Any) -> None:
        word = "break" if type(node) is nodes.BreakStatement else "continue"
        if not self.loops:
            raise Refusal("misplaced", f"`{word}` stands outside of a loop", node.span)
        if self.loops[-1] is not Loop:
            message = f"`{word}` in a `for` loop is not supported"
            raise Refusal("not_supported", message, node.span)
        self.steps.append(Leave(word == "continue"))

    def compound(self, node: Any) -> None:
        self._scoped(node)

    def box(self, node: Any) -> None:
        if node.duration is not None:
            raise Refusal("not_supported", "a box with a duration is not supported", node.span)
        self.scope.levels.append({})
        self.block(node.body)
        self.scope.levels.pop()

    def _scoped(self, body: Any) -> None:
        self.scope.levels.append({})
        self.block(body.statements if type(body) is nodes.CompoundStatement else [body])
        self.scope.levels.pop()

    def _apart(self, body: Any) -> list[Step]:
        """The steps of a block that may or may not be run."""
        outer, self.steps = self.steps, []
        self._scoped(body)
        inner, self.steps = self.steps, outer
        return inner

    # Everything else

    def include(self, node: Any) -> None:
        self.declare.include(node)

    def qubits(self, node: Any) -> None:
        self.declare.qubits(node)

    def constant(self, node: Any) -> None:
        self.declare.constant(node)

    def alias(self, node: Any) -> None:
        self.declare.alias(node)

    def pragma(self, node: Any) -> None:
        if node.command.strip().startswith(declarations.MEANINGFUL_PRAGMAS):
            message = "this pragma would change the result, and it is not supported"
            raise Refusal("not_supported", message, node.span)
        self.warn(f"pragma {shorten(node.command, 40)!r} is ignored")

    def expression(self, node: Any) -> None:
        if type(node.expr) is nodes.QuantumMeasurement:
            self.measure(self._measured(node.expr), None, node)
        else:
            evaluate(node.expr, self.scope.lookup)

    def warn(self, warning: str) -> None:
        if warning not in self.plan.warnings and len(self.plan.warnings) < MOST_PROBLEMS:
            self.plan.warnings.append(warning)


def _broadcast_length(wires: Sequence[Wires], node: Node) -> int:
    """How many calls one statement is: the common length of its registers."""
    lengths = {len(w.indices) for w in wires if not w.single}
    if not lengths:
        return 1
    if len(lengths) > 1:
        message = "registers of different sizes in one call: " + " and ".join(
            str(n) for n in sorted(lengths)
        )
        raise Refusal("size_mismatch", message, node.span)
    return lengths.pop()


def _rows(wires: Sequence[Wires], length: int) -> Sequence[tuple[int, ...]]:
    """The qubits of each call; a single qubit stands in all of them."""
    if length == 1:
        return [tuple([w.indices[0] for w in wires])]
    columns = [tuple(w.indices) * (length if w.single else 1) for w in wires]
    return list(zip(*columns, strict=True))


_HANDLERS: dict[type, Callable[[_Checker, Any], None]] = {
    nodes.QuantumGate: _Checker.call,
    nodes.QuantumPhase: _Checker.call,
    nodes.QuantumGateDefinition: _Checker.define_gate,
    nodes.QuantumMeasurementStatement: _Checker.measure_statement,
    nodes.ClassicalDeclaration: _Checker.bits,
    nodes.ClassicalAssignment: _Checker.assign,
    nodes.QuantumReset: _Checker.reset,
    nodes.QuantumBarrier: _Checker.only_operands,
    nodes.DelayInstruction: _Checker.delay,
    nodes.BranchingStatement: _Checker.branch,
    nodes.WhileLoop: _Checker.while_loop,
    nodes.ForInLoop: _Checker.for_loop,
    nodes.BreakStatement: _Checker.leave,
    nodes.ContinueStatement: _Checker.leave,
    nodes.CompoundStatement: _Checker.compound,
    nodes.Box: _Checker.box,
    nodes.Include: _Checker.include,
    nodes.QubitDeclaration: _Checker.qubits,
    nodes.ConstantDeclaration: _Checker.constant,
    nodes.AliasStatement: _Checker.alias,
    nodes.Pragma: _Checker.pragma,
    nodes.ExpressionStatement: _Checker.expression,
}
