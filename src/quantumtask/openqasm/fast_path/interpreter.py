"""Interpreter of straight-line statements: calls, measurements, resets and barriers."""

import math
import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.expressions import apply_openqasm2_binary
from quantumtask.openqasm.compiler.gate_instructions import (
    MAX_CACHED_OPERATIONS,
    GateCall,
    constant_operations,
)
from quantumtask.openqasm.compiler.gate_modifiers import MAX_CONTROLS, MAX_MODIFIERS, Modifiers
from quantumtask.openqasm.compiler.references import as_sequence
from quantumtask.openqasm.fast_path.arguments import evaluate_arguments
from quantumtask.openqasm.fast_path.declarations import Declarations
from quantumtask.openqasm.fast_path.operands import NAME, OPERAND, OperandResolver
from quantumtask.openqasm.fast_path.statements import (
    SPACE,
    WHITE_SPACE,
    Section,
    UnsupportedByFastPath,
)
from quantumtask.openqasm.gates.expansion import simple_operation
from quantumtask.openqasm.gates.hardware import TargetGates, barrier_operation
from quantumtask.openqasm.gates.library import GPHASE, Gate, OpaqueGate, StandardGate
from quantumtask.openqasm.gates.undeclared import UNDECLARED_NAMES
from quantumtask.openqasm.program.execution import MeasurementOutcome
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.tracer import Tracer
from quantumtask.openqasm.text.source import OffsetSpan
from quantumtask.openqasm.values.operators import apply_binary
from quantumtask.shared.settings import Settings

_NO_SPAN = OffsetSpan(0, 0)
_NO_MODIFIERS = Modifiers()
_DECIMAL = r"-?+\d{1,40}+\.\d{1,40}+(?:[eE][-+]?+\d{1,3}+)?+"


def _statement_pattern(pattern: str) -> re.Pattern[str]:
    """Return the pattern of a statement.

    Repetitions are possessive, except those that a parenthesis ends: matching takes linear time.
    """
    return re.compile(SPACE + pattern, re.ASCII | re.DOTALL)


_CALL = _statement_pattern(
    rf"({NAME}){SPACE}(?:\((?:({_DECIMAL})\)|(.*)\)){SPACE})?([$\w\[\], \t\r\n]++)",
)
_NUMBER = re.compile(_DECIMAL, re.ASCII)
_PI_FRACTION = re.compile(r"(-)?+(?:([1-9][0-9]{0,14}+)\*)?+pi(?:/([1-9][0-9]{0,14}+))?+")
"""A multiple of pi, as programs write it that write other programs."""
_MEASURE_ASSIGNMENT = _statement_pattern(rf"({OPERAND})={SPACE}measure\b{SPACE}({OPERAND})")
_MEASURE_ARROW = _statement_pattern(rf"measure\b{SPACE}({OPERAND})(?:->{SPACE}({OPERAND}))?+")
_RESET = _statement_pattern(rf"reset\b{SPACE}({OPERAND})")
_BARRIER = _statement_pattern(r"barrier\b(.*)")
_GPHASE = _statement_pattern(rf"gphase{SPACE}\((.*)\){SPACE}")
_MODIFIER = _statement_pattern(
    rf"(?:(?P<inv>inv)|pow{SPACE}\((?P<power>.*)\)"
    rf"|(?P<control>ctrl|negctrl){SPACE}(?:\({SPACE}(?P<count>\d{{1,3}}+){SPACE}\))?+){SPACE}"
)


class _Call(NamedTuple):
    """A call with its operands; each of `qubits` is a number, or the numbers of a register."""

    gate: Gate
    params: tuple[float, ...]
    qubits: tuple[Any, ...]
    modifiers: Modifiers = _NO_MODIFIERS


