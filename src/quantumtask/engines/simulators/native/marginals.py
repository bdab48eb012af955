"""Marginal distributions and embeddings of state vectors."""

from collections.abc import Sequence

import numpy as np

from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.kernels import ComplexArray


def marginal(vector: ComplexArray, positions: Sequence[int]) -> FloatArray:
    """Return the probabilities of the qubits at these positions.

    The positions ascend; bit k of an index of the result is the k-th of them.
    """
    probabilities: FloatArray = np.square(vector.real)
    probabilities += np.square(vector.imag)
    return sum_over_others(probabilities, positions)


def sum_over_others(probabilities: FloatArray, positions: Sequence[int]) -> FloatArray:
    """Return the probabilities of the qubits at these positions from those of all qubits.

    The positions ascend; bit k of an index of the result is the k-th of them.
    """
    if 1 << len(positions) == len(probabilities):
        return probabilities
    view, _ = kernels.split(probabilities, positions)
    for axis in range(view.ndim - 1, -1, -2):
        view = view.sum(axis=axis)
    summed: FloatArray = view.reshape(-1)
    return summed


def expand_to_all_qubits(
    vector: ComplexArray, active_qubits: Sequence[int], qubits: int
) -> ComplexArray:
    """Return the state of the qubits 0 to `qubits` - 1, where inactive qubits are |0>.

    Args:
        vector: The state of the active qubits; bit k of an index is the k-th of them.
        active_qubits: The active qubits, ascending.
        qubits: The number of all qubits.
    """
    if len(active_qubits) == qubits:
        return vector
    state = np.zeros(1 << qubits, dtype=np.complex128)
    inactive = [q for q in range(qubits) if q not in set(active_qubits)]
    view, axes = kernels.split(state, inactive)
    index: list[slice | int] = [slice(None)] * view.ndim
    for axis in axes.values():
        index[axis] = 0
    view[tuple(index)] = vector.reshape(view[tuple(index)].shape)
    return state
