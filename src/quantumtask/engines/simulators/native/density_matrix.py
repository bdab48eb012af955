"""Density matrix of a circuit with mid-circuit measurements and resets.

The matrix of n qubits is a vector of 2n qubits: bit k of an index is qubit k of the row, and bit
n + k is qubit k of the column.
"""

import numpy as np

from quantumtask.engines.gates.gate_action import GateAction, gate_action
from quantumtask.engines.progress import RunProgress
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Circuit, Measure


def evolve_density_matrix(circuit: Circuit, progress: RunProgress) -> ComplexArray:
    """Return the transpose of the density matrix before the terminal measurements.

    Bit k of an index is the k-th active qubit of the circuit.

    Args:
        circuit: The circuit.
        progress: The progress of the run.
    """
    position = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    count, terminal = len(position), circuit.terminal_measurements.outcomes
    vector = np.zeros(1 << 2 * count, dtype=np.complex128)
    vector[0] = 1
    for step in progress.each(circuit.steps, len(circuit.steps)):
        if isinstance(step, Operation):
            action, rows = gate_action(step), [position[qubit] for qubit in step.qubits]
            kernels.apply(vector, action, rows)
            kernels.apply(vector, _conjugate(action), [count + k for k in rows])
        elif not isinstance(step, Measure):
            _dephase(vector, position[step.qubit], count, reset=True)
        elif step.outcome not in terminal:
            _dephase(vector, position[step.qubit], count, reset=False)
    return vector.reshape(1 << count, 1 << count)


def _conjugate(action: GateAction) -> GateAction:
    return action._replace(matrix=np.ascontiguousarray(action.matrix.conj()))


def _dephase(vector: ComplexArray, position: int, count: int, *, reset: bool) -> None:
    """Remove the coherence between 0 and 1 of a qubit, and after a reset also its 1."""
    view, axes = kernels.split(vector, [position, count + position])

    def part(row: int, column: int) -> tuple[slice | int, ...]:
        index: list[slice | int] = [slice(None)] * view.ndim
        index[axes[position]], index[axes[count + position]] = row, column
        return tuple(index)

    view[part(0, 1)] = 0
    view[part(1, 0)] = 0
    if reset:
        view[part(0, 0)] += view[part(1, 1)]
        view[part(1, 1)] = 0
