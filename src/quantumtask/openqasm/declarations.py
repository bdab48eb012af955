"""Declarations: qubits, bits, constants, aliases, includes, loop variables; what is refused."""

from collections.abc import Sequence
from typing import Any

from quantumtask.openqasm.constants import Number, convert, evaluate, evaluate_int
from quantumtask.openqasm.operands import Operands
from quantumtask.openqasm.program import Register
from quantumtask.openqasm.scope import Scope, Wires
from quantumtask.openqasm.source import Refusal, shorten
from quantumtask.openqasm.steps import Plan
from quantumtask.openqasm.syntax import Node, nodes, not_includable


class Declarations:
    """Puts names into the scope, and registers into the plan."""

    def __init__(self, scope: Scope, operands: Operands, plan: Plan, max_bits: int) -> None:
        self.scope = scope
        self.operands = operands
        self.plan = plan
        self.max_bits = max_bits
        self.bit_count = 0

    def only_global(self, node: Node, what: str) -> None:
        if not self.scope.is_global:
            message = f"{what} can be declared only outside of all blocks"
            raise Refusal("not_global", message, node.span)

    def include(self, node: Any) -> None:
        if node.filename != "stdgates.inc":
            raise not_includable(node.filename, node.span)
        self.only_global(node, "includes")
        self.scope.include_stdgates(node)

    def qubits(self, node: Any) -> None:
        self.only_global(node, "qubits")
        name = node.qubit.name
        size = self._size(node.size, "qubit")
        wires = Wires("qubit", self.operands.reserve(name, size, node), node.size is None)
        self.scope.declare(name, wires, node.qubit)

    def bits(self, node: Any) -> Wires:
        if type(node.type) is not nodes.BitType:
            raise _not_a_bit(node)
        self.only_global(node, "bits")
        name = node.identifier.name
        size = self._size(node.type.size, "bit")
        total = self.bit_count + size
        if total > self.max_bits:
            message = f"{total:,} bits are declared, and at most {self.max_bits:,} can be"
            raise Refusal("too_many_bits", message, node.span)
        wires = Wires("bit", range(self.bit_count, total), node.type.size is None)
        self.scope.declare(name, wires, node.identifier)
        self.bit_count = total
        self.plan.bits.append(Register(name, size))
        return wires

    def constant(self, node: Any) -> None:
        lookup = self.scope.lookup
        value = convert(evaluate(node.init_expr, lookup), node.type, node.init_expr, lookup)
        self.scope.declare(node.identifier.name, value, node.identifier)

    def alias(self, node: Any) -> None:
        exprs = node.exprs
        try:
            wires = self._joined(exprs, "qubit")
        except Refusal as refusal:
            if refusal.code != "wrong_type":
                raise
            wires = self._joined(exprs, "bit")
        self.scope.declare(node.target.name, wires, node.target)

    def _joined(self, exprs: Sequence[Node], kind: str) -> Wires:
        if len(exprs) == 1:
            return self.operands.resolve(exprs[0], kind)
        return self.operands.joined(exprs, kind)

    def _size(self, node: Any, kind: str) -> int:
        if node is None:
            return 1
        size = evaluate_int(node, self.scope.lookup)
        if size < 1:
            raise Refusal("wrong_type", f"a {kind} register needs a size of 1 or more", node.span)
        return size


def loop_values(node: Any, scope: Scope) -> Sequence[Number]:
    """The values that a `for` variable takes; ranges include their end. Raises Refusal."""
    if type(node.type) not in (nodes.IntType, nodes.UintType):
        raise Refusal("not_supported", "only whole numbers can be loop variables", node.type.span)
    iterable = node.iterable
    if type(iterable) is nodes.DiscreteSet:
        return [evaluate_int(value, scope.lookup) for value in iterable.values]
    if type(iterable) is not nodes.RangeDefinition:
        raise Refusal("not_supported", "a loop over this is not supported", iterable.span)
    if iterable.start is None or iterable.end is None:
        message = "the range of a loop needs a start and an end"
        raise Refusal("wrong_type", message, iterable.span)
    step = 1 if iterable.step is None else evaluate_int(iterable.step, scope.lookup)
    if step == 0:
        raise Refusal("wrong_type", "a range cannot have a step of 0", iterable.span)
    start = evaluate_int(iterable.start, scope.lookup)
    end = evaluate_int(iterable.end, scope.lookup)
    if max(abs(start), abs(end)) >= 1 << 62:
        raise Refusal("number_too_large", "this range is too large", iterable.span)
    return range(start, end + (1 if step > 0 else -1), step)


def declared_name(node: Any) -> str | None:
    """The name that a declaration would have declared; None if it is no declaration."""
    attribute = _NAMED_BY.get(type(node))
    if attribute is None:
        return None
    name = getattr(getattr(node, attribute), "name", None)
    return name if isinstance(name, str) else None


def unsupported(node: Any) -> Refusal:
    """Why a kind of statement cannot be run."""
    kind = type(node)
    what = _UNSUPPORTED.get(kind, "this statement is")
    return Refusal("not_supported", f"{what} not supported", node.span)


def _not_a_bit(node: Any) -> Refusal:
    kind = type(node.type).__name__.removesuffix("Type").lower()
    hint = "If it never changes, declare it with `const`" if node.init_expr is not None else None
    message = f"variables of type {shorten(kind)} are not supported"
    return Refusal("not_supported", message, node.span, hint)


MEANINGFUL_PRAGMAS = ("braket unitary", "braket noise")
"""Pragmas of others that do something to the qubits: they cannot just be ignored."""

_NAMED_BY: dict[type, str] = {
    nodes.QubitDeclaration: "qubit",
    nodes.ClassicalDeclaration: "identifier",
    nodes.ConstantDeclaration: "identifier",
    nodes.IODeclaration: "identifier",
    nodes.AliasStatement: "target",
    nodes.QuantumGateDefinition: "name",
    nodes.SubroutineDefinition: "name",
    nodes.ExternDeclaration: "name",
}

_UNSUPPORTED: dict[type, str] = {
    nodes.SubroutineDefinition: "subroutines (`def`) are",
    nodes.ExternDeclaration: "`extern` functions are",
    nodes.IODeclaration: "`input` and `output` variables are",
    nodes.CalibrationDefinition: "`defcal` is",
    nodes.CalibrationStatement: "`cal` blocks are",
    nodes.CalibrationGrammarDeclaration: "`defcalgrammar` is",
    nodes.SwitchStatement: "`switch` is",
    nodes.ReturnStatement: "`return` is",
    nodes.EndStatement: "`end` is",
    nodes.CompoundAssignment: "assignments with an operator are",
}
