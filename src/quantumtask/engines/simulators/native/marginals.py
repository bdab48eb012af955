"""Marginals of distributions over qubits."""

from collections.abc import Sequence

import numpy as np

from quantumtask.engines.observables.observable import FloatArray
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.kernels import ComplexArray


def marginal(vector: ComplexArray, places: Sequence[int]) -> FloatArray:
    """Probabilities of the qubits at these places, ascending; the first is the lowest bit."""
    view, _ = kernels.split(vector, places)
    probabilities: FloatArray = np.square(view.real)
    probabilities += np.square(view.imag)
    for axis in range(view.ndim - 1, -1, -2):
        probabilities = probabilities.sum(axis=axis)
    return probabilities.reshape(-1)


def expand_to_all_qubits(vector: ComplexArray, touched: Sequence[int], qubits: int) -> ComplexArray:
    """The state of all qubits, where those that are not touched are 0."""
    if len(touched) == qubits:
        return vector
    whole = np.zeros(1 << qubits, dtype=np.complex128)
    view, axes = kernels.split(whole, [q for q in range(qubits) if q not in set(touched)])
    index: list[slice | int] = [slice(None)] * view.ndim
    for axis in axes.values():
        index[axis] = 0
    view[tuple(index)] = vector.reshape(view[tuple(index)].shape)
    return whole
