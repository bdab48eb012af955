"""Circuit text -> program: parse, check, and trace what every shot does."""

from quantumtask.openqasm.compile import compile_circuit
from quantumtask.openqasm.program import Circuit, Measure, Program, Register, Reset
from quantumtask.openqasm.validate import Declaration, Validation, validate_circuit

__all__ = [
    "Circuit",
    "Declaration",
    "Measure",
    "Program",
    "Register",
    "Reset",
    "Validation",
    "compile_circuit",
    "validate_circuit",
]
