"""Gates on a NumPy state vector, in place.

A state of n qubits is an array of 2**n amplitudes; bit k of an index is the qubit at position k.
Several states are the columns of an array with 2**n rows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import GateAction

ComplexArray = NDArray[np.complex128]

MAX_BATCHED_PRODUCTS = 64
"""Number of small matrix products up to which one batched call is faster than slices (measured)."""


def apply(vector: ComplexArray, action: GateAction, positions: Sequence[int]) -> None:
    """Apply a gate to the qubits at these positions, one for each qubit of the gate."""
    if len(positions) == 1 and not action.controls and not action.diagonal:
        step = 1 << positions[0]
        if len(vector) // (2 * step) <= MAX_BATCHED_PRODUCTS:
            halves = vector.reshape(len(vector) // (2 * step), 2, -1)
            halves[...] = action.matrix @ halves
            return
    parts = _target_parts(vector, action, positions)
    if action.diagonal:
        _scale(parts, action.matrix)
    elif len(parts) == 2:
        _combine(parts[0], parts[1], action)
    else:
        _multiply(parts, action.matrix)


def overlaps(
    bra: ComplexArray, ket: ComplexArray, action: GateAction, positions: Sequence[int]
) -> ComplexArray:
    """Return the inner products of the parts of two states for each pair of values of the targets.

    The trace of the product of a matrix on the targets and the transpose of this array is the
    matrix element of the controlled matrix between the states.
    """
    bras = [part.ravel() for part in _target_parts(bra, action, positions)]
    kets = [part.ravel() for part in _target_parts(ket, action, positions)]
    return np.array([[np.vdot(row, column) for column in kets] for row in bras])


def split(vector: NDArray[Any], positions: Sequence[int]) -> tuple[Any, dict[int, int]]:
    """Return a view with an axis of length 2 for each position, and the axis of each position."""
    shape: list[int] = []
    axes = {}
    above = len(vector).bit_length() - 1
    for position in sorted(positions, reverse=True):
        axes[position] = len(shape) + 1
        shape += [1 << above - position - 1, 2]
        above = position
    return vector.reshape(*shape, -1), axes


def _target_parts(
    vector: ComplexArray, action: GateAction, positions: Sequence[int]
) -> list[ComplexArray]:
    """Return views of the amplitudes that the controls select, one for each target value."""
    view, axes = split(vector, positions)
    index: list[Any] = [slice(None)] * view.ndim
    for k, value in action.controls:
        index[axes[positions[k]]] = value
    parts = []
    for value in range(1 << len(action.targets)):
        for k, target in enumerate(action.targets):
            index[axes[positions[target]]] = value >> k & 1
        parts.append(view[tuple(index)])
    return parts


def _scale(parts: list[ComplexArray], matrix: ComplexArray) -> None:
    for part, factor in zip(parts, matrix.diagonal().tolist(), strict=True):
        if factor != 1:
            part *= factor


def _combine(zero: ComplexArray, one: ComplexArray, action: GateAction) -> None:
    """Multiply the parts for the target values 0 and 1 by a 2 x 2 matrix."""
    (a, b), (c, d) = action.matrix.tolist()
    if action.is_flip:
        old_zero = zero.copy()
        np.multiply(one, b, out=zero)
        np.multiply(old_zero, c, out=one)
        return
    new_zero = a * zero
    new_zero += b * one
    one *= d
    zero *= c
    one += zero
    zero[...] = new_zero


def _multiply(parts: list[ComplexArray], matrix: ComplexArray) -> None:
    rows = np.stack(parts)
    products = matrix @ rows.reshape(len(parts), -1)
    for part, row in zip(parts, products, strict=True):
        part[...] = row.reshape(part.shape)
