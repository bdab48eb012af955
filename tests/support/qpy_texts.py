"""Circuits in QPY, as the texts of tasks."""

import io
import json
import zlib
from typing import Any

import numpy as np
from qiskit import QuantumCircuit, qpy

from quantumtask.openqasm.inputs.array_codec import encode_array
from quantumtask.shared.output_kinds import ALL_PARAMETERS
from quantumtask.shared.qpy_text import encode_qpy


def qpy_file(circuit: QuantumCircuit, version: int | None = None) -> bytes:
    """Return the file of a circuit."""
    stream = io.BytesIO()
    qpy.dump(circuit, stream, **({} if version is None else {"version": version}))
    return stream.getvalue()


def qpy_text(circuit: QuantumCircuit, version: int | None = None) -> str:
    """Return the text of a circuit, compressed as by IBM's client."""
    return encode_qpy(zlib.compress(qpy_file(circuit, version)))


def qpy_body(circuit: QuantumCircuit, **fields: Any) -> dict[str, Any]:
    """Return the body of a task."""
    return {"circuit": qpy_text(circuit), "circuit_format": "qpy", **fields}


def by_position(values: Any) -> dict[str, Any]:
    """Return the values of all parameters, the last dimension in the order of the circuit."""
    return {ALL_PARAMETERS: encode_array(np.asarray(values, dtype=np.float64))}


def qpy_options(**options: Any) -> str:
    """Return the options of a task as a slot gets them."""
    return json.dumps({"circuit_format": "qpy", **options})
