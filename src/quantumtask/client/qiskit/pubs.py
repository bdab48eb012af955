"""PUBs of both primitives: exact numbers, and the points of the parameters."""

from collections.abc import Mapping
from typing import Any

from qiskit.circuit import QuantumCircuit
from qiskit.primitives.containers.bindings_array import BindingsArray

from quantumtask.client.json_numbers import to_json
from quantumtask.client.results.array_codec import Array, to_reals

Pub = Any


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
        *(None if each is None else to_json(last, each) for each in pub[values + 1 :]),
    )


def _exact_values(values: Any) -> Any:
    if values is None or isinstance(values, BindingsArray):
        return values
    if isinstance(values, Mapping):
        return {key: to_reals("parameter values", each) for key, each in values.items()}
    return to_reals("parameter values", values)


def parameter_points(circuit: QuantumCircuit, values: BindingsArray) -> Array:
    """Return float64 [points, parameters], in the order of the parameters of the circuit."""
    array: Array = values.as_array(circuit.parameters)
    return array.reshape(values.size, circuit.num_parameters)
