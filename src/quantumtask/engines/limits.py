"""Limits of a slot's memory and of the size of a result, and the errors beyond them."""

from collections.abc import Sequence
from math import prod

from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import FailureCode

RESERVED_BYTES = 256 * MIB
"""Memory of a slot for Python, Qiskit, the circuit and the counts."""


def available_bytes(settings: Settings) -> int:
    """Return the memory of a slot that a state may take."""
    slot = settings.slot_memory_bytes
    return max(slot - RESERVED_BYTES, slot // 4)


def out_of_memory(qubits: int, needed: int, available: int) -> ResourceError:
    """Return the error of a state that does not fit the slot; sizes are in bytes."""
    return ResourceError(
        FailureCode.OUT_OF_MEMORY,
        f"the state of {qubits} qubits needs {format_bytes(needed)} of memory, "
        f"and this slot has {format_bytes(available)} for it",
    )


def non_finite_state() -> ResourceError:
    """Return the error of a state whose amplitudes are not finite."""
    return ResourceError(
        FailureCode.ENGINE_REFUSED, "the state is not finite: an angle is too large"
    )


def check_result_size(size: int, settings: Settings) -> None:
    """Check the size of a result, in bytes, if possible before the result is written.

    Raises:
        ResourceError: `result_too_large`.
    """
    if size > settings.max_result_bytes:
        raise ResourceError(
            FailureCode.RESULT_TOO_LARGE,
            f"the result would take {format_bytes(size)}, and the limit is "
            f"{format_bytes(settings.max_result_bytes)} (QUANTUMTASK_MAX_RESULT_BYTES)",
        )


def check_encoded_size(shape: Sequence[int], itemsize: int, settings: Settings) -> None:
    """Check the size of an array in base64 before it is computed.

    Raises:
        ResourceError: `result_too_large`.
    """
    check_result_size(prod(shape) * itemsize * 4 // 3, settings)


def format_bytes(size: float) -> str:
    """Return a number of bytes with its unit, such as "4.0 GiB"."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1e} ZiB" if size >= 1024 else f"{size:.1f} ZiB"
