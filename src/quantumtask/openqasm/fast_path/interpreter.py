"""The statements of a straight-line program: calls, measurements, resets, barriers."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from quantumtask.openqasm.compiler.expressions import legacy_binary
from quantumtask.openqasm.compiler.gate_calls import (
    MOST_CONTROLS,
    MOST_MODIFIERS,
    GateCall,
    Modifiers,
    all_operations,
)
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

MAX_CACHED_OPERATIONS = 1000
"""Operations of a statement that are kept, because it may come again."""

_NOWHERE = OffsetSpan(0, 0)
_PLAIN = Modifiers()
_REAL = r"-?+\d{1,40}+\.\d{1,40}+(?:[eE][-+]?+\d{1,3}+)?+"


def _shape(pattern: str) -> re.Pattern[str]:
    """Repetitions give nothing back, but for those that one bracket ends: matching is linear."""
    return re.compile(SPACE + pattern, re.ASCII | re.DOTALL)


_CALL = _shape(
    rf"({NAME}){SPACE}(?:\((?:({_REAL})\)|(.*)\)){SPACE})?([$\w\[\], \t\r\n]++)",
)
_NUMBER = re.compile(_REAL, re.ASCII)
_ASSIGNED = _shape(rf"({OPERAND})={SPACE}measure\b{SPACE}({OPERAND})")
_ARROW = _shape(rf"measure\b{SPACE}({OPERAND})(?:->{SPACE}({OPERAND}))?+")
_RESET = _shape(rf"reset\b{SPACE}({OPERAND})")
_BARRIER = _shape(r"barrier\b(.*)")
_PHASE = _shape(rf"gphase{SPACE}\((.*)\){SPACE}")
_MODIFIER = _shape(
    rf"(?:(?P<inv>inv)|pow{SPACE}\((?P<power>.*)\)"
    rf"|(?P<control>ctrl|negctrl){SPACE}(?:\({SPACE}(?P<count>\d{{1,3}}+){SPACE}\))?+){SPACE}"
)


class _Call(NamedTuple):
    """A call as it is written: `places` are numbers of qubits, or of those of a register."""

    gate: Gate
    params: tuple[float, ...]
    places: tuple[Any, ...]
    modifiers: Modifiers = _PLAIN


class Interpreter:
    """Reads statements in order, with a cache of operands by their text.

    `trace` has the operations, with barriers if the program is for a `device`, and `memory` the
    bits. Every method may raise UnsupportedByFastPath, Diagnostic or OperationLimitExceeded.
    """

    def __init__(
        self, head: Declarations, settings: Settings, device: TargetGates | None = None
    ) -> None:
        self.trace = Tracer(settings.max_operations)
        self.memory: list[int | MeasurementOutcome] = list(head.memory)
        self.operands = OperandResolver(head, settings.max_qubits, device)
        self._settings = settings
        self._keeps_pauses = device is not None
        self._barriers: dict[tuple[int, ...], Operation] = {}  # for thousands of equal barriers
        self._legacy = head.legacy
        self._most_modifiers = 0 if head.legacy else MOST_MODIFIERS
        self._plain: dict[str, Operation] = {}
        self._others: dict[str, tuple[list[Operation], float]] = {}
        self._values: dict[str, float] = {}
        self._qubits: dict[str, tuple[int, ...]] = {}
        self._pending: list[Operation] = []
        self._spent = 0.0

    def read(self, parts: Sequence[Section]) -> None:
        if sum(len(part.run) for part in parts) >= self._settings.max_steps:
            raise UnsupportedByFastPath
        for part in parts:
            for declaration in part.declared:
                if self.operands.declare(declaration):
                    self._plain.clear()
                    self._others.clear()
            self._run(part.run)
        self._flush()
        self.operands.check_declared()

    def _run(self, items: Sequence[str]) -> None:
        known, statement, add = self._plain.get, self._statement, self._pending.append
        for item in items:
            operation = known(item) or statement(item)
            if operation is not None:
                add(operation)

    def _flush(self) -> None:
        """Writes down the calls since the last time."""
        if self._pending:
            self.trace.apply(self._pending)
            self._pending.clear()

    def _statement(self, item: str) -> Operation | None:
        """Reads one statement; gives the operation of a plain call, and does all else itself."""
        found = _CALL.fullmatch(item)
        if found is None:
            self._other(item)
            return None
        name, number, formula, operands = found.groups()
        gate = self.operands.visible.get(name)
        if gate is None and name in UNDECLARED_NAMES:
            gate = self._undeclared(found)
        if gate.__class__ is not StandardGate:
            self._other(item)
            return None
        params = (float(number),) if number else self._arguments(formula) if formula else ()
        qubits = self._qubits.get(operands) or self._distinct(operands)
        if qubits is None:
            self._call(item, _Call(gate, params, self.operands.qubits(operands)))
            return None
        if len(params) != gate.parameters or len(qubits) != gate.qubits:
            raise UnsupportedByFastPath
        operation = self._plain[item] = simple_operation(gate, params, qubits)
        return operation

    def _undeclared(self, call: re.Match[str], controls: int = 0) -> Gate:
        """The gate of a call of an undeclared name. Raises UnsupportedByFastPath."""
        name, number, formula, operands = call.groups()
        parameters = 1 if number else len(self._arguments(formula)) if formula else 0
        qubits = len(self.operands.qubits(operands)) - controls
        return self.operands.undeclared_gate(name, parameters, qubits)

    def _arguments(self, formula: str) -> tuple[float, ...]:
        """The values of arguments, with a comma between two."""
        if "(" in formula:
            return self._calculated(formula)
        values = []
        for argument in formula.split(","):
            value = self._values.get(argument)
            if value is None:
                number = _NUMBER.fullmatch(argument)
                (value,) = (float(argument),) if number else self._calculated(argument)
                self._values[argument] = value
            values.append(value)
        return tuple(values)

    def _calculated(self, formula: str) -> tuple[float, ...]:
        text = formula.replace("^", "**") if self._legacy else formula
        return evaluate_arguments(
            text, self.operands.visible, legacy_binary if self._legacy else apply_binary
        )

    def _distinct(self, operands: str) -> tuple[int, ...] | None:
        """The qubits of a single call; None for a register, and for one qubit twice."""
        found = self.operands.qubits(operands)
        for place in found:
            if place.__class__ is not int:
                return None
        if len(set(found)) < len(found):
            return None
        self._qubits[operands] = found
        return found

    def _call(self, item: str, call: _Call) -> None:
        gate, params, places, modifiers = call
        wrong = len(params) != gate.parameters or isinstance(gate, OpaqueGate)
        if wrong or len(places) != gate.qubits + len(modifiers.controls):
            raise UnsupportedByFastPath
        called = GateCall(gate, modifiers, self._settings.max_operations, _NOWHERE)
        self._others[item] = all_operations(called, places, params)
        self._again(item)
        if len(self._others[item][0]) > MAX_CACHED_OPERATIONS:
            del self._others[item]

    def _again(self, item: str) -> None:
        operations, cost = self._others[item]
        self._spent += cost
        if self._spent > self._settings.max_operations:
            raise UnsupportedByFastPath
        self._pending.extend(operations)

    def _other(self, item: str) -> None:
        """Whatever is not a plain call."""
        if item in self._others:
            self._again(item)
        elif found := _ASSIGNED.fullmatch(item):
            self._measure(found[2], found[1])
        elif found := _ARROW.fullmatch(item):
            self._measure(found[1], found[2])
        elif found := _RESET.fullmatch(item):
            (places,) = self.operands.qubits(found[1])
            self._flush()
            self.trace.reset(as_sequence(places))
        elif found := _BARRIER.fullmatch(item):
            self._barrier(found[1])
        elif found := _PHASE.fullmatch(item):
            self._call(item, _Call(GPHASE, self._arguments(found[1]), ()))
        else:
            self._modified(item)

    def _barrier(self, operands: str) -> None:
        """Reads a barrier: all names must exist, and only a device keeps it."""
        every = range(self.operands.count)
        places = self.operands.qubits(operands) if operands.strip(WHITE_SPACE) else (every,)
        if self._keeps_pauses:
            self._flush()
            found = dict.fromkeys([qubit for place in places for qubit in as_sequence(place)])
            known = self._barriers.setdefault(tuple(found), barrier_operation(found))
            self.trace.apply_timing((known,))

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

    def _modified(self, item: str) -> None:
        """`ctrl @ inv @ x q[0], q[1]`, and calls of gates that are defined."""
        *written, call = item.split("@")
        found = _CALL.fullmatch(call)
        if found is None or len(written) > self._most_modifiers:
            raise UnsupportedByFastPath
        modifiers = self._modifiers(written)
        gate = self.operands.visible.get(found[1])
        gate = gate or self._undeclared(found, len(modifiers.controls))
        if not isinstance(gate, Gate):
            raise UnsupportedByFastPath
        formula = found[2] or found[3]
        params = self._arguments(formula) if formula else ()
        places = self.operands.qubits(found[4])
        self._call(item, _Call(gate, params, places, modifiers))

    def _modifiers(self, written: Sequence[str]) -> Modifiers:
        powers: list[float] = []
        controls: list[bool] = []
        for modifier in written:
            found = _MODIFIER.fullmatch(modifier)
            if found is None or found["count"] == "0":
                raise UnsupportedByFastPath
            if found["control"]:
                controls += [found["control"] == "ctrl"] * int(found["count"] or 1)
            else:
                (power,) = (-1.0,) if found["inv"] else self._arguments(found["power"])
                powers.insert(0, power)
            if len(controls) > MOST_CONTROLS:
                raise UnsupportedByFastPath
        return Modifiers(tuple(powers), tuple(controls))
