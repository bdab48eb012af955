"""Noise channels: their Kraus operators and their unitary dilations.

A channel is equivalent to a unitary on its qubits and on environment qubits, which are |0> before
the unitary and reset after it (Stinespring dilation; Nielsen and Chuang, 8.2.3). Thereby every
engine that runs gates and resets can run channels.
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
    """A named channel.

    Attributes:
        num_qubits: Number of qubits.
        num_parameters: Number of parameters, which are probabilities.
        kraus_operators: Returns the Kraus operators for the parameters; raises ValueError for
            parameters that are not probabilities.
    """

    num_qubits: int
    num_parameters: int
    kraus_operators: Callable[..., KrausOperators]


def _mixture(matrices: Sequence[Matrix], probabilities: Sequence[float]) -> KrausOperators:
    """Return the channel that applies matrix k + 1 with probability k, and else matrix 0."""
    rest = 1 - math.fsum(probabilities)
    rest = 0.0 if -PROBABILITY_TOLERANCE < rest < 0 else rest
    return [
        math.sqrt(probability) * matrix
        for probability, matrix in zip([rest, *probabilities], matrices, strict=True)
    ]


def _pair_mixture(paulis: Sequence[Matrix], probability: float) -> KrausOperators:
    matrices = [np.kron(a, b).astype(np.complex128) for a, b in product(paulis, repeat=2)]
    return _mixture(matrices, [probability / (len(matrices) - 1)] * (len(matrices) - 1))


def _amplitude_damping(gamma: float) -> KrausOperators:
    stay, decay = math.sqrt(1 - gamma), math.sqrt(gamma)
    return [np.diag([1.0, stay]).astype(complex), np.array([[0, decay], [0, 0]], dtype=complex)]


def _generalized_amplitude_damping(gamma: float, probability: float) -> KrausOperators:
    down = _amplitude_damping(gamma)
    up = [_X @ operator @ _X for operator in down]
    down_factor, up_factor = math.sqrt(probability), math.sqrt(1 - probability)
    return [down_factor * operator for operator in down] + [up_factor * operator for operator in up]


def _phase_damping(gamma: float) -> KrausOperators:
    stay, dephase = math.sqrt(1 - gamma), math.sqrt(gamma)
    return [np.diag([1.0, stay]).astype(complex), np.diag([0.0, dephase]).astype(complex)]


CHANNELS = {
    "bit_flip": ChannelType(1, 1, lambda p: _mixture([_I, _X], [p])),
    "phase_flip": ChannelType(1, 1, lambda p: _mixture([_I, _Z], [p])),
    "pauli_channel": ChannelType(1, 3, lambda x, y, z: _mixture([_I, _X, _Y, _Z], [x, y, z])),
    "depolarizing": ChannelType(1, 1, lambda p: _mixture([_I, _X, _Y, _Z], [p / 3] * 3)),
    "two_qubit_depolarizing": ChannelType(2, 1, lambda p: _pair_mixture([_I, _X, _Y, _Z], p)),
    "two_qubit_dephasing": ChannelType(2, 1, lambda p: _pair_mixture([_I, _Z], p)),
    "amplitude_damping": ChannelType(1, 1, _amplitude_damping),
    "generalized_amplitude_damping": ChannelType(1, 2, _generalized_amplitude_damping),
    "phase_damping": ChannelType(1, 1, _phase_damping),
}
"""Braket's channels (`noise_operations.py` of amazon-braket-default-simulator), by name; the first
qubit is the highest bit of an index."""


def stack_operators(operators: KrausOperators) -> Matrix:
    """Return the isometry of a channel: its operators, and zeros, one below the other.

    The number of blocks is a power of two, at least 2. The low bits of a row's index are the
    qubits of the channel, the high bits are the qubits of the environment.
    """
    size = len(operators[0])
    rows = size << max(1, (len(operators) - 1).bit_length())
    result = np.zeros((rows, size), dtype=np.complex128)
    for number, operator in enumerate(operators):
        result[number * size : (number + 1) * size] = operator
    return result


def complete_unitary(columns: Matrix) -> Matrix:
    """Return a unitary matrix that begins with `columns`, which are orthonormal."""
    unitary: Matrix = np.hstack([columns, null_space(columns.conj().T)])
    return unitary
