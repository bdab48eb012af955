"""Compiler of OpenQASM: parses, checks, traces and draws circuit texts."""

from quantumtask.openqasm.compile import compile_sweep
from quantumtask.openqasm.draw import draw_circuit
from quantumtask.openqasm.program.program import Circuit, Measure, Program, Register, Reset, Sweep
from quantumtask.openqasm.validate import IoDeclaration, Validation, validate_circuit

__all__ = [
    "Circuit",
    "IoDeclaration",
    "Measure",
    "Program",
    "Register",
    "Reset",
    "Sweep",
    "Validation",
    "compile_sweep",
    "draw_circuit",
    "validate_circuit",
]
