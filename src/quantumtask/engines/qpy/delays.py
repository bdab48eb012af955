"""Delays of circuits in QPY, which keeps their durations and not their units."""

from qiskit import QuantumCircuit
from qiskit.circuit import CircuitInstruction, ControlFlowOp, Delay

from quantumtask.export.writer import lacks_unit

_CONTROL_FLOW = frozenset({"if_else", "for_loop", "while_loop", "switch_case", "box"})


def drop_delays_without_unit(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit without delays whose unit is lost: they change nothing without a device.

    QPY of some versions has no unit, so Qiskit reads every duration as one in dt
    (https://github.com/Qiskit/qiskit/issues/8293). A duration that is no integer had another unit.
    For a device, the export refuses such a delay.
    """
    names = circuit.count_ops().keys()
    if "delay" not in names and names.isdisjoint(_CONTROL_FLOW):
        return circuit
    copy = circuit.copy_empty_like()
    for item in circuit.data:
        if item.name == "delay" and lacks_unit(item):
            copy._append(CircuitInstruction(Delay(0), item.qubits))
        elif item.name in _CONTROL_FLOW and isinstance(item.operation, ControlFlowOp):
            blocks = [drop_delays_without_unit(block) for block in item.operation.blocks]
            copy._append(item.replace(operation=item.operation.replace_blocks(blocks)))
        else:
            copy._append(item)
    return copy
