"""Swap removal: gates that exchange two qubits become a renumbering of the gates before them."""

from collections.abc import Sequence

from quantumtask.openqasm.program.operations import Operation


def remove_swaps(operations: Sequence[Operation]) -> list[Operation]:
    """Return operations without swaps that lead from the state |0...0> to the same final state.

    All qubits are |0> before the first operation. So the operations before a swap may act on each
    other's qubits, and the swap itself has no effect.
    """
    current: dict[int, int] = {}
    rest: list[Operation] = []
    for operation in reversed(operations):
        qubits = tuple([current.get(qubit, qubit) for qubit in operation.qubits])
        if operation.gate.name == "swap" and not operation.controls:
            first, second = operation.qubits
            current[first], current[second] = qubits[1], qubits[0]
        else:
            rest.append(operation._replace(qubits=qubits))
    return rest[::-1]
