"""Compilation of straight-line programs without a syntax tree.

The compiler reads the declarations (registers, constants, gates), which are few. Gate calls,
measurements, resets and barriers, of which there can be very many, are read here, each with one
regular expression. Any statement that may mean something else to the compiler, or that may have a
mistake, raises UnsupportedByFastPath; then the compiler compiles the whole text and reports errors.
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
"""Deepest nesting of a statement that the fast path accepts."""


def compile_straight_line(
    text: str, settings: Settings, device: TargetGates | None = None
) -> Program | None:
    """Return the program of a text, equal to that of `compile_full`.

    Args:
        text: The text of a circuit.
        settings: Limits of the circuit.
        device: The gates that stay as they are; None for an ideal simulator.

    Returns:
        The program; None if the text needs the compiler.
    """
    if settings.max_nesting < MIN_NESTING_LIMIT:
        return None
    try:
        with gc_paused():
            return _compile(text, settings, device)
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


def _compile(text: str, settings: Settings, device: TargetGates | None) -> Program:
    sections = split_sections(text)
    items = [item for section in sections for item in section.declarations]
    declarations = read_declarations(items, settings, device)
    interpreter = Interpreter(declarations, settings, device)
    interpreter.run(sections)
    circuit = interpreter.trace.circuit(
        [interpreter.memory[cell] for cell in declarations.result_cells]
    )
    operands = interpreter.operands
    operations = len(circuit.steps)
    return Program(
        declarations.registers,
        operands.count,
        partial(_initial_execution, text, settings, device),
        circuit,
        operations,
        operations + operands.count + len(declarations.result_cells),
        (),
        {},
        (
            *declarations.warnings,
            *undeclared_gate_messages(operands.undeclared_origins),
            *unmeasured_warnings(circuit, operands.count),
        ),
        operands.has_physical,
    )


def _initial_execution(text: str, settings: Settings, device: TargetGates | None) -> Execution:
    return compile_full(text, settings, None, device).program.initial_execution
