"""Minimize the energy of a qubit with PennyLane; a QuantumTask service runs the circuits.

usage: pennylane_remote.py, with `pip install '.[qiskit]' pennylane-qiskit`
"""

import pennylane as qml
from pennylane import numpy as np

from quantumtask.client.qiskit import QuantumTaskProvider

with QuantumTaskProvider() as provider:  # QUANTUMTASK_URL, or the service on this machine
    device = qml.device("qiskit.remote", wires=2, backend=provider.backend("simulator"))

    @qml.set_shots(4000)
    @qml.qnode(device, diff_method="parameter-shift")
    def energy(angle: float) -> float:
        qml.RY(angle, wires=0)
        qml.CNOT(wires=[0, 1])
        return qml.expval(qml.Z(1))

    angle = np.array(0.4, requires_grad=True)
    descent = qml.GradientDescentOptimizer(stepsize=0.8)
    for step in range(12):
        angle = descent.step(energy, angle)
        print(f"step {step:2}  angle {float(angle):.3f}")
    print(f"energy {float(energy(angle)):+.2f}")
