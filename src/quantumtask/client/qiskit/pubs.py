"""Common parts of both primitives: PUBs with exact numbers, seeds, and the backend."""

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
from qiskit.circuit import QuantumCircuit
from qiskit.primitives.containers.bindings_array import BindingsArray

from quantumtask.client.json_numbers import plain
from quantumtask.client.qiskit.backend import QuantumTaskBackend
from quantumtask.client.qiskit.provider import QuantumTaskProvider
from quantumtask.client.results.array_codec import Array, to_reals

Seed = int | np.random.Generator | None
Pub = Any


def first_seed(seed: Seed) -> int | None:
    """Return the seed of the first task of a run; a generator draws a new one for each run."""
    if seed is None:
        return None
    return (
        int(seed.integers(2**62)) if isinstance(seed, np.random.Generator) else operator.index(seed)
    )


def chosen(backend: QuantumTaskBackend | None) -> QuantumTaskBackend:
    """Return the backend, or the simulator of the service that the environment names."""
    return QuantumTaskProvider().backend() if backend is None else backend


def exact_pub(pub: Pub, values: int, last: str) -> Pub:
    """Convert the numbers of a PUB to types that Qiskit keeps exactly.

    Args:
        pub: PUB, or tuple of its parts.
        values: Index of the parameter values in a tuple; shots or precision come next.
        last: Name of the part after the values, for error messages.

    Raises:
        TypeError: A value is complex; Qiskit would drop the imaginary part.
        ValueError: A value has more digits than float64 can hold.
    """
    if not isinstance(pub, tuple) or len(pub) <= values:
        return pub
    return (
        *pub[:values],
        _exact_values(pub[values]),
        *(None if each is None else plain(last, each) for each in pub[values + 1 :]),
    )


def _exact_values(values: Any) -> Any:
    if values is None or isinstance(values, BindingsArray):
        return values
    if isinstance(values, Mapping):
        return {key: to_reals("parameter values", each) for key, each in values.items()}
    return to_reals("parameter values", values)


def points(circuit: QuantumCircuit, values: BindingsArray) -> Array:
    """Return float64 [points, parameters], in the order of the parameters of the circuit."""
    array: Array = values.as_array(circuit.parameters)
    return array.reshape(values.size, circuit.num_parameters)
