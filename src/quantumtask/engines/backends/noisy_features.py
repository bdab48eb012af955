"""Features of circuits that are prepared for Aer with their noise."""

from quantumtask.engines.backends.prepare import PreparedCircuit, instruction_errors
from quantumtask.engines.noise.request import NoiseSpec
from quantumtask.engines.selection.bond_bound import max_bond_bits
from quantumtask.engines.selection.circuit_features import NoisyCircuitFeatures
from quantumtask.openqasm.program.operations import BARRIER, CONTROLLED_GATE_BASES
from quantumtask.openqasm.program.program import Circuit

RANK_TWO_GATES = (CONTROLLED_GATE_BASES.keys() - {"cswap"}) | {"cu", "ecr", "rxx", "ryy", "rzz"}
"""Gates that double the rank of a matrix product state at most."""


def prepared_features(
    circuit: Circuit, prepared: PreparedCircuit, noise: NoiseSpec
) -> NoisyCircuitFeatures:
    """Return the features on which the choice among Aer's methods depends.

    Args:
        circuit: The circuit of the program.
        prepared: The circuit for Aer.
        noise: The noise of the task.
    """
    named = all(item.operation.name != "unitary" for item in prepared.circuit.data)
    return NoisyCircuitFeatures(
        qubits=prepared.circuit.num_qubits,
        gates=len(prepared.circuit.data),
        terminal_measurements_only=circuit.terminal_measurements_only,
        clifford=circuit.clifford and named and noise.clifford,
        entanglement=_bond_bits(prepared),
        has_kraus=instruction_errors(noise).has_kraus,
    )


def _bond_bits(prepared: PreparedCircuit) -> int:
    """Return a bound of the entanglement in bits, for the order of the qubits in the circuit."""
    circuit = prepared.circuit
    place = {qubit: k for k, qubit in enumerate(circuit.qubits)}
    gates = [
        ([place[qubit] for qubit in item.qubits], item.operation.name in RANK_TWO_GATES)
        for item in circuit.data
        if len(item.qubits) > 1 and item.operation.name != BARRIER
    ]
    return max_bond_bits(gates, circuit.num_qubits)
