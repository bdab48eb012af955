"""Compilation of a circuit text to a single program."""

from quantumtask.openqasm import Program, compile_sweep
from quantumtask.shared.settings import Settings


def compile_circuit(text: str, settings: Settings, parameters: str | None = None) -> Program:
    """Return the first program of a text."""
    return compile_sweep(text, settings, parameters).program
