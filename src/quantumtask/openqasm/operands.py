"""Operands: `q`, `q[1]`, `q[0:2:4]`, `q[{0, 3}]`, `$2`, and aliases of all of them."""

from collections.abc import Sequence
from typing import Any

from quantumtask.openqasm.constants import evaluate_int
from quantumtask.openqasm.program import Register
from quantumtask.openqasm.scope import Scope, Wires
from quantumtask.openqasm.source import Refusal, shorten
from quantumtask.openqasm.steps import Plan
from quantumtask.openqasm.syntax import Node, nodes


class Operands:
    """Turns operand nodes into Wires; physical qubits come into being when first named."""

    def __init__(self, scope: Scope, plan: Plan, max_qubits: int) -> None:
        self.scope = scope
        self.plan = plan
        self.max_qubits = max_qubits
        self.qubits = 0
        self.physical: dict[int, Wires] = {}

    def resolve(self, node: Any, kind: str) -> Wires:
        """The qubits or bits (`kind`) an operand stands for. Raises Refusal."""
        operand = type(node)
        if operand is nodes.Identifier:
            return self.scope.wires(node.name, node, kind)
        if operand is nodes.IndexedIdentifier:
            return self._indexed(self.resolve(node.name, kind), node)
        if operand is nodes.IndexExpression:
            return self._indexed(self.resolve(node.collection, kind), node)
        if operand is nodes.ParenExpression:
            return self.resolve(node.operand, kind)
        if operand is nodes.Concatenation:
            return self.joined(node.operands, kind)
        if operand is nodes.HardwareQubit and kind == "qubit":
            return self._hardware(node)
        raise Refusal("wrong_type", f"a {kind} is needed here", node.span)

    def joined(self, parts: Sequence[Node], kind: str) -> Wires:
        """One register of all the parts, in order."""
        indices: list[int] = []
        for part in parts:
            indices.extend(self.resolve(part, kind).indices)
            if len(indices) > self.max_qubits * 10:
                raise Refusal("too_many_qubits", "this alias is too long", part.span)
        return Wires(kind, indices, False)

    def reserve(self, name: str, size: int, node: Node) -> range:
        """Numbers `size` new qubits. Raises Refusal where there would be too many."""
        total = self.qubits + size
        if total > self.max_qubits:
            message = f"{total:,} qubits are declared, and at most {self.max_qubits:,} can be"
            raise Refusal("too_many_qubits", message, node.span)
        self.plan.qubits.append(Register(name, size))
        self.qubits = total
        return range(total - size, total)

    def _hardware(self, node: Any) -> Wires:
        text = node.name.lstrip("$")
        if not text.isdecimal() or len(text) > 9:
            raise Refusal("undeclared_name", f"${shorten(text)} is no qubit", node.span)
        number = int(text)
        if number not in self.physical:
            indices = self.reserve(f"${number}", 1, node)
            self.physical[number] = Wires("qubit", indices, True)
        return self.physical[number]

    def _indexed(self, wires: Wires, node: Any) -> Wires:
        for index in node.indices:
            wires = self._select(wires, index, node)
        return wires

    def _select(self, wires: Wires, index: Any, label: Node) -> Wires:
        if wires.single:
            message = f"`{_label(label)}` is a single {wires.kind} and has no index"
            raise Refusal("wrong_type", message, index.span)
        if type(index) is nodes.DiscreteSet:
            picked = [self._one(wires, value, label) for value in index.values]
            return Wires(wires.kind, picked, False)
        if len(index.values) != 1:
            raise Refusal("wrong_type", f"`{_label(label)}` has one dimension", index.span)
        value = index.values[0]
        if type(value) is nodes.RangeDefinition:
            return Wires(wires.kind, self._range(wires, value, label), False)
        return Wires(wires.kind, (self._one(wires, value, label),), True)

    def _one(self, wires: Wires, node: Any, label: Node) -> int:
        if type(node) is nodes.IntegerLiteral:
            index = node.value
        else:
            index = evaluate_int(node, self.scope.lookup)
        return wires.indices[self._within(wires, index, node, label)]

    def _range(self, wires: Wires, node: Any, label: Node) -> Sequence[int]:
        size = len(wires.indices)
        lookup = self.scope.lookup
        step = 1 if node.step is None else evaluate_int(node.step, lookup)
        if step == 0:
            raise Refusal("index_out_of_range", "a range cannot have a step of 0", node.span)
        first, last = (0, size - 1) if step > 0 else (size - 1, 0)
        start = first if node.start is None else evaluate_int(node.start, lookup)
        end = last if node.end is None else evaluate_int(node.end, lookup)
        start = self._within(wires, start, node, label)
        end = self._within(wires, end, node, label)
        chosen = wires.indices[start : end + 1 : step] if step > 0 else [
            wires.indices[i] for i in range(start, end - 1, step)
        ]  # fmt: skip
        if not chosen:
            raise Refusal("index_out_of_range", "this range selects nothing", node.span)
        return chosen

    def _within(self, wires: Wires, index: int, node: Node, label: Node) -> int:
        size = len(wires.indices)
        if -size <= index < size:
            return index % size
        number = shorten(str(index), 30) if abs(index) < 1 << 200 else "a huge index"
        name = _label(label)
        plural = "s" if size != 1 else ""
        message = (
            f"{wires.kind} {number} of `{name}`: `{name}` has {size:,} {wires.kind}{plural}, "
            f"0 to {size - 1:,}"
        )
        raise Refusal("index_out_of_range", message, node.span)


def _label(node: Any) -> str:
    """How a message calls what an operand indexes."""
    name = node.name if type(node) is nodes.IndexedIdentifier else node.collection
    return shorten(name.name) if type(name) is nodes.Identifier else "this"
