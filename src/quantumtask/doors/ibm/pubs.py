"""PUBs of IBM's clients: circuits with the values of their parameters, as tasks have them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from quantumtask.doors.ibm.npy import decode_npy
from quantumtask.shared.errors import InvalidRequest
from quantumtask.shared.output_kinds import ALL_PARAMETERS, OPENQASM, QPY
from quantumtask.shared.qpy_text import QpyFormatError, read_qpy_head
from quantumtask.shared.task import MAX_PARAMETERS_BYTES


class PubCircuit(NamedTuple):
    """The circuit of a PUB with its values.

    Attributes:
        text: The circuit as a task has it.
        circuit_format: One of CIRCUIT_FORMATS.
        parameters: The `parameters` of a task as JSON; None without any.
    """

    text: str
    circuit_format: str
    parameters: str | None

    @property
    def options(self) -> dict[str, Any]:
        """The options of a task that the circuit needs."""
        return {} if self.circuit_format == OPENQASM else {"circuit_format": self.circuit_format}


def read_pubs(params: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """Return the PUBs of a job; raise InvalidRequest unless they are lists of lists."""
    pubs = params.get("pubs")
    if not isinstance(pubs, list) or not pubs:
        raise InvalidRequest("params.pubs: must be a list of one or more PUBs")
    for number, pub in enumerate(pubs):
        if not isinstance(pub, list) or not pub:
            raise InvalidRequest(f"params.pubs.{number}: must be a list that begins with a circuit")
    return pubs


def read_pub_circuit(pub: Sequence[Any], values: Any, name: str) -> PubCircuit:
    """Return the circuit of a PUB with its values.

    Args:
        pub: The PUB, which begins with its circuit.
        values: An array as clients encode it, lists of numbers, or None.
        name: The name of the PUB in messages.

    Raises:
        InvalidRequest: the circuit or a value has another form.
    """
    text, circuit_format = _read_text(pub[0], f"{name}.0")
    parameters = _read_values(values, circuit_format, f"{name}: the parameter values")
    return PubCircuit(text, circuit_format, parameters)


def _read_text(value: Any, name: str) -> tuple[str, str]:
    if isinstance(value, str):
        return value, OPENQASM
    if not isinstance(value, dict) or value.get("__type__") != "QuantumCircuit":
        raise InvalidRequest(f"{name}: must be a circuit, or OpenQASM text")
    text = value.get("__value__")
    if not isinstance(text, str):
        raise InvalidRequest(f"{name}: the circuit must be base64 of QPY")
    try:
        read_qpy_head(text)
    except QpyFormatError as error:
        raise InvalidRequest(f"{name}: the circuit {error}") from None
    return text, QPY


def _read_values(values: Any, circuit_format: str, name: str) -> str | None:
    if circuit_format == OPENQASM:
        if values in (None, []):
            return None
        if not isinstance(values, dict) or "__type__" in values:
            raise InvalidRequest(
                f"{name} of OpenQASM text must be an object with a value for each name"
            )
        return _to_text(values, name)
    sent: Any = values
    if isinstance(values, dict):
        if values.get("__type__") != "ndarray":
            raise InvalidRequest(f"{name} must be an array")
        sent = values.get("__value__")
        if isinstance(sent, str):
            array = decode_npy(sent, name)
            if array.is_complex:
                raise InvalidRequest(f"{name} must be real numbers")
            return _to_text({ALL_PARAMETERS: array.to_floats()}, name)
    if sent is None:
        return None
    if not isinstance(sent, list):
        raise InvalidRequest(f"{name} must be an array")
    return _to_text({ALL_PARAMETERS: sent}, name)


def _to_text(parameters: Mapping[str, Any], name: str) -> str:
    text = json.dumps(parameters, separators=(",", ":"))
    if len(text) > MAX_PARAMETERS_BYTES:
        raise InvalidRequest(f"{name}: must be at most {MAX_PARAMETERS_BYTES:,} bytes as JSON")
    return text
