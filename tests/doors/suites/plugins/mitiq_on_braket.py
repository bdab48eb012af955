"""Plugin of pytest: Cirq's simulator of density matrices, which mitiq's tests use, is Braket's DM1.

Each operation is a matrix, and each channel a list of Kraus operators: nothing else is translated.
"""

from collections.abc import Sequence
from typing import Any

import cirq
import numpy as np
from braket.aws import AwsDevice
from braket.circuits import Circuit

_DM1 = "arn:aws:braket:::device/quantum-simulator/amazon/dm1"
MAX_DENSITY_QUBITS = 5
"""Density matrices of more qubits are computed by Cirq, because the door has none."""

_simulate = cirq.DensityMatrixSimulator.simulate


def translate(circuit: Any, qubits: Sequence[Any]) -> tuple[Circuit, list[Any]]:
    """Return a program of Braket, and the measurements of the circuit."""
    numbers = {qubit: number for number, qubit in enumerate(qubits)}
    program, measurements = Circuit(), []
    for number in numbers.values():
        program.i(number)
    for operation in circuit.all_operations():
        targets = [numbers[qubit] for qubit in operation.qubits]
        if cirq.is_measurement(operation):
            measurements.append(operation)
        elif cirq.has_unitary(operation):
            if targets:
                program.unitary(targets=targets, matrix=cirq.unitary(operation))
        else:
            program.kraus(targets=targets, matrices=list(cirq.kraus(operation)))
    return program, measurements


def run_on_dm1(program: Circuit, shots: int) -> Any:
    return AwsDevice(_DM1).run(program, shots=shots, poll_interval_seconds=0.02).result()


def simulate(self: Any, program: Any, *arguments: Any, **options: Any) -> Any:
    qubits = sorted(program.all_qubits())
    if len(qubits) > MAX_DENSITY_QUBITS or arguments or options or cirq.is_parameterized(program):
        return _simulate(self, program, *arguments, **options)
    translation, _ = translate(program, qubits)
    pairs = np.array(run_on_dm1(translation.density_matrix(), 0).values[0])
    matrix = (pairs[..., 0] + 1j * pairs[..., 1]).astype(np.complex64)
    state = cirq.DensityMatrixSimulationState(qubits=qubits, initial_state=matrix)
    return cirq.DensityMatrixTrialResult(cirq.ParamResolver({}), {}, state)


def run(self: Any, program: Any, param_resolver: Any = None, repetitions: int = 1) -> Any:
    assert not cirq.is_parameterized(program), (self, param_resolver)
    qubits = sorted(program.all_qubits())
    translation, measurements = translate(program, qubits)
    bits = np.asarray(run_on_dm1(translation, repetitions).measurements)
    columns = {
        cirq.measurement_key_name(each): bits[:, [qubits.index(q) for q in each.qubits]]
        ^ np.array(each.gate.full_invert_mask(), dtype=int)
        for each in measurements
    }
    return cirq.ResultDict(measurements=columns)


cirq.DensityMatrixSimulator.simulate = simulate
cirq.DensityMatrixSimulator.run = run
