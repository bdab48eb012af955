"""What is one array for each program: probabilities, state vectors, unitary matrices."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.backends.base import Backend
from quantumtask.engines.limits import check_encoded_size
from quantumtask.engines.outputs.output_spec import invalid_options
from quantumtask.openqasm.program.program import Program, Sweep
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.output_kinds import PROBABILITIES, STATEVECTOR, UNITARY
from quantumtask.shared.settings import Settings
from quantumtask.shared.task import FailureCode

MAX_PROBABILITY_BITS = 24
"""Bits of a result up to which it has a table of probabilities."""

MAX_ARRAY_QUBITS = 50
"""Largest number of qubits whose array size is computed; every result is far smaller."""


class ArrayCollector:
    """The arrays of one kind; raises ResourceError for what is too large, before it is there."""

    def __init__(self, sweep: Sweep, kind: str, device: Backend, settings: Settings) -> None:
        self._kind = kind
        self._sweep = sweep
        self._make = {
            PROBABILITIES: device.probabilities,
            STATEVECTOR: device.statevector,
            UNITARY: device.unitary,
        }[kind]
        shape = (sweep.size, *_shape(kind, sweep.program))
        dtype = np.dtype(np.float64 if kind == PROBABILITIES else np.complex128)
        check_encoded_size(shape, dtype.itemsize, settings)
        self._found = np.empty(shape, dtype=dtype)

    def add(self, number: int, program: Program, seed: int) -> None:
        del seed
        self._found[number] = self._make(program)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        found = self._found
        return {self._kind: found.reshape(*self._sweep.shape, *found.shape[1:])}


def _shape(kind: str, program: Program) -> tuple[int, ...]:
    if kind == PROBABILITIES:
        if program.bits > MAX_PROBABILITY_BITS:
            raise invalid_options(
                f"return: probabilities need a result of at most {MAX_PROBABILITY_BITS} bits; "
                f"got {program.bits:,}"
            )
        return (1 << program.bits,)
    _check_qubits(kind, program.qubits)
    size = 1 << program.qubits
    return (size,) if kind == STATEVECTOR else (size, size)


def _check_qubits(kind: str, qubits: int) -> None:
    """Raises ResourceError for a state that no machine can hold, before its size is computed."""
    if qubits > MAX_ARRAY_QUBITS:
        rows = f"2**{qubits}" if kind == STATEVECTOR else f"4**{qubits}"
        raise ResourceError(
            FailureCode.RESULT_TOO_LARGE,
            f"a {kind} is of all {qubits:,} qubits, numbers 0 to {qubits - 1:,}, and has {rows} "
            "elements: ask for counts, or number the qubits from 0",
        )
