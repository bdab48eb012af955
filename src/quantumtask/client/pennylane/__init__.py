"""QuantumTask as a PennyLane device: `qml.device("quantumtask", ...)`."""

from quantumtask.client.pennylane.device import QuantumTaskDevice

__all__ = ["QuantumTaskDevice"]
