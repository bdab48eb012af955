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
    view, _ = kernels.split(vector, positions)
    probabilities: FloatArray = np.square(view.real)
    probabilities += np.square(view.imag)
    for axis in range(view.ndim - 1, -1, -2):
        probabilities = probabilities.sum(axis=axis)
    return probabilities.reshape(-1)


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
