"""Swap removal: gates that exchange two qubits become a renumbering of the gates before them."""

from collections.abc import Sequence

from quantumtask.openqasm.program.operations import Operation


def remove_swaps(operations: Sequence[Operation]) -> Sequence[Operation]:
    """Return operations without swaps that lead from the state |0...0> to the same final state.

    All qubits are |0> before the first operation. So the operations before a swap may act on each
    other's qubits, and the swap itself has no effect.
    """
    if not any(operation[0].name == "swap" for operation in operations):
        return operations
    current: dict[int, int] = {}
    rest: list[Operation] = []
    for operation in reversed(operations):
        gate, params, operands, controls = operation
        qubits = tuple([current.get(qubit, qubit) for qubit in operands])
        if gate.name == "swap" and not controls:
            first, second = operands
            current[first], current[second] = qubits[1], qubits[0]
        else:
            rest.append(Operation(gate, params, qubits, controls))
    return rest[::-1]
