"""OpenQASM 3 as its specification reads, evaluated the plain and slow way: for the tests alone.

`distribution(text)` replays a program once for each history of measurement outcomes, over a dense
state vector, and adds up exact probabilities. It shares nothing with the package: the parser is
the specification's own. Programs are taken to be well typed: others get some error, no good one.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import numpy as np
import openqasm3
from openqasm3 import ast

from tests.openqasm.reference_expressions import Evaluator, Return, steps
from tests.openqasm.reference_gates import GATES, applied, modified
from tests.openqasm.reference_values import (
    Qubits,
    Value,
    binary,
    cast,
    common,
    item,
    place_of,
    read,
    write,
)

Outcome = tuple[str, tuple[tuple[str, Any], ...]]
"""The bit registers in the order of Qiskit, and the output variables with their values."""


def distribution(text: str, most_histories: int = 4096) -> dict[Outcome, float]:
    """Return the exact probability of each outcome of a program that ends on every path."""
    program = openqasm3.parse(text)
    result: dict[Outcome, float] = defaultdict(float)
    history: list[int] = []
    for _ in range(most_histories):
        run = Run(history)
        run.program(program)
        result[run.outcome()] += run.probability
        while history and history[-1] == 1:
            history.pop()
        if not history:
            return dict(result)
        history[-1] = 1
    raise RuntimeError(f"more than {most_histories} histories")


class End(Exception):
    """Signals `end`."""


class Break(Exception):
    """Signals `break`."""


class Continue(Exception):
    """Signals `continue`."""


class Run(Evaluator):
    """A run with its statements; `outcome` is its result."""

    def program(self, program: ast.Program) -> None:
        rest = iter(program.statements)
        try:
            self.block(rest)
        except End:
            self.never_reached(rest)

    def never_reached(self, statements: Iterable[Any]) -> None:
        """Declare the variables after an `end`, which keep their first value, zero."""
        for node in statements:
            if isinstance(node, ast.IODeclaration):
                self.on_IODeclaration(node)
            elif isinstance(node, ast.ClassicalDeclaration):
                self.exported(node, self.declare(node.type, node.identifier.name))

    def outcome(self) -> Outcome:
        bits = [f"{place.get().data:0{place.width}b}" for _, place in reversed(self.registers)]
        return " ".join(bits), tuple((name, plain(read(thing))) for name, thing in self.outputs)

    def inner(self, statements: list[Any], **names: Any) -> None:
        """Run a block in a new scope."""
        self.scopes.append(names)
        try:
            self.block(statements)
        finally:
            self.scopes.pop()

    def on_Include(self, node: ast.Include) -> None:
        assert node.filename == "stdgates.inc"

    def on_CompoundStatement(self, node: ast.CompoundStatement) -> None:
        self.inner(node.statements)

    def on_Box(self, node: ast.Box) -> None:
        self.inner(node.body)

    def on_QubitDeclaration(self, node: ast.QubitDeclaration) -> None:
        first, count = self.state.ndim, self.number(node.size) if node.size else 1
        for _ in range(count):
            self.state = np.multiply.outer(self.state, np.array([1, 0]))
        self.globals[node.qubit.name] = Qubits(range(first, first + count)) if node.size else first

    def on_ClassicalDeclaration(self, node: ast.ClassicalDeclaration) -> None:
        value = None if node.init_expression is None else self.value(node.init_expression)
        thing = self.declare(node.type, node.identifier.name, value)
        self.exported(node, thing)

    def on_IODeclaration(self, node: ast.IODeclaration) -> None:
        assert node.io_identifier is ast.IOKeyword.output
        thing = self.declare(node.type, node.identifier.name)
        self.outputs.append((node.identifier.name, thing))
        self.exported(node, thing)

    def exported(self, node: Any, thing: Any) -> None:
        if isinstance(node.type, ast.BitType) and self.scopes[-1] is self.globals:
            self.registers.append((node.identifier.name, thing))

    def on_ConstantDeclaration(self, node: ast.ConstantDeclaration) -> None:
        value = cast(self.value(node.init_expression), *self.type_of(node.type))
        scope = self.constants if self.scopes[-1] is self.globals else self.scopes[-1]
        scope[node.identifier.name] = value

    def on_AliasStatement(self, node: ast.AliasStatement) -> None:
        self.scopes[-1][node.target.name] = self.thing(node.value)

    def on_ExpressionStatement(self, node: ast.ExpressionStatement) -> None:
        self.thing(node.expression)

    def on_ClassicalAssignment(self, node: ast.ClassicalAssignment) -> None:
        value, target = self.value(node.rvalue), self.thing(node.lvalue)
        if node.op.name != "=":
            value = binary(node.op.name.removesuffix("="), target.get(), value)
        write(target, value)

    def on_QuantumMeasurementStatement(self, node: ast.QuantumMeasurementStatement) -> None:
        value = self.on_QuantumMeasurement(node.measure)
        if node.target is not None:
            write(self.thing(node.target), value)

    def on_QuantumReset(self, node: ast.QuantumReset) -> None:
        qubits = self.thing(node.qubits)
        for each in [qubits] if isinstance(qubits, int) else qubits:
            if self.measured(each):
                self.state = applied(GATES["x"](), self.state, [each])

    def on_QuantumBarrier(self, _: ast.QuantumBarrier) -> None:
        pass

    def on_DelayInstruction(self, _: ast.DelayInstruction) -> None:
        pass

    def on_BranchingStatement(self, node: ast.BranchingStatement) -> None:
        self.inner(node.if_block if self.number(node.condition) else node.else_block)

    def on_SwitchStatement(self, node: ast.SwitchStatement) -> None:
        target = self.number(node.target)
        for labels, body in node.cases:
            if target in [self.number(each) for each in labels]:
                return self.inner(body.statements)
        return self.inner(node.default.statements if node.default else [])

    def on_WhileLoop(self, node: ast.WhileLoop) -> None:
        while self.number(node.while_condition):
            try:
                self.inner(node.block)
            except Continue:
                continue
            except Break:
                return

    def on_ForInLoop(self, node: ast.ForInLoop) -> None:
        for value in self.items(node.set_declaration):
            variable = place_of(value, *self.type_of(node.type))
            try:
                self.inner(node.block, **{node.identifier.name: variable})
            except Continue:
                continue
            except Break:
                return

    def items(self, node: Any) -> list[Value]:
        if isinstance(node, ast.DiscreteSet):
            return [self.value(each) for each in node.values]
        if isinstance(node, ast.RangeDefinition):
            first, last = self.value(node.start), self.value(node.end)
            numbers = steps(first.data, last.data, self.number(node.step) if node.step else 1)
            return [Value(*common(first, last), number) for number in numbers]
        thing = self.registered(self.thing(node))
        return [item(thing, i).get() for i in range(getattr(thing, "width", 0) or len(thing))]

    def on_BreakStatement(self, _: ast.BreakStatement) -> None:
        raise Break

    def on_ContinueStatement(self, _: ast.ContinueStatement) -> None:
        raise Continue

    def on_EndStatement(self, _: ast.EndStatement) -> None:
        raise End

    def on_ReturnStatement(self, node: ast.ReturnStatement) -> None:
        raise Return(None if node.expression is None else self.value(node.expression))

    def on_SubroutineDefinition(self, node: ast.SubroutineDefinition) -> None:
        self.functions[node.name.name] = node

    # Gates

    def on_QuantumGateDefinition(self, node: ast.QuantumGateDefinition) -> None:
        self.gates[node.name.name] = lambda *params: self.composed(node, params)

    def composed(self, node: ast.QuantumGateDefinition, params: tuple[float, ...]) -> Any:
        """Return the matrix of a gate definition: its body on all columns of the identity."""
        count = len(node.qubits)
        outer = self.scopes, self.state
        self.scopes = [dict(zip([q.name for q in node.qubits], range(count), strict=True))]
        for name, number in zip(node.arguments, params, strict=True):
            self.scopes[-1][name.name] = Value("float", 64, number)
        self.state = np.eye(2**count).reshape((2,) * count + (-1,))
        try:
            self.block(node.body)
            return self.state.reshape(2**count, -1)
        finally:
            self.scopes, self.state = outer

    def on_QuantumGate(self, node: ast.QuantumGate) -> None:
        params = [self.value(each).real for each in node.arguments]
        self.apply(self.gates[node.name.name](*params), node)

    def on_QuantumPhase(self, node: ast.QuantumPhase) -> None:
        self.apply(GATES["gphase"](self.value(node.argument).real), node)

    def apply(self, matrix: Any, node: Any) -> None:
        for each in reversed(node.modifiers):
            argument = None if each.argument is None else self.value(each.argument).real
            matrix = modified(matrix, each.modifier.name, argument)
        operands = [self.thing(each) for each in node.qubits]
        lengths = {len(each) for each in operands if isinstance(each, Qubits)}
        for i in range(max(lengths) if lengths else 1):
            qubits = [each[i] if isinstance(each, Qubits) else each for each in operands]
            self.state = applied(matrix, self.state, qubits)


def plain(value: Any) -> Any:
    """Return a value as an output: angles in radians, bits as a string with bit 0 last."""
    if isinstance(value, list):
        return tuple(plain(each) for each in value)
    if value.kind == "bits":
        return f"{value.data:0{value.width}b}"
    return value.real if value.kind in ("float", "angle") else value.data
