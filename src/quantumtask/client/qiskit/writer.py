"""Writes the statements of Qiskit circuits as OpenQASM, one after the other."""

from collections.abc import Callable
from typing import Any

from qiskit.circuit import (
    Barrier,
    BreakLoopOp,
    ContinueLoopOp,
    ControlFlowOp,
    Delay,
    Measure,
    Parameter,
    ParameterExpression,
    Reset,
    Store,
)
from qiskit.exceptions import QiskitError

from quantumtask.client.qiskit import angles, classical, gates
from quantumtask.client.qiskit.control import control_flow
from quantumtask.client.qiskit.names import Names
from quantumtask.client.qiskit.scope import Scope

DEEPEST = 100
"""Definitions within definitions, before it is taken for one that contains itself."""


class UnsupportedCircuit(QiskitError):
    """The service cannot run this circuit; the message names the instruction."""


class Writer:
    """Collects the lines of a program, and the expressions that its inputs stand for."""

    def __init__(self) -> None:
        self.names = Names()
        self.lines: list[str] = []
        self.inputs: dict[str, ParameterExpression] = {}
        self._named: dict[ParameterExpression, str] = {}
        self._depth = 0

    def line(self, text: str) -> None:
        self.lines.append(text)

    def body(self, scope: Scope) -> None:
        """All that a circuit does, after what it declares."""
        for variable in scope.circuit.iter_declared_vars():
            self._declare(variable, classical.type_name(variable.type), scope)
        for stretch in scope.circuit.iter_declared_stretches():
            self._declare(stretch, "stretch", scope)
        for item in scope.circuit.data:
            try:
                self._statement(item, scope)
            except (ValueError, KeyError, RecursionError) as error:
                raise _unsupported(item, error) from None

    def duration(self, operation: Any, scope: Scope) -> str:
        """The time of a delay or a box, in brackets."""
        time, unit = operation.duration, operation.unit
        if unit == "expr":
            return f"[{classical.text(time, scope)}]"
        if unit == "ps":
            time, unit = time / 1000, "ns"
        if isinstance(time, ParameterExpression):
            return f"[({self._argument(time, scope)}) * 1{unit}]"
        return f"[{time}{unit}]"

    def _declare(self, variable: Any, kind: str, scope: Scope) -> None:
        name = self.names.new(variable.name, "v")
        scope.variables[variable] = name
        self.line(f"{kind} {name};")

    def _statement(self, item: Any, scope: Scope) -> None:
        operation = item.operation
        if (found := gates.call(operation)) is not None:
            self._call(*found, item, scope)
        elif (word := _WORDS.get(type(operation))) is not None:
            self.line(word)
        elif isinstance(operation, ControlFlowOp):
            control_flow(self, scope, item)
        else:
            write = _STATEMENTS.get(getattr(operation, "base_class", type(operation)))
            (write or _expanded)(self, item, scope)

    def _call(self, name: str, arguments: tuple[Any, ...], item: Any, scope: Scope) -> None:
        values = ", ".join([self._argument(value, scope) for value in arguments])
        self.line(f"{name}{f'({values})' if arguments else ''} {qubits(item, scope)};")

    def _argument(self, value: Any, scope: Scope) -> str:
        if not isinstance(value, ParameterExpression):
            return angles.number(value)
        if not value.parameters:
            return angles.number(value.numeric())
        return self._expression(value, scope)

    def _expression(self, value: ParameterExpression, scope: Scope) -> str:
        """A weighted sum is worked out by the service, all else before it is sent."""
        found = angles.weighted(value)
        if found is None:
            if any(p in scope.loops for p in value.parameters):
                raise ValueError(f"{value} is no plain multiple of its loop's variable")
            return self._input(value)
        weights, constant = found
        named = {scope.loops.get(p) or self._input(p): w for p, w in weights.items()}
        return angles.total(named, constant)

    def _input(self, value: ParameterExpression) -> str:
        if value not in self._named:
            wanted = value.name if isinstance(value, Parameter) else ""
            self._named[value] = self.names.new(wanted, "p")
            self.inputs[self._named[value]] = value
        return self._named[value]

    def expand(self, circuit: Any, item: Any, scope: Scope) -> None:
        """What an instruction is made of, in its place."""
        if self._depth >= DEEPEST:
            raise ValueError("its definition contains itself")
        self._depth += 1
        self.body(scope.inner(circuit, item))
        self._depth -= 1


def qubits(item: Any, scope: Scope) -> str:
    find = scope.circuit.find_bit
    return ", ".join([scope.qubits[find(qubit).index] for qubit in item.qubits])


def _measure(writer: Writer, item: Any, scope: Scope) -> None:
    writer.line(f"{scope.bit(item.clbits[0])} = measure {qubits(item, scope)};")


def _barrier(writer: Writer, item: Any, scope: Scope) -> None:
    if item.qubits:
        writer.line(f"barrier {qubits(item, scope)};")


def _delay(writer: Writer, item: Any, scope: Scope) -> None:
    writer.line(f"delay{writer.duration(item.operation, scope)} {qubits(item, scope)};")


def _reset(writer: Writer, item: Any, scope: Scope) -> None:
    writer.line(f"reset {qubits(item, scope)};")


def _store(writer: Writer, item: Any, scope: Scope) -> None:
    place, kind = classical.target(item.operation.lvalue, scope)
    writer.line(f"{place} = {kind}({classical.text(item.operation.rvalue, scope)});")


def _expanded(writer: Writer, item: Any, scope: Scope) -> None:
    circuit = gates.contents(item.operation)
    if circuit is None:
        raise ValueError("nothing says what it is made of")
    writer.expand(circuit, item, scope)


_WORDS: dict[type, str] = {BreakLoopOp: "break;", ContinueLoopOp: "continue;"}
_STATEMENTS: dict[type, Callable[[Writer, Any, Scope], None]] = {
    Barrier: _barrier,
    Delay: _delay,
    Measure: _measure,
    Reset: _reset,
    Store: _store,
}


def _unsupported(item: Any, error: Exception) -> UnsupportedCircuit:
    name = item.operation.name
    reason = str(error) if isinstance(error, ValueError) else "it cannot be written as OpenQASM 3"
    return UnsupportedCircuit(f"the instruction {name!r} cannot be sent: {reason}")
