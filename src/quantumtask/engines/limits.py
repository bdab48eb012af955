"""Limits of a slot's memory and of the size of a result, and the errors beyond them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import ceil, log2, prod

from quantumtask.shared.errors import ResourceError
from quantumtask.shared.settings import MIB, PREFIX, Settings
from quantumtask.shared.task import FailureCode

RESERVED_BYTES = 256 * MIB
"""Memory of a slot for Python, Qiskit, the circuit and the counts."""


FEWER_SHOTS = "Take fewer shots, or split the sweep into several tasks"
"""The remedy for counts, memory and outputs that are too large."""


def available_bytes(settings: Settings) -> int:
    """Return the memory of a slot that a state may take."""
    slot = settings.slot_memory_bytes
    return max(slot - RESERVED_BYTES, slot // 4)


class StateTooLarge(ResourceError):
    """A state that does not fit the slot.

    Attributes:
        needed: Memory in bytes with which the task would run; None if more may not help.
        qubits: The number of qubits of the state.
        state_bytes: Memory of the state in bytes.
    """

    def __init__(self, message: str, needed: int | None, qubits: int, state_bytes: int) -> None:
        super().__init__(FailureCode.OUT_OF_MEMORY, message)
        self.needed = needed
        self.qubits = qubits
        self.state_bytes = state_bytes


def out_of_memory(
    qubits: int, needed: int, available: int, reason: str = "", *, larger_slot_helps: bool = True
) -> StateTooLarge:
    """Return the error of a state that does not fit the slot.

    Args:
        qubits: The number of qubits of the state.
        needed: Memory of the state in bytes.
        available: Memory of the slot for the state in bytes.
        reason: End of the sentence.
        larger_slot_helps: True if the task runs in a slot with the memory that the state needs.
    """
    return StateTooLarge(
        f"the state of {qubits} qubits needs {format_bytes(needed)} of memory, "
        f"and this slot has {format_bytes(available)} for it{reason}",
        needed if larger_slot_helps else None,
        qubits,
        needed,
    )


def name_remedy(
    error: StateTooLarge, settings: Settings, engine: str | None = None
) -> ResourceError:
    """Return the error of a slot with remedies: the memory of all slots, and the qubits that fit.

    Args:
        error: The error of one slot.
        settings: The settings of the worker.
        engine: The engine that the task names, if it names one.
    """
    slots = settings.max_task_slots
    available = available_bytes(settings.for_slots(slots))
    all_slots = f"; all {slots} slots have {format_bytes(available)}" if slots > 1 else ""
    remedies = [*_remedies(error, settings, available)]
    if engine not in (None, "auto"):
        remedies.append("Without `engine`, the engine that needs least is chosen.")
    text = " ".join(["", *remedies])
    return ResourceError(FailureCode.OUT_OF_MEMORY, f"{error.message}{all_slots}.{text}")


def _remedies(error: StateTooLarge, settings: Settings, available: int) -> Iterator[str]:
    fitting = _fitting_qubits(error.qubits, error.state_bytes, available)
    if fitting > 0:
        yield f"At most {fitting} qubits fit."
    whole = replace(settings, slots=1)
    if settings.max_task_slots < settings.slot_count and error.state_bytes <= available_bytes(
        replace(whole, slot_memory_mb=settings.slot_memory_bytes * settings.slot_count // MIB)
    ):
        yield f"A worker with one slot has enough memory: --slots 1, or {PREFIX}SLOTS=1."
    elif settings.slot_memory_mb and error.state_bytes <= available_bytes(
        replace(whole, slot_memory_mb=0)
    ):
        yield f"The machine has enough memory: raise {PREFIX}SLOT_MEMORY_MB of the worker."


def _fitting_qubits(qubits: int, needed: int, available: int) -> int:
    """Return the largest number of qubits whose state fits.

    With each qubit, a state vector doubles, and a density matrix has four times the size; the
    latter has more bytes than 2 ** (1.6 * qubits), the former less in any slot above 1 MiB.
    """
    growth = 2 if log2(needed) > 1.6 * qubits else 1
    return qubits - ceil(log2(needed / available) / growth)


def slots_for(needed: int, settings: Settings) -> int | None:
    """Return the fewest slots that have so many bytes for a state; None if all have too little."""
    slots = range(1, settings.max_task_slots + 1)
    return next((k for k in slots if needed <= available_bytes(settings.for_slots(k))), None)


def non_finite_state() -> ResourceError:
    """Return the error of a state whose amplitudes are not finite."""
    return ResourceError(
        FailureCode.ENGINE_REFUSED, "the state is not finite: an angle is too large"
    )


def check_result_size(size: int, settings: Settings, remedy: str = "") -> None:
    """Check the size of a result, in bytes, if possible before the result is written.

    Args:
        size: Bytes of the result.
        settings: Settings with the limit.
        remedy: What makes the result smaller, as a sentence.

    Raises:
        ResourceError: `result_too_large`.
    """
    if size > settings.max_result_bytes:
        raise ResourceError(
            FailureCode.RESULT_TOO_LARGE,
            f"the result would take {format_bytes(size)}, and the limit is "
            f"{format_bytes(settings.max_result_bytes)} (QUANTUMTASK_MAX_RESULT_BYTES)"
            f"{remedy and f'. {remedy}'}",
        )


def check_encoded_size(
    shape: Sequence[int], itemsize: int, settings: Settings, remedy: str = ""
) -> None:
    """Check the size of an array in base64 before it is computed; see `check_result_size`.

    Raises:
        ResourceError: `result_too_large`.
    """
    check_result_size(prod(shape) * itemsize * 4 // 3, settings, remedy)


def format_bytes(size: float) -> str:
    """Return a number of bytes with its unit, such as "4.0 GiB"."""
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1e} ZiB" if size >= 1024 else f"{size:.1f} ZiB"
