"""Fewer passes over a large state: gates on the same single qubit become one."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from quantumtask.engines.gates.gate_action import gate_matrix
from quantumtask.openqasm.program.operations import Matrix, MatrixGate, Operation

FUSION_MIN_QUBITS = 15
"""Qubits from which a pass over the state takes longer than to multiply two gates (measured)."""


def fuse_single_qubit_gates(operations: Iterable[Operation]) -> list[Operation]:
    """The same circuit, with runs of gates on one qubit as one gate each."""
    done: list[Operation] = []
    waiting: dict[int, list[Operation]] = {}
    for operation in operations:
        if len(operation.qubits) == 1:
            waiting.setdefault(operation.qubits[0], []).append(operation)
            continue
        for qubit in operation.qubits:
            if run := waiting.pop(qubit, None):
                done.append(_one(run))
        done.append(operation)
    done += [_one(run) for run in waiting.values()]
    return done


def _one(run: list[Operation]) -> Operation:
    if len(run) == 1:
        return run[0]
    product: Any = gate_matrix(run[0].gate, run[0].params)
    for operation in run[1:]:
        product = gate_matrix(operation.gate, operation.params) @ product
    matrix: Matrix = np.ascontiguousarray(product)
    return Operation(MatrixGate(matrix), (), run[0].qubits)
