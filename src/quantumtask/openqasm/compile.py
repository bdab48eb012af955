"""The way from a text to a program: the short path where it goes, the full one where it must."""

from quantumtask.openqasm.full import compile_full, prepared
from quantumtask.openqasm.gates import Operation, Unitary
from quantumtask.openqasm.program import Program
from quantumtask.openqasm.remembered import Remembered
from quantumtask.openqasm.straight import compile_straight
from quantumtask.shared.settings import Settings

__all__ = ["compile_circuit", "compile_fresh", "prepared"]

MOST_REMEMBERED = 200_000
"""Operations of all remembered programs together: some thirty megabytes at most."""

LEAST = 20
"""What the smallest program takes, in operations."""

_remembered: Remembered[Program] = Remembered(MOST_REMEMBERED)


def compile_circuit(text: str, settings: Settings, parameters: str | None = None) -> Program:
    """The program that a text describes, with `parameters` (a JSON object) for its inputs.

    Raises CircuitError with every problem of the text. Programs are remembered, the last used
    ones, because the same circuit often comes again; nobody changes a Program.
    """
    key = (text, settings, parameters)
    program = _remembered.get(key)
    if program is None:
        program = compile_fresh(text, settings, parameters)
        if not _holds_matrices(program):
            letters = len(text) + len(parameters or "")
            _remembered.put(key, program, LEAST + program.size + letters // 100)
    return program


def _holds_matrices(program: Program) -> bool:
    steps = program.circuit.steps if program.circuit else ()
    return any(isinstance(step, Operation) and isinstance(step.gate, Unitary) for step in steps)


def compile_fresh(text: str, settings: Settings, parameters: str | None = None) -> Program:
    """As `compile_circuit`, without remembering anything."""
    straight = compile_straight(text, settings) if parameters is None else None
    return straight or compile_full(text, settings, parameters)
