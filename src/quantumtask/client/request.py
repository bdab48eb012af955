"""What is sent of a task: its circuit as text, its parameters as JSON, its options by name."""

from collections.abc import Mapping, Sequence
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, TypedDict, Unpack, runtime_checkable

from quantumtask.client.connection import Json, given
from quantumtask.client.json_numbers import holds_complex, plain


@runtime_checkable
class QiskitCircuit(Protocol):
    """What a Qiskit QuantumCircuit is known by, without importing Qiskit."""

    num_qubits: int
    num_clbits: int
    data: Any


FEW = 100
"""So many numbers of an array are sent as a list, which people can read."""

CircuitSource = str | PathLike[str] | QiskitCircuit
Parameters = Mapping[str, Any]


class Common(TypedDict, total=False):
    """How circuits are run, one or many; what is left out is left to the service."""

    shots: int | None
    """How often; 1024 if not given."""
    observables: Any
    """One or an array of observables: "ZZ", or [["ZZ", 1.0], ["XI", 0.5]]. The LAST letter belongs
    to the first qubit. Asks for expectation values."""
    precision: float | None
    """The standard error that is good enough; 0 or None: exact values."""
    returns: str | Sequence[str] | None
    """What is wanted: counts, memory, probabilities, statevector, unitary, expectation_values."""
    noise: str | Mapping[str, Any] | None
    """The name of a device twin; an object of `depolarizing`, `thermal` and `readout` rates, or of
    `errors` of instructions, as `NoiseModel.to_dict(serializable=True)` of Qiskit Aer gives it; or,
    beside a `backend`, {"idle": False}, which turns off the decay of idle qubits."""
    backend: str | None
    """A name of `Client.backends`: the circuit is compiled for it, and run with its noise."""
    compile: str | None
    """Compiling for the backend: "always", "never" (qubit k is the device's qubit k), or "auto":
    unless the circuit names physical qubits ($0)."""
    seed: int | None
    """The same seed gives the same counts."""
    memory: bool | None
    """Whether to return the bits of every shot, too."""
    timeout_s: float | None
    """Most seconds that a task may run."""
    engine: str | None
    """A name of `Client.engines`; None: the fastest for the circuit."""
    method: str | None
    """One of that engine's methods."""
    owner: str | None
    """Whose task it is: what waits is shared out fairly among owners."""
    priority: int | None
    """-10 to 10: a higher one goes before all lower ones."""


class Options(Common, total=False):
    """How one circuit is run."""

    parameters: Parameters | None
    """A value for each `input`: a number, True or False, a bit string, an array; with more
    dimensions than the type of the input has, they are a sweep, broadcast as NumPy does."""
    name: str | None
    tags: Sequence[str]
    metadata: Mapping[str, Any] | None
    """A JSON object of your own, kept with the task: at most 16 KiB."""


def body(source: CircuitSource, **options: Unpack[Options]) -> Json:
    """The JSON of a submission. Raises OSError for a file that cannot be read, TypeError."""
    returns = options.pop("returns", None)
    values = options.pop("parameters", None)
    sent = {name: plain(name, value) for name, value in options.items()}
    return given(
        {
            **sent,
            "circuit": text(source),
            "parameters": parameters(values),
            "return": [returns] if isinstance(returns, str) else returns and list(returns),
            "tags": sent.get("tags") or None,
        }
    )


def text(source: CircuitSource) -> str:
    """OpenQASM text: of a text itself, of a file at a Path, of a Qiskit circuit."""
    if isinstance(source, str):
        return source
    if isinstance(source, PathLike):
        return Path(source).read_text("utf-8-sig")
    if isinstance(source, QiskitCircuit):
        return str(import_module("quantumtask.client.qiskit").openqasm(source))
    kind = type(source).__name__
    raise TypeError(f"a circuit is OpenQASM text, a Path or a QuantumCircuit; this is a {kind}")


def parameters(values: Parameters | None) -> Json | None:
    """Values as JSON, NumPy's arrays as their bytes; None where there are none."""
    return None if values is None else {name: _sent(name, each) for name, each in values.items()}


def _sent(name: str, value: Any) -> Any:
    """Encodes large arrays and complex numbers as bytes, all else as readable lists.

    A complex number as a list of two would be a sweep where the input is a real one.
    """
    name = f"parameters.{name}"
    if holds_complex(value):
        from quantumtask.client.results import array_codec

        return array_codec.encoded(array_codec.complexes(value))
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind is not None and value.size > FEW:
        from quantumtask.client.results import array_codec

        if kind in array_codec.DTYPES:
            return array_codec.encoded(value)
    return plain(name, value)
