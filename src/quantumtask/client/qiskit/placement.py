"""Test for circuits that are on a device already and therefore run as written."""

from collections.abc import Sequence

from qiskit.circuit import ControlFlowOp, QuantumCircuit
from qiskit.transpiler import Target


def is_on_device(circuit: QuantumCircuit, target: Target) -> bool:
    """Return True if qubit k of a circuit is qubit k of the device.

    Such a circuit has at most as many qubits as the device, and the device has each instruction on
    the same qubits; IBM calls it an ISA circuit. The transpiler of Qiskit returns ISA circuits.
    Circuits of qiskit-experiments may be narrower than the device.
    """
    fits = circuit.num_qubits <= target.num_qubits
    return fits and _is_supported(circuit, range(circuit.num_qubits), target)


def _is_supported(circuit: QuantumCircuit, qubits: Sequence[int], target: Target) -> bool:
    """Return True if the target has all instructions, with qubit k at `qubits[k]` of the device."""
    number = dict(zip(circuit.qubits, qubits, strict=True))
    for item in circuit.data:
        operation = item.operation
        on = tuple([number[qubit] for qubit in item.qubits])
        if isinstance(operation, ControlFlowOp):
            if not all(_is_supported(block, on, target) for block in operation.blocks):
                return False
        elif operation.name != "barrier" and not _has(target, operation, on):
            return False
    return True


def _has(target: Target, operation: object, qubits: tuple[int, ...]) -> bool:
    name = getattr(operation, "name", "")
    if name not in target.operation_names or not target.instruction_supported(name, qubits):
        return False
    own = target.operation_from_name(name)
    return isinstance(operation, own if isinstance(own, type) else own.base_class)
