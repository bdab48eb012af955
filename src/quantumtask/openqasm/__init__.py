"""Circuit text -> program: parse, check, and lower to what an engine runs."""

from quantumtask.openqasm.compile import compile_circuit
from quantumtask.openqasm.program import Program, Register

__all__ = ["Program", "Register", "compile_circuit"]
