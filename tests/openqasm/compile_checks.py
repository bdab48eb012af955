"""Texts that compile, and texts with one error."""

from typing import Any

import numpy as np
import pytest

from quantumtask.openqasm.compiler.pipeline import compile_full
from quantumtask.openqasm.fast_path.compile import compile_straight_line
from quantumtask.openqasm.program.program import Program
from quantumtask.shared.errors import CircuitError
from quantumtask.shared.settings import Settings
from tests.engines.dense_reference import Dense

SETTINGS = Settings()


def unitary(program: Program) -> Any:
    """Return the matrix of a program; bit k of an index is qubit k."""
    assert program.circuit is not None
    columns = []
    for index in range(1 << program.qubits):
        state = Dense(program.qubits)
        state.vector = np.zeros(1 << program.qubits, dtype=complex)
        state.vector[index] = 1
        state.vector = state.vector.reshape((2,) * program.qubits)
        state.apply(program.circuit.steps)  # type: ignore[arg-type]
        columns.append(state.vector.reshape(-1))
    return np.array(columns).T


def compile_valid(text: str) -> Program:
    return compile_full(text, SETTINGS).program


def error_of(text: str) -> Any:
    with pytest.raises(CircuitError) as error:
        compile_full(text, SETTINGS)
    assert compile_straight_line(text, SETTINGS) is None
    return error.value.problems[0]
