"""Requests: circuits as text, parameters as JSON, options by name."""

import re
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack, runtime_checkable

from quantumtask.client.connection import Json, without_none
from quantumtask.client.json_numbers import holds_complex, to_json
from quantumtask.shared.close_names import suggestion
from quantumtask.shared.output_kinds import QPY
from quantumtask.shared.qpy_text import encode_qpy, is_qpy


@runtime_checkable
class QiskitCircuit(Protocol):
    """Attributes by which a Qiskit QuantumCircuit is recognised without importing Qiskit."""

    num_qubits: int
    num_clbits: int
    data: Any


MAX_LIST_LENGTH = 100
"""Largest array that is sent as a readable list of numbers."""

_FILE_NAME = re.compile(r"[^;\n]+\.(qasm|inc|txt|qpy)", re.IGNORECASE)

CircuitSource = str | bytes | PathLike[str] | QiskitCircuit
"""OpenQASM text, QPY, the Path of a file with either, or a QuantumCircuit."""
Parameters = Mapping[str, Any]


class Common(TypedDict, total=False):
    """Options that one circuit and many circuits share; the service has defaults."""

    shots: int | None
    """Number of runs of the circuit; the default is 1024."""
    observables: Any
    """One observable or an array of them: "ZZ", or [["ZZ", 1.0], ["XI", 0.5]]. The LAST letter
    belongs to the first qubit. The result then has expectation values."""
    precision: float | None
    """Standard error of the expectation values; 0 or None: exact values."""
    returns: str | Sequence[str] | None
    """Outputs: counts, memory, probabilities, statevector, unitary, expectation_values,
    gradients, registers, register_memory."""
    noise: str | Mapping[str, Any] | None
    """Name of a device; error rates (`depolarizing`, `thermal`, `readout`); `errors` of gates,
    as `NoiseModel.to_dict(serializable=True)` of Qiskit Aer returns them; or, beside a `backend`,
    {"idle": False} to turn off the decay of idle qubits."""
    backend: str | None
    """Name from `Client.backends`: the device to compile for, with its noise."""
    compile: str | None
    """Compilation for the backend: "always"; "never" (qubit k is qubit k of the device); or "auto":
    compile a circuit without physical qubits ($0)."""
    seed: int | None
    """Seed of the random numbers: equal seeds give equal counts."""
    memory: bool | None
    """True returns the bits of every shot."""
    timeout_s: float | None
    """Time limit of the task, in seconds."""
    engine: str | None
    """Name from `Client.engines`; None: the fastest engine for the circuit."""
    method: str | None
    """Method of the engine."""
    max_bond: int | None
    truncation: float | None
    """For the method matrix_product_state: largest bond dimension, and largest weight that a gate
    may drop. The result is approximate and has bounds on its errors."""
    max_terms: int | None
    min_coefficient: float | None
    """For the method pauli_propagation: largest number of Pauli words of an observable, and
    smallest coefficient that is kept. The values are approximate and have bounds on their
    errors."""
    owner: str | None
    """Owner of the task; the owners share the slots fairly."""
    priority: int | None
    """-10 to 10: higher priorities run first."""


class Options(Common, total=False):
    """Options of one circuit."""

    circuit_format: str | None
    """"qpy" sends a QuantumCircuit in Qiskit's own format in place of OpenQASM."""
    parameters: Parameters | None
    """Value of each `input`: a number, True or False, a bit string, an array. An array with more
    dimensions than the type of the input is a sweep, broadcast as in NumPy.
    """
    name: str | None
    tags: Sequence[str]
    metadata: Mapping[str, Any] | None
    """JSON object that is stored with the task, at most 16 KiB."""


def body(source: CircuitSource, **options: Unpack[Options]) -> Json:
    """Return the JSON of a submission.

    Raises:
        OSError: A file cannot be read.
        TypeError: There is no such option, or a source or a value has a type that cannot be sent.
        ValueError: The text is the name of a file.
    """
    _check_names(options)
    returns = options.pop("returns", None)
    values = options.pop("parameters", None)
    sent = {name: to_json(name, value) for name, value in options.items()}
    return without_none(
        {
            **sent,
            **circuit_fields(source, options.get("circuit_format")),
            "parameters": parameters(values),
            "return": [returns] if isinstance(returns, str) else returns and list(returns),
            "tags": sent.get("tags") or None,
        }
    )


def _check_names(options: Mapping[str, Any]) -> None:
    names = Options.__optional_keys__
    for name in options:
        if name not in names:
            close = suggestion(name, names) or f"; the options are {', '.join(sorted(names))}"
            raise TypeError(f"{name}: no such option{close}")


def batch_items(
    items: Iterable[CircuitSource | Mapping[str, Any]],
) -> list[Mapping[str, Any]]:
    """Return the items of a batch, each with its `source`. Raise TypeError for a single circuit."""
    if isinstance(items, (str, bytes, PathLike, Mapping, QiskitCircuit)):
        kind = type(items).__name__
        raise TypeError(f"items: must be a list of circuits; for one {kind}, call `submit`")
    return [each if isinstance(each, Mapping) else {"source": each} for each in items]


def circuit_fields(source: CircuitSource, circuit_format: str | None = None) -> Json:
    """Return the fields `circuit` and `circuit_format` of a source.

    The name of a file is refused: a program that sends the text of others must not read its own
    files for them.
    """
    if isinstance(source, str):
        if _FILE_NAME.fullmatch(source):
            raise ValueError(
                f"{source!r} is the name of a file, and a circuit is OpenQASM text: "
                f"pass pathlib.Path({source!r})"
            )
        return {"circuit": source, "circuit_format": circuit_format}
    if isinstance(source, PathLike):
        data = Path(source).read_bytes()
        if is_qpy(data):
            return _qpy_fields(data)
        return {"circuit": data.decode("utf-8-sig"), "circuit_format": circuit_format}
    if isinstance(source, bytes):
        return _qpy_fields(source)
    if isinstance(source, QiskitCircuit):
        adapter = import_module("quantumtask.client.qiskit")
        if circuit_format == QPY:
            return _qpy_fields(adapter.qpy_bytes(source))
        return {"circuit": str(adapter.openqasm(source)), "circuit_format": circuit_format}
    kind = type(source).__name__
    raise TypeError(
        f"a circuit is OpenQASM text, QPY, a Path or a QuantumCircuit; this is a {kind}"
    )


def _qpy_fields(data: bytes) -> Json:
    return {"circuit": encode_qpy(data), "circuit_format": QPY}


def parameters(values: Parameters | None) -> Json | None:
    """Return the values as JSON, with large arrays as bytes; None without values."""
    return None if values is None else {name: _encode(name, each) for name, each in values.items()}


def _encode(name: str, value: Any) -> Any:
    """Encode large arrays and complex numbers as bytes, and all other values as readable lists.

    A complex number as a list of two numbers would be a sweep of a real input.
    """
    name = f"parameters.{name}"
    if holds_complex(value):
        from quantumtask.client.results import array_codec

        return array_codec.encode_array(array_codec.to_complexes(value))
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind is not None and value.size > MAX_LIST_LENGTH:
        from quantumtask.client.results import array_codec

        if kind in array_codec.DTYPES:
            return array_codec.encode_array(value)
    return to_json(name, value)
