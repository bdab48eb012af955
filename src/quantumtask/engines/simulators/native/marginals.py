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
    shape, removed_axes = _group_axes(len(probabilities).bit_length() - 1, frozenset(positions))
    view = probabilities.reshape(shape)
    for axis in sorted(removed_axes, key=lambda axis: -shape[axis]):
        if shape[axis] == 2:  # two slices are added faster than pairs of neighbours
            before = (slice(None),) * axis
            view = view[(*before, slice(0, 1))] + view[(*before, slice(1, 2))]
        else:
            view = view.sum(axis=axis, keepdims=True)
    summed: FloatArray = view.reshape(-1)
    return summed


def _group_axes(qubits: int, selected: frozenset[int]) -> tuple[list[int], list[int]]:
    """Return a shape with one axis for neighbours that are all selected or all removed.

    The second value has the axes of the removed qubits.
    """
    shape: list[int] = []
    removed_axes: list[int] = []
    for position in range(qubits - 1, -1, -1):
        is_selected = position in selected
        if position < qubits - 1 and is_selected == (position + 1 in selected):
            shape[-1] *= 2
            continue
        if not is_selected:
            removed_axes.append(len(shape))
        shape.append(2)
    return shape, removed_axes


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
