"""Outputs that are one array for each program: probabilities, state vectors and unitaries."""

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
"""Largest number of classical bits of a table of probabilities."""

MAX_ARRAY_QUBITS = 50
"""Largest number of qubits for which the size of an array is computed; no result is so large."""


class ArrayCollector:
    """Collects the arrays of one kind."""

    def __init__(self, sweep: Sweep, kind: str, backend: Backend, settings: Settings) -> None:
        """Create a collector.

        Args:
            kind: PROBABILITIES, STATEVECTOR or UNITARY.

        Raises:
            ResourceError: `result_too_large`, or `bad_options` for too many classical bits.
        """
        self._kind = kind
        self._sweep = sweep
        self._compute = {
            PROBABILITIES: backend.probabilities,
            STATEVECTOR: backend.statevector,
            UNITARY: backend.unitary,
        }[kind]
        shape = (sweep.size, *_shape(kind, sweep.program))
        dtype = np.dtype(np.float64 if kind == PROBABILITIES else np.complex128)
        check_encoded_size(shape, dtype.itemsize, settings, f"Return counts without `{kind}`")
        self._rows = np.empty(shape, dtype=dtype)

    def add(self, number: int, program: Program, _: int) -> None:
        """Compute the array of a program; see `OutputCollector.add`."""
        self._rows[number] = self._compute(program)

    @property
    def arrays(self) -> dict[str, NDArray[Any]]:
        """One array with the values of all programs; its first dimensions are the sweep's."""
        return {self._kind: self._rows.reshape(*self._sweep.shape, *self._rows.shape[1:])}


def _shape(kind: str, program: Program) -> tuple[int, ...]:
    if kind == PROBABILITIES:
        if program.bits > MAX_PROBABILITY_BITS:
            raise invalid_options(
                f"return: {PROBABILITIES} need a result of at most {MAX_PROBABILITY_BITS} bits; "
                f"got {program.bits:,}"
            )
        return (1 << program.bits,)
    _check_qubits(kind, program.qubits)
    size = 1 << program.qubits
    return (size,) if kind == STATEVECTOR else (size, size)


def _check_qubits(kind: str, qubits: int) -> None:
    """Check a number of qubits before the size of the array, a huge integer, is computed.

    Raises:
        ResourceError: no machine can hold the array.
    """
    if qubits > MAX_ARRAY_QUBITS:
        elements = f"2**{qubits}" if kind == STATEVECTOR else f"4**{qubits}"
        raise ResourceError(
            FailureCode.RESULT_TOO_LARGE,
            f"a {kind} covers all {qubits:,} qubits, numbers 0 to {qubits - 1:,}, and has "
            f"{elements} elements: ask for counts, or number the qubits from 0",
        )
