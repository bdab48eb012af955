"""Parts of a circuit that share no gate, each of which is simulated alone.

Estimators measure all qubits of a device, of which a circuit entangles a few.
"""

from collections.abc import Sequence

from qiskit import QuantumCircuit

from quantumtask.openqasm.program.operations import BARRIER

MAX_PART_QUBITS = 6
"""Most qubits of several parts together; a part of more is alone. A density matrix of so many is
as fast as the start of its simulation."""


def split_parts(circuit: QuantumCircuit) -> list[QuantumCircuit]:
    """Return circuits on the same qubits and bits that together do what a circuit does.

    No gate acts on qubits of two of them, and no bit is written by two. Barriers are left out.

    Args:
        circuit: A scheduled circuit, whose barriers have no effect any more.
    """
    group_of = _group_qubits(circuit)
    parts = [circuit.copy_empty_like() for _ in range(1 + max(group_of, default=0))]
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    for item in circuit.data:
        if item.operation.name != BARRIER:
            parts[group_of[number[item.qubits[0]]]]._append(item)
    parts = [part for part in parts if part.data]
    return parts if len(parts) > 1 else [circuit]


def _group_qubits(circuit: QuantumCircuit) -> list[int]:
    """Return the number of the group of each qubit; unused qubits are in the first one."""
    number = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    root, writer = list(range(circuit.num_qubits)), dict[object, int]()
    used: set[int] = set()
    for item in circuit.data:
        if item.operation.name == BARRIER:
            continue
        qubits = [number[qubit] for qubit in item.qubits]
        used.update(qubits)
        for bit in item.clbits:
            qubits.append(writer.setdefault(bit, qubits[0]))
        for qubit in qubits[1:]:
            root[_find(root, qubit)] = _find(root, qubits[0])
    components: dict[int, list[int]] = {}
    for qubit in sorted(used):
        components.setdefault(_find(root, qubit), []).append(qubit)
    group_of = [0] * circuit.num_qubits
    for group, qubits in enumerate(_join_small(list(components.values()))):
        for qubit in qubits:
            group_of[qubit] = group
    return group_of


def _find(root: list[int], qubit: int) -> int:
    while root[qubit] != qubit:
        root[qubit] = root[root[qubit]]
        qubit = root[qubit]
    return qubit


def _join_small(components: Sequence[list[int]]) -> list[list[int]]:
    """Return components, the small ones together as long as they stay small; the largest first."""
    groups: list[list[int]] = []
    for qubits in sorted(components, key=len, reverse=True):
        if groups and len(groups[-1]) + len(qubits) <= MAX_PART_QUBITS:
            groups[-1] = groups[-1] + qubits
        else:
            groups.append(qubits)
    return groups
