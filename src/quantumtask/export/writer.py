"""Writer of the statements of Qiskit circuits as OpenQASM."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from qiskit.circuit.exceptions import CircuitError
from qiskit.exceptions import QiskitError

from quantumtask.export import classical_expressions, gates, parameter_expressions
from quantumtask.export.control_flow import control_flow
from quantumtask.export.identifiers import Names
from quantumtask.export.scope import Scope

MAX_DEFINITION_DEPTH = 100
"""Depth of nested definitions at which a definition counts as one that contains itself."""

WITHOUT_UNIT = (
    "QPY has lost the unit of its duration (Qiskit's issue 8293): give delays in dt, such as "
    'delay(100, 0, "dt")'
)


class UnsupportedCircuit(QiskitError):
    """The service cannot run a circuit; the message names the instruction."""


class UnboundCircuit(UnsupportedCircuit):
    """A circuit can be sent only after its parameters are bound."""


class Writer:
    """Writer of the lines of a program, and of the expressions of its inputs."""

    of_devices: Mapping[Any, str] = gates.DEVICE_GATES
    standard_calls: Mapping[str, str] = gates.STANDARD_CALLS | {"u1": "u1", "u3": "u3"}

    def __init__(self) -> None:
        self.names = Names()
        self.gates: dict[str, str] = {}
        """Names of defined gates, by the parameters and body of their definitions."""
        self.lines: list[str] = []
        self.inputs: dict[str, ParameterExpression] = {}
        self._named: dict[ParameterExpression, str] = {}
        self._depth = 0

    def line(self, text: str) -> None:
        """Write a line at the current indentation."""
        self.lines.append(text)

    def body(self, scope: Scope) -> None:
        """Write the statements of a circuit, without its declarations."""
        for variable in scope.circuit.iter_declared_vars():
            self._declare(variable, classical_expressions.type_name(variable.type), scope)
        for stretch in scope.circuit.iter_declared_stretches():
            self._declare(stretch, "stretch", scope)
        for item in scope.circuit.data:
            try:
                self._statement(item, scope)
            except (ValueError, KeyError, RecursionError, CircuitError) as error:
                raise _unsupported_error(item, scope, error) from None

    def duration(self, operation: Any, scope: Scope) -> str:
        """Return the time of a delay or a box, in brackets."""
        time, unit = operation.duration, operation.unit
        if unit == "expr":
            return f"[{classical_expressions.text(time, scope)}]"
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
        if item.is_standard_gate() and (name := self.standard_calls.get(item.name)) is not None:
            self._call(name, item.params, item, scope)  # without an object of Python for the gate
            return
        operation = item.operation
        if (name := self.of_devices.get(getattr(operation, "base_class", None))) is not None:
            self._call(name, tuple(operation.params), item, scope)
        elif (call := gates.call(operation, self.define)) is not None:
            self._call(*call, item, scope)
        elif (word := _WORDS.get(type(operation))) is not None:
            self.line(word)
        elif isinstance(operation, ControlFlowOp):
            control_flow(self, scope, item)
        else:
            write = _STATEMENTS.get(getattr(operation, "base_class", type(operation)))
            (write or _expand)(self, item, scope)

    def _call(self, name: str, arguments: Sequence[Any], item: Any, scope: Scope) -> None:
        if (gate := name.rpartition(" ")[2]) in gates.GATE_DEFINITIONS:
            self.gates[gates.GATE_DEFINITIONS[gate]] = gate
        values = ", ".join([self._argument(value, scope) for value in arguments])
        self.line(f"{name}{f'({values})' if arguments else ''} {qubits(item, scope)};")

    def _argument(self, value: Any, scope: Scope) -> str:
        if type(value) is float or not isinstance(value, ParameterExpression):
            return parameter_expressions.number(value)
        if isinstance(value, Parameter):
            return (scope.loops and scope.loops.get(value)) or self._input(value)
        if not value.parameters:
            return parameter_expressions.number(value.numeric())
        return self._expression(value, scope)

    def _expression(self, value: ParameterExpression, scope: Scope) -> str:
        """Return an expression: the service computes weighted sums, the client all others."""
        weighted_sum = parameter_expressions.linear_weights(value)
        if weighted_sum is None:
            if any(p in scope.loops for p in value.parameters):
                raise ValueError(
                    f"{value} is not a weighted sum of parameters, and depends on a loop variable"
                )
            return self._input(value)
        weights, constant = weighted_sum
        named = {scope.loops.get(p) or self._input(p): w for p, w in weights.items()}
        return parameter_expressions.total(named, constant)

    def _input(self, value: ParameterExpression) -> str:
        if (name := self._named.get(value)) is None:
            name = self._named[value] = self.names.new(self._preferred_name(value), "p")
            self.inputs[name] = value
        return name

    def _preferred_name(self, value: ParameterExpression) -> str:
        """Return the name that an input gets if the name is free; "" for no preference."""
        return value.name if isinstance(value, Parameter) else ""

    def expand(self, circuit: Any, item: Any, scope: Scope) -> None:
        """Write the definition of an instruction in its place."""
        with self._deeper():
            self.body(scope.inner(circuit, item))

    def define(self, operation: Any) -> gates.Call:
        """Define a gate equal to an operation, with its global phase, and return its call.

        Raises:
            ValueError: The definition of the operation has other instructions than gates.
        """
        circuit = gates.contents(operation)
        with self._deeper():
            gate = GateWriter(self)
            gate.body(Scope(circuit, [f"a{k}" for k in range(circuit.num_qubits)], [], {}))
        definition = gate.definition(circuit.num_qubits)
        if definition not in self.gates:
            self.gates[definition] = self.names.new("g", "g")
        return self.gates[definition], tuple(gate.inputs.values())

    @contextmanager
    def _deeper(self) -> Iterator[None]:
        if self._depth >= MAX_DEFINITION_DEPTH:
            raise ValueError("its definition contains itself")
        self._depth += 1
        yield
        self._depth -= 1


class GateWriter(Writer):
    """Writer of the body of a gate, whose inputs are the parameters of the gate."""

    of_devices: Mapping[Any, str] = {}  # under a control, their phase matters
    standard_calls: Mapping[str, str] = gates.STANDARD_CALLS

    def __init__(self, outer: Writer) -> None:
        super().__init__()
        self.gates, self._depth, self._outer = outer.gates, outer._depth, outer

    def define(self, operation: Any) -> gates.Call:
        """Define the gate before this one, because definitions cannot be nested."""
        return self._outer.define(operation)

    def _preferred_name(self, _: ParameterExpression) -> str:
        """Return "": a parameter of a gate would hide a gate of the same name in the body."""
        return ""

    def body(self, scope: Scope) -> None:
        """Write a circuit with its global phase, which matters under a control."""
        phase = self._argument(scope.circuit.global_phase, scope)
        if phase != "0.0":
            self.line(f"gphase({phase});")
        super().body(scope)

    def definition(self, qubits: int) -> str:
        """Return the parameters and body of the gate as text."""
        parameters = f"({', '.join(self.inputs)})" if self.inputs else ""
        names = ", ".join(f"a{k}" for k in range(qubits))
        return f"{parameters} {names} {{ {' '.join(self.lines)} }}"

    def _statement(self, item: Any, scope: Scope) -> None:
        kind = getattr(item.operation, "base_class", type(item.operation))
        if kind in _STATEMENTS.keys() - {Barrier} or isinstance(item.operation, ControlFlowOp):
            raise ValueError("its definition has instructions that are not gates")
        if kind is not Barrier:
            super()._statement(item, scope)


def qubits(item: Any, scope: Scope) -> str:
    """Return the operands of an instruction."""
    return ", ".join([scope.name_of_qubit[qubit] for qubit in item.qubits])


def _measure(writer: Writer, item: Any, scope: Scope) -> None:
    writer.line(f"{scope.bit(item.clbits[0])} = measure {qubits(item, scope)};")


def _barrier(writer: Writer, item: Any, scope: Scope) -> None:
    if item.qubits:
        writer.line(f"barrier {qubits(item, scope)};")


def lacks_unit(item: Any) -> bool:
    """Return True for a delay that lost its unit in QPY: durations in dt are integers."""
    if not isinstance(item.params[0], float):
        return False
    try:
        return bool(item.operation.unit == "dt")
    except CircuitError:  # of a duration that is no integer
        return True


def _delay(writer: Writer, item: Any, scope: Scope) -> None:
    if lacks_unit(item):
        raise ValueError(WITHOUT_UNIT)
    writer.line(f"delay{writer.duration(item.operation, scope)} {qubits(item, scope)};")


def _reset(writer: Writer, item: Any, scope: Scope) -> None:
    writer.line(f"reset {qubits(item, scope)};")


def _store(writer: Writer, item: Any, scope: Scope) -> None:
    place, kind = classical_expressions.target(item.operation.lvalue, scope)
    writer.line(f"{place} = {kind}({classical_expressions.text(item.operation.rvalue, scope)});")


def _expand(writer: Writer, item: Any, scope: Scope) -> None:
    writer.expand(gates.contents(item.operation), item, scope)


_WORDS: dict[type, str] = {BreakLoopOp: "break;", ContinueLoopOp: "continue;"}
_STATEMENTS: dict[type, Callable[[Writer, Any, Scope], None]] = {
    Barrier: _barrier,
    Delay: _delay,
    Measure: _measure,
    Reset: _reset,
    Store: _store,
}


def _unsupported_error(item: Any, scope: Scope, error: Exception) -> UnsupportedCircuit:
    name = item.name
    reason = str(error) if isinstance(error, ValueError) else "it cannot be written as OpenQASM 3"
    if name == "delay" and lacks_unit(item):
        reason = WITHOUT_UNIT
    message = f"the instruction {name!r} cannot be sent: {reason}"
    free = (p for value in item.params for p in getattr(value, "parameters", ()))
    if any(parameter not in scope.loops for parameter in free):
        return UnboundCircuit(f"{message}; bind its parameters first")
    return UnsupportedCircuit(message)
