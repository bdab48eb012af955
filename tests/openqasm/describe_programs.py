"""Compiled programs as JSON: a child process, whose results its parent compares."""

import json
import sys
from typing import Any

from quantumtask.openqasm import validate_circuit
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.support.compile_circuit import compile_circuit

SETTINGS = Settings()
Text = tuple[str, str | None]
"""A program, and its parameters as JSON."""


def described(text: Text) -> dict[str, Any]:
    """Return a compiled program, or all its problems, as JSON."""
    try:
        program = compile_circuit(text[0], SETTINGS, text[1])
    except CircuitError as error:
        return {"errors": [[p.code, p.line] for p in error.problems]}
    checked = validate_circuit(text[0], SETTINGS, text[1])
    spans = program.initial_execution.code.spans
    return {
        "registers": program.registers,
        "qubits": program.qubits,
        "operations": program.operations,
        "outputs": program.outputs,
        "fixed": program.fixed_outputs,
        "warnings": program.warnings,
        "places": [[span.lo, span.hi] for span in spans],
        "circuit": None if program.circuit is None else circuit(program.circuit),
        "problems": [[p.code, p.line, p.column, p.message] for p in checked.problems],
    }


def circuit(record: Any) -> list[Any]:
    return [
        [named(step) for step in record.steps],
        record.bits,
        record.measurement_count,
        record.terminal_measurements_only,
    ]


def named(step: Any) -> list[Any]:
    """Return a step of a circuit; a gate by its matrix, because a root has no name."""
    if not hasattr(step, "gate"):
        return [type(step).__name__, *step]
    matrix = [[z.real, z.imag] for z in step.matrix().ravel().tolist()]
    return [matrix, step.qubits, step.controls]


def answer() -> None:
    """Run the child process: read texts from standard input, write their descriptions."""
    assert sys.modules["qdk"] is None
    json.dump([described(tuple(text)) for text in json.load(sys.stdin)], sys.stdout)
