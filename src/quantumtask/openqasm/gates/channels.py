"""Noise channels: their Kraus operators, and the unitary dilation of a channel.

A channel is a unitary on its qubits and on an environment, which is |0> before the unitary and
reset after it (Stinespring's dilation; Nielsen and Chuang, 8.2.3). So every engine that runs gates
and resets runs channels.
"""

import math
from collections.abc import Callable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from scipy.linalg import null_space

from quantumtask.openqasm.program.operations import BASIC_GATES, Matrix

KrausOperators = list[Matrix]

PROBABILITY_TOLERANCE = 1e-12
"""Largest amount by which a sum of probabilities may exceed 1."""

_I, _X, _Y, _Z = (BASIC_GATES[name].matrix() for name in ("id", "x", "y", "z"))


class ChannelType(NamedTuple):
    """A named channel: its numbers of qubits and of parameters, and its Kraus operators.

    `operators` raises ValueError for parameters that are not probabilities.
    """

    qubits: int
    parameters: int
    operators: Callable[..., KrausOperators]


def _mixed(matrices: Sequence[Matrix], chances: Sequence[float]) -> KrausOperators:
    """Kraus operators that apply each matrix but the first with its probability, else the first."""
    rest = 1 - math.fsum(chances)
    rest = 0.0 if -PROBABILITY_TOLERANCE < rest < 0 else rest
    return [
        math.sqrt(chance) * matrix
        for chance, matrix in zip([rest, *chances], matrices, strict=True)
    ]


def _pairs(letters: Sequence[Matrix], chance: float) -> KrausOperators:
    matrices = [np.kron(a, b).astype(np.complex128) for a, b in product(letters, repeat=2)]
    return _mixed(matrices, [chance / (len(matrices) - 1)] * (len(matrices) - 1))


def _damping(gamma: float) -> KrausOperators:
    keeps, falls = math.sqrt(1 - gamma), math.sqrt(gamma)
    return [np.diag([1.0, keeps]).astype(complex), np.array([[0, falls], [0, 0]], dtype=complex)]


def _generalized_damping(gamma: float, chance: float) -> KrausOperators:
    down = _damping(gamma)
    up = [_X @ operator @ _X for operator in down]
    falls, rises = math.sqrt(chance), math.sqrt(1 - chance)
    return [falls * operator for operator in down] + [rises * operator for operator in up]


def _dephasing(gamma: float) -> KrausOperators:
    keeps, turns = math.sqrt(1 - gamma), math.sqrt(gamma)
    return [np.diag([1.0, keeps]).astype(complex), np.diag([0.0, turns]).astype(complex)]


CHANNELS = {
    "bit_flip": ChannelType(1, 1, lambda p: _mixed([_I, _X], [p])),
    "phase_flip": ChannelType(1, 1, lambda p: _mixed([_I, _Z], [p])),
    "pauli_channel": ChannelType(1, 3, lambda x, y, z: _mixed([_I, _X, _Y, _Z], [x, y, z])),
    "depolarizing": ChannelType(1, 1, lambda p: _mixed([_I, _X, _Y, _Z], [p / 3] * 3)),
    "two_qubit_depolarizing": ChannelType(2, 1, lambda p: _pairs([_I, _X, _Y, _Z], p)),
    "two_qubit_dephasing": ChannelType(2, 1, lambda p: _pairs([_I, _Z], p)),
    "amplitude_damping": ChannelType(1, 1, _damping),
    "generalized_amplitude_damping": ChannelType(1, 2, _generalized_damping),
    "phase_damping": ChannelType(1, 1, _dephasing),
}
"""Braket's channels (`noise_operations.py` of amazon-braket-default-simulator); the first qubit is
the highest bit of an index."""


def stack_operators(operators: KrausOperators) -> Matrix:
    """The isometry of a channel: its operators one below the other, up to a power of two of them.

    Bits of a row from the lowest: those of the channel's qubits, then those of the environment.
    """
    size = len(operators[0])
    rows = size << max(1, (len(operators) - 1).bit_length())
    result = np.zeros((rows, size), dtype=np.complex128)
    for number, operator in enumerate(operators):
        result[number * size : (number + 1) * size] = operator
    return result


def complete_unitary(columns: Matrix) -> Matrix:
    """A unitary matrix that begins with these columns, which are orthonormal."""
    whole: Matrix = np.hstack([columns, null_space(columns.conj().T)])
    return whole
