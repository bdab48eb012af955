"""Circuit text -> program: parse, check, and trace what every shot does."""

from quantumtask.openqasm.compile import compile_circuit, compile_sweep
from quantumtask.openqasm.program.program import Circuit, Measure, Program, Register, Reset, Sweep
from quantumtask.openqasm.validate import Declaration, Validation, validate_circuit

__all__ = [
    "Circuit",
    "Declaration",
    "Measure",
    "Program",
    "Register",
    "Reset",
    "Sweep",
    "Validation",
    "compile_circuit",
    "compile_sweep",
    "validate_circuit",
]
