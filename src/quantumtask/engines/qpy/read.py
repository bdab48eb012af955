"""Reader of circuits in QPY. Only a slot calls it: the file can be hostile."""

import io
import re
import warnings

from qiskit import QuantumCircuit, qpy

from quantumtask.shared.errors import CircuitError
from quantumtask.shared.qpy_text import QpyFormatError, QpyHead, decode_qpy, read_head
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import Problem

BAD_QPY = "bad_qpy"
UNSUPPORTED_CIRCUIT = "unsupported_circuit"

_MAX_REASON = 200
_NOT_ASCII = re.compile(r"[^ -~]+")
_PANIC = "PanicException"
"""Name of the exception of Qiskit's compiled code that is no `Exception`."""


def read_qpy(text: str, settings: Settings) -> QuantumCircuit:
    """Return the circuit of a text.

    Args:
        text: Base64 of QPY, which may be compressed by zlib or gzip.
        settings: The limits of the service.

    Raises:
        CircuitError: `bad_qpy` if the text is not QPY that this version of Qiskit reads, or is
            beyond the limits.
    """
    try:
        data = decode_qpy(text)
        head = read_head(data)
    except QpyFormatError as error:
        raise circuit_error(BAD_QPY, f"circuit: {error}") from None
    _check_head(head, settings)
    circuit = _load(data)
    if not isinstance(circuit, QuantumCircuit):
        raise circuit_error(BAD_QPY, "circuit: the QPY file must contain a QuantumCircuit")
    return circuit


def circuit_error(code: str, message: str) -> CircuitError:
    """Return the error of a circuit that has no lines."""
    return CircuitError(Problem(code, message))


def _check_head(head: QpyHead, settings: Settings) -> None:
    """Check the numbers of the header, before memory is allocated for them."""
    if head.version > qpy.QPY_VERSION:
        raise circuit_error(
            BAD_QPY,
            f"QPY version must be at most {qpy.QPY_VERSION}, which the Qiskit of this service "
            f"reads; got {head.version}: pass version={qpy.QPY_VERSION} to `qpy.dump`",
        )
    limits = {
        "qubits": (head.qubits, settings.max_qubits),
        "bits": (head.bits, settings.max_bits),
        "operations": (head.operations, settings.max_operations),
    }
    for name, (count, limit) in limits.items():
        if count > limit:
            message = f"the circuit must have at most {limit:,} {name}; got {count:,}"
            raise circuit_error(f"too_many_{name}", message)


def _load(data: bytes) -> object:
    try:
        with warnings.catch_warnings():
            # Of a newer Qiskit that wrote a version of the format that this one reads.
            warnings.simplefilter("ignore")
            (circuit,) = qpy.load(io.BytesIO(data))
    except MemoryError:
        raise
    except RecursionError:
        raise circuit_error("nesting_too_deep", "the circuit is nested too deeply") from None
    except BaseException as error:  # of Qiskit's Python or compiled code, for a damaged file
        if not isinstance(error, Exception) and type(error).__name__ != _PANIC:
            raise
        message = f"Qiskit cannot read this QPY: {type(error).__name__}: {_reason(error)}"
        raise circuit_error(BAD_QPY, message) from None
    return circuit


def _reason(error: BaseException) -> str:
    """Return the first line of a message, without the frames that its reader draws."""
    text = _NOT_ASCII.sub(" ", f"{error}".partition("Backtrace")[0])
    return " ".join(text.split())[:_MAX_REASON]