class Interpreter:
    """Interpreter that runs statements in order, with caches of statements and operands by text.

    Every method may raise UnsupportedByFastPath, Diagnostic or OperationLimitExceeded.

    Attributes:
        trace: The operations; barriers only for a `device`.
        memory: The bits.
        operands: The resolver of operands.
    """

    def __init__(
        self, declarations: Declarations, settings: Settings, device: TargetGates | None = None
    ) -> None:
        self.trace = Tracer(settings.max_operations)
        self.memory: list[int | MeasurementOutcome] = list(declarations.memory)
        self.operands = OperandResolver(declarations, settings.max_qubits, device)
        self._settings = settings
        self._keeps_barriers = device is not None
        self._barriers: dict[tuple[int, ...], Operation] = {}
        self._openqasm2 = declarations.openqasm2
        self._max_modifiers = 0 if declarations.openqasm2 else MAX_MODIFIERS
        self._simple_calls: dict[str, Operation] = {}
        self._other_calls: dict[str, tuple[list[Operation], float]] = {}
        self._values: dict[str, float] = {}
        self._qubits: dict[str, tuple[int, ...]] = {}
        self._pending: list[Operation] = []
        self._cost = 0.0

    def run(self, sections: Sequence[Section]) -> None:
        """Run all statements."""
        if sum(len(section.statements) for section in sections) >= self._settings.max_steps:
            raise UnsupportedByFastPath
        for section in sections:
            for declaration in section.declarations:
                if self.operands.declare(declaration):
                    self._simple_calls.clear()
                    self._other_calls.clear()
            self._run_statements(section.statements)
        self._flush()
        self.operands.check_all_declared()

    def _run_statements(self, items: Sequence[str]) -> None:
        cached, run, add = self._simple_calls.get, self._run_statement, self._pending.append
        for item in items:
            operation = cached(item) or run(item)
            if operation is not None:
                add(operation)

    def _flush(self) -> None:
        """Pass the pending operations to the trace."""
        if self._pending:
            self.trace.apply(self._pending)
            self._pending.clear()

    def _run_statement(self, item: str) -> Operation | None:
        """Return the operation of a simple call; run any other statement and return None."""
        # Measurements are assignments; a call with `=` in its arguments is read by `_run_other`.
        match = None if "=" in item else _CALL.fullmatch(item)
        if match is None:
            self._run_other(item)
            return None
        name, number, arguments, operands = match.groups()
        gate = self.operands.visible.get(name)
        if gate is None and name in UNDECLARED_NAMES:
            gate = self._undeclared_gate(match)
        if gate.__class__ is not StandardGate:
            self._run_other(item)
            return None
        params = (float(number),) if number else self._arguments(arguments) if arguments else ()
        qubits = self._qubits.get(operands) or self._distinct_qubits(operands)
        if qubits is None:
            self._run_call(item, _Call(gate, params, self.operands.qubits(operands)))
            return None
        if len(params) != gate.num_parameters or len(qubits) != gate.num_qubits:
            raise UnsupportedByFastPath
        operation = self._simple_calls[item] = simple_operation(gate, params, qubits)
        return operation

    def _undeclared_gate(self, call: re.Match[str], num_controls: int = 0) -> Gate:
        """Return the gate of a call of an undeclared name."""
        name, number, arguments, operands = call.groups()
        num_parameters = 1 if number else len(self._arguments(arguments)) if arguments else 0
        num_qubits = len(self.operands.qubits(operands)) - num_controls
        return self.operands.undeclared_gate(name, num_parameters, num_qubits)

    def _arguments(self, text: str) -> tuple[float, ...]:
        """Return the values of arguments, with a comma between two."""
        if "(" in text:
            return self._evaluate(text)
        values = []
        for argument in text.split(","):
            value = self._values.get(argument)
            if value is None:
                value = self._values[argument] = self._value(argument.strip(WHITE_SPACE))
            values.append(value)
        return tuple(values)

    def _value(self, argument: str) -> float:
        """Return the value of one argument."""
        if _NUMBER.fullmatch(argument):
            return float(argument)
        fraction = _PI_FRACTION.fullmatch(argument)
        if fraction is None or "pi" in self.operands.visible:
            (value,) = self._evaluate(argument)
            return value
        sign, factor, divisor = fraction.groups()
        value = int(factor or 1) * math.pi / int(divisor or 1)
        return -value if sign else value

    def _evaluate(self, text: str) -> tuple[float, ...]:
        if not self._openqasm2:
            return evaluate_arguments(text, self.operands.visible, apply_binary)
        return evaluate_arguments(
            text.replace("^", "**"), self.operands.visible, apply_openqasm2_binary
        )

    def _distinct_qubits(self, operands: str) -> tuple[int, ...] | None:
        """Return the qubits of a call; None if one is a register, or if two are equal."""
        qubits = self.operands.qubits(operands)
        for qubit in qubits:
            if qubit.__class__ is not int:
                return None
        if len(set(qubits)) < len(qubits):
            return None
        self._qubits[operands] = qubits
        return qubits

    def _run_call(self, item: str, call: _Call) -> None:
        gate, params, qubits, modifiers = call
        if len(params) != gate.num_parameters or isinstance(gate, OpaqueGate):
            raise UnsupportedByFastPath
        if len(qubits) != gate.num_qubits + len(modifiers.controls):
            raise UnsupportedByFastPath
        gate_call = GateCall(gate, modifiers, self._settings.max_operations, _NO_SPAN)
        self._other_calls[item] = constant_operations(gate_call, qubits, params)
        self._add_cached(item)
        if len(self._other_calls[item][0]) > MAX_CACHED_OPERATIONS:
            del self._other_calls[item]

    def _add_cached(self, item: str) -> None:
        operations, cost = self._other_calls[item]
        self._cost += cost
        if self._cost > self._settings.max_operations:
            raise UnsupportedByFastPath
        self._pending.extend(operations)

    def _run_other(self, item: str) -> None:
        """Run a statement that is not a simple call."""
        if item in self._other_calls:
            self._add_cached(item)
        elif match := _MEASURE_ASSIGNMENT.fullmatch(item):
            self._measure(match[2], match[1])
        elif match := _MEASURE_ARROW.fullmatch(item):
            self._measure(match[1], match[2])
        elif match := _RESET.fullmatch(item):
            (qubits,) = self.operands.qubits(match[1])
            self._flush()
            self.trace.reset(as_sequence(qubits))
        elif match := _BARRIER.fullmatch(item):
            self._barrier(match[1])
        elif match := _GPHASE.fullmatch(item):
            self._run_call(item, _Call(GPHASE, self._arguments(match[1]), ()))
        else:
            self._run_modified_call(item)

    def _barrier(self, text: str) -> None:
        """Run a barrier; only a device keeps it, but all its operands must exist."""
        every_qubit = range(self.operands.count)
        operands = self.operands.qubits(text) if text.strip(WHITE_SPACE) else (every_qubit,)
        if self._keeps_barriers:
            self._flush()
            qubits = dict.fromkeys([qubit for each in operands for qubit in as_sequence(each)])
            # One object for equal barriers, of which a program can have thousands.
            barrier = self._barriers.setdefault(tuple(qubits), barrier_operation(qubits))
            self.trace.apply_timing((barrier,))

    def _measure(self, qubits: str, bits: str | None) -> None:
        (source,) = self.operands.qubits(qubits)
        target = None if bits is None else self.operands.bits(bits)
        self._flush()
        if source.__class__ is target.__class__ is int:
            self.memory[target] = self.trace.measure(source)
            return
        cells = None if target is None else as_sequence(target)
        if cells is not None and len(cells) != len(as_sequence(source)):
            raise UnsupportedByFastPath
        outcomes = [self.trace.measure(qubit) for qubit in as_sequence(source)]
        for cell, outcome in zip(cells or (), outcomes, strict=False):
            self.memory[cell] = outcome

    def _run_modified_call(self, item: str) -> None:
        """Run `ctrl @ inv @ x q[0], q[1]`, or the call of a composite gate."""
        *modifier_texts, call = item.split("@")
        match = _CALL.fullmatch(call)
        if match is None or len(modifier_texts) > self._max_modifiers:
            raise UnsupportedByFastPath
        modifiers = self._parse_modifiers(modifier_texts)
        gate = self.operands.visible.get(match[1])
        gate = gate or self._undeclared_gate(match, len(modifiers.controls))
        if not isinstance(gate, Gate):
            raise UnsupportedByFastPath
        arguments = match[2] or match[3]
        params = self._arguments(arguments) if arguments else ()
        qubits = self.operands.qubits(match[4])
        self._run_call(item, _Call(gate, params, qubits, modifiers))

    def _parse_modifiers(self, texts: Sequence[str]) -> Modifiers:
        powers: list[float] = []
        controls: list[bool] = []
        for text in texts:
            match = _MODIFIER.fullmatch(text)
            if match is None or match["count"] == "0":
                raise UnsupportedByFastPath
            if match["control"]:
                controls += [match["control"] == "ctrl"] * int(match["count"] or 1)
            else:
                (power,) = (-1.0,) if match["inv"] else self._arguments(match["power"])
                powers.insert(0, power)
            if len(controls) > MAX_CONTROLS:
                raise UnsupportedByFastPath
        return Modifiers(tuple(powers), tuple(controls))
