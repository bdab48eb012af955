"""The short path from a text to a program, for one that is a straight line of plain statements.

The full path reads what declares something (registers, constants, gates), because there is little
of it. Calls, measurements, resets and barriers, of which there can be very many, are read here,
each by one regular expression. At the first thing that is not certain to mean the same to the full
path, this path gives up without a word: whatever is wrong is told there.
"""

from functools import partial

from quantumtask.openqasm.compiler.pipeline import compile_full, told_undeclared, unmeasured
from quantumtask.openqasm.fast_path.declarations import head_of
from quantumtask.openqasm.fast_path.interpreter import Reader
from quantumtask.openqasm.fast_path.statements import Unsure, sections
from quantumtask.openqasm.gates.hardware import Device
from quantumtask.openqasm.program.process import Process
from quantumtask.openqasm.program.program import Program
from quantumtask.openqasm.program.tracer import TooMany
from quantumtask.openqasm.text.source import Refusal
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.processes import collector_paused
from quantumtask.shared.settings import Settings

DEEPEST = 30
"""Brackets in brackets that a statement can have here."""


def compile_straight(text: str, settings: Settings, device: Device | None = None) -> Program | None:
    """The program of a text, the same as `compile_full` gives; None where that is not certain."""
    if settings.max_nesting < DEEPEST:
        return None
    try:
        with collector_paused():
            return _compiled(text, settings, device)
    except (Unsure, Refusal, CircuitError, TooMany, ArithmeticError, ValueError, RecursionError):
        return None


def _compiled(text: str, settings: Settings, device: Device | None) -> Program:
    parts = sections(text)
    head = head_of([item for part in parts for item in part.declared], settings, device)
    reader = Reader(head, settings, device)
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
            *told_undeclared(reader.operands.undeclared_gates),
            *unmeasured(circuit),
        ),
        reader.operands.physical,
    )


def _process(text: str, settings: Settings, device: Device | None) -> Process:
    return compile_full(text, settings, None, device).program.process
