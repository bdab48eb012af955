"""Errors of a noise model, with the names that the gates of a circuit have in its text."""

from collections.abc import Iterable, Mapping
from typing import Any

from qiskit.circuit import QuantumCircuit

from quantumtask.export.program import ExportedProgram

NON_GATE_INSTRUCTIONS = frozenset({"measure", "reset", "delay"})
"""Instructions other than gates that can have an error."""


def rename_errors(
    errors: Iterable[Mapping[str, Any]], circuit: QuantumCircuit, exported: ExportedProgram
) -> dict[str, Any]:
    """Return the fields `errors` and `basis_gates` of the noise of a task.

    Args:
        errors: Errors in the form of Aer's NoiseModel, which name gates of the circuit.
        circuit: The circuit; errors on qubits without an operation are left out.
        exported: The program of the circuit, exported for these errors.
    """
    used = {circuit.find_bit(bit).index for item in circuit.data for bit in item.qubits}
    restricted = [_restrict(error, exported.instructions, used) for error in errors]
    names = {name for written in exported.instructions.values() for name in written}
    return {
        "errors": [error for error in restricted if error is not None],
        "basis_gates": sorted(names),
    }


def _restrict(
    error: Mapping[str, Any], written: Mapping[str, frozenset[str]], used: set[int]
) -> dict[str, Any] | None:
    """Return the error, reduced to the qubits and gates of a circuit; None if it cannot occur."""
    restricted = {name: value for name, value in error.items() if name != "id"}
    if "gate_qubits" in error:
        restricted["gate_qubits"] = [
            qubits for qubits in error["gate_qubits"] if used.issuperset(qubits)
        ]
        if not restricted["gate_qubits"]:
            return None
    if error["type"] == "qerror":
        names: set[str] = set()
        for name in error["operations"]:
            names |= {name} if name in NON_GATE_INSTRUCTIONS else written.get(name, frozenset())
        restricted["operations"] = sorted(names)
        if not names:
            return None
    return restricted
