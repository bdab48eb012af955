"""The unitary of an OpenQASM text, by our own compiler and engine."""

import json
from base64 import b64decode
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.doors.ionq.circuit_budget import CircuitBudget
from quantumtask.doors.ionq.json_circuit import translate
from quantumtask.engines import run_sweep
from quantumtask.engines.outputs.output_spec import OutputSpec
from quantumtask.openqasm import compile_sweep
from quantumtask.shared.output_kinds import UNITARY
from quantumtask.shared.settings import Settings

Matrix = NDArray[Any]

LIMITS = Settings()


def text_of(circuit: Any, qubits: int, gate_set: str, place: str = "") -> str:
    """Return a JSON circuit of IonQ as OpenQASM, as a job with this circuit alone has it."""
    return translate(circuit, qubits, gate_set, place, CircuitBudget(LIMITS.max_body_bytes)).text


def unitary_of(text: str) -> Matrix:
    """Return the matrix of all gates of a text; the first qubit is the lowest bit of an index."""
    spec = OutputSpec(frozenset({UNITARY}), 1)
    result = run_sweep(compile_sweep(text, LIMITS, None), spec, seed=1, settings=LIMITS)
    assert result.data
    assert result.warnings == ()
    array = json.loads(result.data)[UNITARY]
    return np.frombuffer(b64decode(array["data"]), "<c16").reshape(array["shape"])


def distance(one: Matrix, other: Matrix) -> float:
    """Return the largest difference of two matrices up to a global phase."""
    phase = np.vdot(one, other)
    return float(np.abs(one * (phase / abs(phase)) - other).max())
