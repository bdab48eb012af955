"""QuantumTask for Qiskit: a provider with backends, and primitives that run on the service."""

import io
import zlib

from qiskit import qpy
from qiskit.circuit import QuantumCircuit

from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.estimator import EstimatorV2
from quantumtask.client.qiskit.job import PrimitiveJob, QuantumTaskJob
from quantumtask.client.qiskit.options import UnsupportedOption
from quantumtask.client.qiskit.provider import QuantumTaskProvider
from quantumtask.client.qiskit.sampler import SamplerV2
from quantumtask.export.program import lower
from quantumtask.export.writer import UnsupportedCircuit

__all__ = [
    "EstimatorV2",
    "PrimitiveJob",
    "QuantumTaskBackend",
    "QuantumTaskJob",
    "QuantumTaskProvider",
    "SamplerV2",
    "UnsupportedCircuit",
    "UnsupportedOption",
    "lower",
    "openqasm",
    "qpy_bytes",
]


def openqasm(circuit: QuantumCircuit) -> str:
    """Return the OpenQASM 3 text of a circuit, with an input for each of its parameters.

    Raises:
        UnsupportedCircuit: OpenQASM cannot express the circuit.
    """
    return lower(circuit).text


def qpy_bytes(circuit: QuantumCircuit) -> bytes:
    """Return a circuit in QPY, compressed."""
    stream = io.BytesIO()
    qpy.dump(circuit, stream)
    return zlib.compress(stream.getvalue())
