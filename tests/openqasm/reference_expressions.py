"""Expressions of the reference evaluator: names, types, calls and measurements."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from openqasm3 import ast

from tests.openqasm.reference_gates import GATES, applied
from tests.openqasm.reference_values import (
    CONSTANTS,
    Place,
    Value,
    binary,
    builtin,
    cast,
    item,
    joined,
    place_of,
    read,
    unary,
    write,
)  # fmt: skip

NEVER = 1e-12
"""A less probable outcome is rounding noise."""


class Return(Exception):
    """Signals `return`, with the returned value."""


class Evaluator:
    """A run of a program with the outcomes in `history`.

    After the end of `history`, outcomes are 0 if that is possible, and are added to it.
    """

    def __init__(self, history: list[int]) -> None:
        self.history, self.step, self.probability = history, 0, 1.0
        self.state: Any = np.ones(())  # one axis for each qubit
        self.globals: dict[str, Any] = {}
        self.scopes = [self.globals]
        self.constants: dict[str, Any] = {n: Value("float", 64, v) for n, v in CONSTANTS.items()}
        self.gates: dict[str, Callable[..., Any]] = dict(GATES)
        self.functions: dict[str, ast.SubroutineDefinition] = {}
        self.registers: list[tuple[str, Place]] = []
        self.outputs: list[tuple[str, Any]] = []

    def block(self, statements: Iterable[Any]) -> None:
        for each in statements:
            self.thing(each)

    def look(self, name: str) -> Any:
        for scope in [*reversed(self.scopes), self.constants]:
            if name in scope:
                return scope[name]
        raise NameError(name)

    def declare(self, node: ast.ClassicalType, name: str, value: Any = None) -> Any:
        kind, width, *shape = self.type_of(node)
        thing = empty(kind, width, shape)
        if value is not None:
            write(thing, value)
        self.scopes[-1][name] = thing
        return thing

    def type_of(self, node: Any) -> tuple[Any, ...]:
        """Return the kind, the width and the dimensions of an array."""
        if isinstance(node, ast.ArrayType):
            return *self.type_of(node.base_type), *(self.number(d) for d in node.dimensions)
        kind = type(node).__name__.removesuffix("Type").lower()
        size = getattr(node, "size", None)
        if kind in ("bool", "bit"):
            return ("bool", 1) if size is None else ("bits", self.number(size))
        return kind, 64 if size is None else self.number(size)

    # Expressions. `thing` gives what can be written to or referred to, `value` what it holds.

    def value(self, node: Any) -> Any:
        return read(self.thing(node))

    def number(self, node: Any) -> Any:
        return self.value(node).data

    def thing(self, node: Any) -> Any:
        return getattr(self, "on_" + type(node).__name__)(node)

    def on_Identifier(self, node: ast.Identifier) -> Any:
        return self.look(node.name)

    def on_IntegerLiteral(self, node: ast.IntegerLiteral) -> Value:
        return Value("int", 64, node.value)

    def on_FloatLiteral(self, node: ast.FloatLiteral) -> Value:
        return Value("float", 64, node.value)

    def on_BooleanLiteral(self, node: ast.BooleanLiteral) -> Value:
        return Value("bool", 1, int(node.value))

    def on_BitstringLiteral(self, node: ast.BitstringLiteral) -> Value:
        return Value("bits", node.width, node.value)

    def on_ArrayLiteral(self, node: ast.ArrayLiteral) -> list[Any]:
        return [self.value(each) for each in node.values]

    def on_UnaryExpression(self, node: ast.UnaryExpression) -> Value:
        return unary(node.op.name, self.value(node.expression))

    def on_BinaryExpression(self, node: ast.BinaryExpression) -> Value:
        left = self.value(node.lhs)
        if node.op.name in ("&&", "||") and bool(left.data) == (node.op.name == "||"):
            return cast(left, "bool", 1)
        return binary(node.op.name, left, self.value(node.rhs))

    def on_Cast(self, node: ast.Cast) -> Value:
        return cast(self.value(node.argument), *self.type_of(node.type))

    def on_SizeOf(self, node: ast.SizeOf) -> Value:
        thing = self.thing(node.target)
        for _ in range(self.number(node.index) if node.index else 0):
            thing = thing[0]
        return Value("uint", 64, len(thing))

    def on_Concatenation(self, node: ast.Concatenation) -> Any:
        left, right = (self.registered(self.thing(side)) for side in (node.lhs, node.rhs))
        if isinstance(left, Place):
            return Place("bits", left.width + right.width, left.cells + right.cells)
        return type(left)([*left, *right])

    def registered(self, thing: Any) -> Any:
        """Put a temporary value into a cell, so that it can be indexed."""
        return place_of(thing) if isinstance(thing, Value) else thing

    def on_IndexExpression(self, node: ast.IndexExpression) -> Any:
        return self.indexed(self.thing(node.collection), node.index)

    def on_IndexedIdentifier(self, node: ast.IndexedIdentifier) -> Any:
        thing = self.look(node.name.name)
        for index in node.indices:
            thing = self.indexed(thing, index)
        return thing

    def indexed(self, thing: Any, index: Any) -> Any:
        return self.select(
            self.registered(thing), [index] if isinstance(index, ast.DiscreteSet) else index
        )

    def select(self, thing: Any, indices: list[Any]) -> Any:
        if not indices:
            return thing
        positions = self.positions(
            indices[0], thing.width if isinstance(thing, Place) else len(thing)
        )
        if isinstance(positions, int):
            return self.select(item(thing, positions), indices[1:])
        return joined([self.select(item(thing, each), indices[1:]) for each in positions], thing)

    def positions(self, index: Any, length: int) -> Any:
        def within(position: int) -> int:
            if not -length <= position < length:
                raise IndexError(position)
            return position % length

        if isinstance(index, ast.DiscreteSet):
            return [within(self.number(each)) for each in index.values]
        if isinstance(index, ast.RangeDefinition):
            first = within(self.number(index.start)) if index.start else 0
            last = within(self.number(index.end)) if index.end else length - 1
            return steps(first, last, self.number(index.step) if index.step else 1)
        return within(self.number(index))

    def on_FunctionCall(self, node: ast.FunctionCall) -> Any:
        if node.name.name not in self.functions:
            return builtin(node.name.name, [self.value(each) for each in node.arguments])
        function = self.functions[node.name.name]
        arguments = [self.thing(each) for each in node.arguments]
        outer, self.scopes = self.scopes, [{}]
        for parameter, argument in zip(function.arguments, arguments, strict=True):
            self.bind(parameter, argument)
        try:
            self.block(function.body)
        except Return as returned:
            return returned.args[0] and cast(returned.args[0], *self.type_of(function.return_type))
        finally:
            self.scopes = outer
        return None

    def bind(self, parameter: Any, argument: Any) -> None:
        """Bind arguments: qubits and arrays by reference, other values by value."""
        if isinstance(argument, (int, list)):
            self.scopes[-1][parameter.name.name] = argument
        else:
            self.declare(parameter.type, parameter.name.name, read(argument))

    def on_QuantumMeasurement(self, node: ast.QuantumMeasurement) -> Value:
        qubits = self.thing(node.qubit)
        if isinstance(qubits, int):
            return Value("bool", 1, self.measured(qubits))
        return Value("bits", len(qubits), sum(self.measured(q) << i for i, q in enumerate(qubits)))

    def measured(self, qubit: int) -> int:
        one = float(np.sum(np.abs(np.take(self.state, 1, qubit)) ** 2))
        outcome = self.draw(one)
        projector = np.diag([1 - outcome, outcome]) / np.sqrt(one if outcome else 1 - one)
        self.state = applied(projector, self.state, [qubit])
        return outcome

    def draw(self, one: float) -> int:
        if one < NEVER or one > 1 - NEVER:
            return int(one > 0.5)
        if self.step == len(self.history):
            self.history.append(0)
        outcome = self.history[self.step]
        self.step += 1
        self.probability *= one if outcome else 1 - one
        return outcome


def empty(kind: str, width: int, shape: list[int]) -> Any:
    if not shape:
        return Place(kind, width)
    return [empty(kind, width, shape[1:]) for _ in range(shape[0])]


def steps(first: int, last: int, step: int) -> list[int]:
    """A range with both ends."""
    return list(range(first, last + (1 if step > 0 else -1), step))
