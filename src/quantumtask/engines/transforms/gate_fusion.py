"""Gate fusion: consecutive gates on one qubit become one gate."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from quantumtask.engines.gates.gate_action import gate_matrix
from quantumtask.openqasm.program.operations import Matrix, MatrixGate, Operation

FUSION_MIN_QUBITS = 15
"""Qubits from which a pass over the state takes longer than to multiply two gates (measured)."""


def fuse_single_qubit_gates(operations: Iterable[Operation]) -> list[Operation]:
    """Return the same circuit with fewer operations, and so fewer passes over the state."""
    result: list[Operation] = []
    pending: dict[int, list[Operation]] = {}
    for operation in operations:
        if len(operation.qubits) == 1:
            pending.setdefault(operation.qubits[0], []).append(operation)
            continue
        for qubit in operation.qubits:
            if run := pending.pop(qubit, None):
                result.append(_product(run))
        result.append(operation)
    result += [_product(run) for run in pending.values()]
    return result


def _product(run: list[Operation]) -> Operation:
    if len(run) == 1:
        return run[0]
    product: Any = gate_matrix(run[0].gate, run[0].params)
    for operation in run[1:]:
        product = gate_matrix(operation.gate, operation.params) @ product
    matrix: Matrix = np.ascontiguousarray(product)
    return Operation(MatrixGate(matrix), (), run[0].qubits)
