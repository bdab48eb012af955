"""What a slot can hold, and the errors for what it cannot."""

from collections.abc import Sequence
from math import prod

from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import MIB, Settings
from quantumtask.shared.task import FailureCode

RESERVED_BYTES = 256 * MIB
"""Memory of a slot that is not for the state: Python, Qiskit, the circuit and the counts."""


def available_bytes(settings: Settings) -> int:
    """Memory of a slot that a state may take."""
    slot = settings.slot_memory_bytes
    return max(slot - RESERVED_BYTES, slot // 4)


def out_of_memory(qubits: int, needed: int, available: int) -> ResourceError:
    return ResourceError(
        FailureCode.OUT_OF_MEMORY,
        f"the state of {qubits} qubits needs {format_bytes(needed)} of memory, "
        f"and this slot has {format_bytes(available)} for it",
    )


def non_finite_state() -> ResourceError:
    return ResourceError(
        FailureCode.ENGINE_REFUSED, "the state is not a number: an angle is too large"
    )


def check_result_size(size: int, settings: Settings) -> None:
    """Refuses a result of so many bytes if that is too much; best before it is written."""
    if size > settings.max_result_bytes:
        raise ResourceError(
            FailureCode.RESULT_TOO_LARGE,
            f"the result would take {format_bytes(size)}, "
            f"and at most {format_bytes(settings.max_result_bytes)} are kept",
        )


def check_encoded_size(shape: Sequence[int], itemsize: int, settings: Settings) -> None:
    """Refuses an array that is too large as base64, before there is one."""
    check_result_size(prod(shape) * itemsize * 4 // 3, settings)


def format_bytes(size: float) -> str:
    """A number of bytes with its unit: "4.0 GiB"."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1e} ZiB" if size >= 1024 else f"{size:.1f} ZiB"
