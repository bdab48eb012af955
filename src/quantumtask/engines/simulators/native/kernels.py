"""Gates on a state vector of numpy, in place.

A state of n qubits is a flat array of 2**n amplitudes; bit k of an index is the qubit at place k.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.engines.gates.gate_action import GateAction

ComplexArray = NDArray[np.complex128]

MAX_BATCHED_PRODUCTS = 64
"""Small matrix products up to which one call for all of them is faster than slices (measured)."""


def apply(vector: ComplexArray, act: GateAction, places: Sequence[int]) -> None:
    """Applies an action to the qubits at these places, as many as it has."""
    if len(places) == 1 and not act.controls and not act.diagonal:
        step = 1 << places[0]
        if len(vector) // (2 * step) <= MAX_BATCHED_PRODUCTS:
            split = vector.reshape(-1, 2, step)
            split[...] = act.matrix @ split
            return
    parts = _parts(vector, act, places)
    if act.diagonal:
        _scale(parts, act.matrix)
    elif len(parts) == 2:
        _mix(parts[0], parts[1], act)
    else:
        _multiply(parts, act.matrix)


def split(vector: ComplexArray, places: Sequence[int]) -> tuple[Any, dict[int, int]]:
    """A view with an axis of length 2 for each of the places, and where those axes are."""
    shape: list[int] = []
    axes = {}
    above = len(vector).bit_length() - 1
    for place in sorted(places, reverse=True):
        axes[place] = len(shape) + 1
        shape += [1 << above - place - 1, 2]
        above = place
    return vector.reshape(*shape, 1 << above), axes


def _parts(vector: ComplexArray, act: GateAction, places: Sequence[int]) -> list[ComplexArray]:
    """Views of the amplitudes that the controls select, one for each value of the targets."""
    view, axes = split(vector, places)
    index: list[Any] = [slice(None)] * view.ndim
    for k, value in act.controls:
        index[axes[places[k]]] = value
    parts = []
    for value in range(1 << len(act.targets)):
        for k, target in enumerate(act.targets):
            index[axes[places[target]]] = value >> k & 1
        parts.append(view[tuple(index)])
    return parts


def _scale(parts: list[ComplexArray], matrix: ComplexArray) -> None:
    for part, factor in zip(parts, matrix.diagonal().tolist(), strict=True):
        if factor != 1:
            part *= factor


def _mix(zero: ComplexArray, one: ComplexArray, act: GateAction) -> None:
    (a, b), (c, d) = act.matrix.tolist()
    if act.flips:
        was = zero.copy()
        np.multiply(one, b, out=zero)
        np.multiply(was, c, out=one)
        return
    mixed = a * zero
    mixed += b * one
    one *= d
    zero *= c
    one += zero
    zero[...] = mixed


def _multiply(parts: list[ComplexArray], matrix: ComplexArray) -> None:
    rows = np.stack(parts)
    changed = matrix @ rows.reshape(len(parts), -1)
    for part, row in zip(parts, changed, strict=True):
        part[...] = row.reshape(part.shape)
