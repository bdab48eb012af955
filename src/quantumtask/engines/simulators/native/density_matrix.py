"""The density matrix of a circuit that goes on after measuring: what all its histories come to.

It is kept as a vector of twice the qubits: bit k of an index is qubit k of the row, and bit n + k
that of the column.
"""

import numpy as np

from quantumtask.engines.gates.gate_action import GateAction, gate_action
from quantumtask.engines.simulators.native import kernels
from quantumtask.engines.simulators.native.kernels import ComplexArray
from quantumtask.openqasm.program.operations import Operation
from quantumtask.openqasm.program.program import Circuit, Measure


def evolve_density_matrix(circuit: Circuit) -> ComplexArray:
    """The density matrix before the measurements at the end, transposed; bit k of an index is the
    k-th qubit that the circuit touches."""
    place = {qubit: k for k, qubit in enumerate(circuit.active_qubits)}
    count, taken_back = len(place), circuit.terminal_measurements.outcomes
    vector = np.zeros(1 << 2 * count, dtype=np.complex128)
    vector[0] = 1
    for step in circuit.steps:
        if isinstance(step, Operation):
            act, on = gate_action(step), [place[qubit] for qubit in step.qubits]
            kernels.apply(vector, act, on)
            kernels.apply(vector, _conjugate(act), [count + k for k in on])
        elif not isinstance(step, Measure):
            _forget(vector, place[step.qubit], count, reset=True)
        elif step.outcome not in taken_back:
            _forget(vector, place[step.qubit], count, reset=False)
    return vector.reshape(1 << count, 1 << count)


def _conjugate(act: GateAction) -> GateAction:
    return act._replace(matrix=np.ascontiguousarray(act.matrix.conj()))


def _forget(vector: ComplexArray, place: int, count: int, *, reset: bool) -> None:
    """Nobody knows any more what a qubit was measured as; after a reset, it is 0 at any rate."""
    view, axes = kernels.split(vector, [place, count + place])

    def part(row: int, column: int) -> tuple[slice | int, ...]:
        index: list[slice | int] = [slice(None)] * view.ndim
        index[axes[place]], index[axes[count + place]] = row, column
        return tuple(index)

    view[part(0, 1)] = 0
    view[part(1, 0)] = 0
    if reset:
        view[part(0, 0)] += view[part(1, 1)]
        view[part(1, 1)] = 0
