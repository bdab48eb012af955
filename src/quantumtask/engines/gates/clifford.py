"""Clifford gates as maps of Pauli operators."""

from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np

from quantumtask.engines.gates.gate_action import MAX_CACHED_GATES, ROUNDING_TOLERANCE, gate_matrix
from quantumtask.openqasm.program.operations import (
    BasicGate,
    Matrix,
    MatrixGate,
    Operation,
    controlled_matrix,
)


class CliffordTable(NamedTuple):
    """Action of a Clifford gate on Pauli operators.

    A Pauli operator on the n qubits of the gate is the bits (x0, x1, .., z0, z1, ..).

    Attributes:
        images: For each bit after the gate, the bits before it whose sum modulo 2 it equals.
        signs: Products of bits before the gate; their sum modulo 2 is 1 if the sign changes.
    """

    images: tuple[tuple[int, ...], ...]
    signs: tuple[tuple[int, ...], ...]


MAX_CLIFFORD_QUBITS = 2


def clifford_table(operation: Operation) -> CliffordTable | None:
    """Return the table of an operation; None unless it is Clifford, on one or two qubits."""
    if len(operation.qubits) > MAX_CLIFFORD_QUBITS:
        return None
    gate = operation.gate
    if isinstance(gate, BasicGate):
        return _basic_table(gate, operation.params, operation.controls)
    return _matrix_table(gate, operation.controls)


_matrix_tables: dict[tuple[int, tuple[bool, ...]], tuple[MatrixGate, CliffordTable | None]] = {}
"""Cache by the id of a gate, because a matrix has no hash; a cached gate keeps its id."""


def _matrix_table(gate: MatrixGate, controls: tuple[bool, ...]) -> CliffordTable | None:
    key = (id(gate), controls)
    entry = _matrix_tables.get(key)
    if entry is None:
        if len(_matrix_tables) >= MAX_CACHED_GATES:
            _matrix_tables.clear()
        table = _table(controlled_matrix(gate.entries, controls))
        entry = _matrix_tables[key] = (gate, table)
    return entry[1]


@lru_cache(MAX_CACHED_GATES)
def _basic_table(
    gate: BasicGate, params: tuple[float, ...], controls: tuple[bool, ...]
) -> CliffordTable | None:
    return _table(controlled_matrix(gate_matrix(gate, params), controls))


def _table(matrix: Matrix) -> CliffordTable | None:
    qubits = len(matrix).bit_length() - 1
    products = []
    for bits in range(4**qubits):
        product = _parse_pauli(matrix @ _pauli(bits, qubits) @ matrix.conj().T, qubits)
        if product is None:
            return None
        products.append(product)
    images = tuple(
        tuple(old for old in range(2 * qubits) if products[1 << old][0] >> new & 1)
        for new in range(2 * qubits)
    )
    return CliffordTable(images, _polynomial([sign for _, sign in products]))


@cache
def _pauli(bits: int, qubits: int) -> Matrix:
    """Return the Hermitian Pauli operator with these bits."""
    x, z = bits & ((1 << qubits) - 1), bits >> qubits
    size = 1 << qubits
    matrix = np.zeros((size, size), dtype=np.complex128)
    for index in range(size):
        matrix[index ^ x, index] = 1j ** (x & z).bit_count() * (-1) ** (z & index).bit_count()
    return matrix


def _parse_pauli(matrix: Matrix, qubits: int) -> tuple[int, int] | None:
    """Return the bits and the sign of a matrix; None unless it is a Pauli operator."""
    first = matrix[:, 0]
    x = int(np.argmax(np.abs(first)))
    z = sum(1 << k for k in range(qubits) if (matrix[x ^ 1 << k, 1 << k] / first[x]).real < 0)
    bits = x | z << qubits
    pauli = _pauli(bits, qubits)
    sign = int((first[x] / pauli[x, 0]).real < 0)
    error = np.abs(matrix - (1 - 2 * sign) * pauli).max()
    return (bits, sign) if error < ROUNDING_TOLERANCE else None


def _polynomial(values: list[int]) -> tuple[tuple[int, ...], ...]:
    """Return the products of bits whose sum modulo 2 has these values (Moebius transform)."""
    values = list(values)
    step = 1
    while step < len(values):
        for index in range(len(values)):
            if index & step:
                values[index] ^= values[index ^ step]
        step *= 2
    return tuple(_bits(index) for index, value in enumerate(values) if value)


def _bits(number: int) -> tuple[int, ...]:
    return tuple(k for k in range(number.bit_length()) if number >> k & 1)
