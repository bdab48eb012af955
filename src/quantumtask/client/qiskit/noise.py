"""Conversion of the noise models of Aer to the JSON of errors by instruction and qubits."""

from collections.abc import Sequence
from typing import Any

from qiskit.circuit import ControlFlowOp, Delay, QuantumCircuit

from quantumtask.client.connection import Json
from quantumtask.client.qiskit.options import UnsupportedOption
from quantumtask.export.noise_errors import rename_errors
from quantumtask.export.program import ExportedProgram, lower


def export_with_noise(
    noise_model: "AerNoiseModel | None", circuit: QuantumCircuit
) -> tuple[ExportedProgram, Json]:
    """Return the program of a circuit, and the fields of a task for its noise.

    Raises:
        UnsupportedCircuit: The service cannot run the circuit.
        UnsupportedOption: The service does not support the noise model.
    """
    if noise_model is None:
        return lower(circuit), {}
    exported, noise = noise_model.export(circuit)
    return exported, {"noise": noise}


class AerNoiseModel:
    """Noise model of Qiskit Aer, converted once for all circuits of a run.

    Args:
        model: A `qiskit_aer.noise.NoiseModel`.
        compiled: The names and qubits of the model are those of the device that circuits are
            compiled for.

    Raises:
        UnsupportedOption: The object is no noise model, or the service does not support the model.
    """

    def __init__(self, model: Any, *, compiled: bool) -> None:
        if not hasattr(model, "to_dict") or not hasattr(model, "noise_instructions"):
            kind = type(model).__name__
            raise UnsupportedOption(
                f"noise_model: must be a NoiseModel of Qiskit Aer; got a {kind}"
            )
        self._errors: list[Json] = model.to_dict(serializable=True)["errors"]
        self._compiled = compiled
        self._passes: Sequence[Any] = getattr(model, "_custom_noise_passes", ())
        self.names = frozenset(
            name for error in self._errors for name in error.get("operations") or ()
        )
        for error in self._errors:
            _check(error)

    def export(self, circuit: QuantumCircuit) -> tuple[ExportedProgram, Json]:
        """Return the program of a circuit, and the errors that can occur in it.

        Raises:
            UnsupportedCircuit: The service cannot run the circuit.
            UnsupportedOption: The service does not support the noise model.
        """
        self._check_passes(circuit)
        if self._compiled:
            return lower(circuit), {"errors": self._errors}
        exported = lower(circuit, self.names)
        return exported, rename_errors(self._errors, circuit, exported)

    def _check_passes(self, circuit: QuantumCircuit) -> None:
        """Raise UnsupportedOption for a custom pass of the model that would change the circuit."""
        for each in self._passes:
            delays_only = getattr(each, "_ops", None) == (Delay,)
            if not delays_only or _has_delay(circuit):
                name = type(each).__name__
                hint = "the service has no relaxation of delays in a model: " if delays_only else ""
                raise UnsupportedOption(
                    f"noise_model: its noise pass {name} cannot be sent: {hint}"
                    "use a snapshot of the device as the backend, or errors by instruction"
                )


def _has_delay(circuit: QuantumCircuit) -> bool:
    return any(
        isinstance(item.operation, Delay)
        or (
            isinstance(item.operation, ControlFlowOp)
            and any(_has_delay(block) for block in item.operation.blocks)
        )
        for item in circuit.data
    )


def _check(error: Json) -> None:
    sizes = {len(qubits) for qubits in error.get("gate_qubits") or ()}
    if error["type"] == "roerror" and (sizes - {1} or len(error["probabilities"]) != 2):
        raise UnsupportedOption(
            f"noise_model: the readout error of qubits {error.get('gate_qubits')} cannot be "
            "simulated: each measurement is of one qubit, so give one error for each qubit"
        )
