"""The short path from a text to a program, for one that is a straight line of plain statements.

The full path reads what declares something (registers, constants, gates), because there is little
of it. Calls, measurements, resets and barriers, of which there can be very many, are read here,
each by one regular expression. At the first thing that is not certain to mean the same to the full
path, this path gives up without a word: whatever is wrong is told there.
"""

from functools import partial

from quantumtask.openqasm.compiler.pipeline import (
    compile_full,
    undeclared_gate_messages,
    unmeasured_warnings,
)
from quantumtask.openqasm.fast_path.declarations import read_declarations
from quantumtask.openqasm.fast_path.interpreter import Interpreter
from quantumtask.openqasm.fast_path.statements import UnsupportedByFastPath, split_sections
from quantumtask.openqasm.gates.hardware import TargetGates
from quantumtask.openqasm.program.execution import Execution
from quantumtask.openqasm.program.program import Program
from quantumtask.openqasm.program.tracer import OperationLimitExceeded
from quantumtask.openqasm.text.source import Diagnostic
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.processes import gc_paused
from quantumtask.shared.settings import Settings

MIN_NESTING_LIMIT = 30
"""Brackets in brackets that a statement can have here."""


def compile_straight_line(
    text: str, settings: Settings, device: TargetGates | None = None
) -> Program | None:
    """The program of a text, the same as `compile_full` gives; None where that is not certain."""
    if settings.max_nesting < MIN_NESTING_LIMIT:
        return None
    try:
        with gc_paused():
            return _compiled(text, settings, device)
    except (
        UnsupportedByFastPath,
        Diagnostic,
        CircuitError,
        OperationLimitExceeded,
        ArithmeticError,
        ValueError,
        RecursionError,
    ):
        return None


def _compiled(text: str, settings: Settings, device: TargetGates | None) -> Program:
    parts = split_sections(text)
    head = read_declarations([item for part in parts for item in part.declared], settings, device)
    reader = Interpreter(head, settings, device)
    reader.read(parts)
    circuit = reader.trace.circuit([reader.memory[cell] for cell in head.cells])
    operations, qubits = len(circuit.steps), reader.operands.count
    return Program(
        head.registers,
        qubits,
        partial(_process, text, settings, device),
        circuit,
        operations,
        operations + qubits + len(head.cells),
        (),
        {},
        (
            *head.warnings,
            *undeclared_gate_messages(reader.operands.undeclared_gates),
            *unmeasured_warnings(circuit),
        ),
        reader.operands.physical,
    )


def _process(text: str, settings: Settings, device: TargetGates | None) -> Execution:
    return compile_full(text, settings, None, device).program.initial_execution
