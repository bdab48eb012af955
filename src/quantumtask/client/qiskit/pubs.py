"""What both primitives share: a PUB as the body of a task, and the options they have."""

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.primitives.containers.bindings_array import BindingsArray

from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.lowering import lower
from quantumtask.client.qiskit.provider import QuantumTaskProvider
from quantumtask.client.qiskit.service import Json, sweep

Seed = int | np.random.Generator | None


def seeds(seed: Seed, count: int) -> list[Json]:
    """The seed of each PUB of a run: the same in every run, unless a generator draws them."""
    if seed is None:
        return [{}] * count
    first = int(seed.integers(2**62)) if isinstance(seed, np.random.Generator) else int(seed)
    return [{"seed": first + k} for k in range(count)]


def chosen(backend: QuantumTaskBackend | None) -> QuantumTaskBackend:
    """The backend that was given, or the simulator of the service that the environment names."""
    return QuantumTaskProvider().backend() if backend is None else backend


def body(circuit: QuantumCircuit, values: BindingsArray) -> Json:
    """The program of a circuit with an array of values for each of its inputs."""
    lowered = lower(circuit)
    array = values.as_array(circuit.parameters)
    given = {each: array[..., k] for k, each in enumerate(circuit.parameters)}
    inputs = lowered.values(given)
    sent: Json = {"circuit": lowered.text}
    if values.shape and np.broadcast_shapes(*(v.shape for v in inputs.values())) != values.shape:
        sent["circuit"], name = lowered.with_input()
        inputs[name] = np.zeros(values.shape)
    if inputs:
        sent["parameters"] = {name: sweep(value) for name, value in inputs.items()}
    return sent
