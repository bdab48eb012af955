"""Samplexes: reading, checking and drawing. No other file imports samplomatic.

A samplex comes from a client. The library builds what the text says, so all that decides about
memory or about formats inside of the text is checked here first.
"""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quantumtask.openqasm.inputs.array_codec import ArrayFormatError, decode_array
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.qpy_text import MIN_QPY_VERSION
from quantumtask.shared.task import FailureCode

MISSING_LIBRARY = (
    "randomization: this service has no library for samplexes: install `quantumtask[ibm]` for the "
    "worker"
)
MAX_NODES = 1_000_000
"""Largest id of a node of a samplex: the library allocates memory for all ids up to the largest."""

NUMERIC_KINDS = "bfiuc"
"""NumPy's kinds of dtypes of numbers: others are not read."""

MAX_ARRAY_ELEMENTS = 2**31
"""Most elements of an array of one randomization."""

PARAMETER_VALUES = "parameter_values"
"""The array of a samplex that has the values for the inputs of the circuit."""

RANDOMIZATIONS = "num_randomizations"
"""The first dimension of each array that a samplex draws."""


class Samplex:
    """A samplex that is ready to draw."""

    def __init__(self, text: str, arguments: Mapping[str, Any]) -> None:
        """Read a samplex and bind its arguments.

        Args:
            text: The JSON text of the samplex.
            arguments: The values of the arguments, as in the option of the task.

        Raises:
            ResourceError: `engine_unavailable` without the library; `bad_options` for a text or a
                value that is not valid.
        """
        try:
            from samplomatic.serialization import samplex_from_json
            from samplomatic.ssv import SSV
        except ImportError:
            raise ResourceError(FailureCode.ENGINE_UNAVAILABLE, MISSING_LIBRARY) from None
        _check_text(text, SSV)
        with _naming("randomization.samplex: cannot be read"):
            self._samplex = samplex_from_json(text)
            _check_specifications(self._samplex)
            self._samplex.finalize()
        self._inputs = self._samplex.inputs().make_broadcastable()
        for name, value in arguments.items():
            with _naming(f"randomization.arguments: {name[:60]!r}"):
                self._inputs[name] = _decode_argument(value)
        self._check_bound()

    def _check_bound(self) -> None:
        """Raise ResourceError that names the arguments that have no value."""
        missing = [
            each.name
            for each in self._inputs.specs
            if not each.optional and each.name not in self._inputs
        ]
        if missing:
            raise _invalid(
                f"randomization.arguments: the samplex needs {', '.join(map(repr, missing[:10]))}"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape to which the arguments are broadcast."""
        return tuple(map(int, self._inputs.shape))

    @property
    def arrays(self) -> dict[str, tuple[tuple[int, ...], "np.dtype[Any]"]]:
        """For each array that it draws, the shape in one randomization, and the dtype."""
        return {
            each.name: (tuple(each.shape[1:]), np.dtype(each.dtype))
            for each in self._samplex.outputs().specs
        }

    def draw(
        self, index: tuple[int, ...], count: int, rng: np.random.Generator
    ) -> dict[str, NDArray[Any]]:
        """Return arrays with one element for each randomization.

        Args:
            index: The index of the arguments, in their `shape`.
            count: The number of randomizations.
            rng: The source of all randomness.

        Raises:
            ResourceError: `bad_options`: the samplex contradicts itself.
        """
        with _naming("randomization.samplex: cannot be drawn"):
            # One thread: the slot owns the others, and each thread takes of its memory.
            sample = self._samplex.sample(
                self._inputs[index], num_randomizations=count, rng=rng, max_workers=1
            )
        return {name: sample[name] for name in self.arrays}


def _check_text(text: str, newest: int) -> None:
    """Check the version, the graph and the QPY in the text of a samplex, which the library trusts.

    Args:
        text: The text.
        newest: The newest version of the format that the library reads.

    Raises:
        ResourceError: `bad_options`.
    """
    with _naming("randomization.samplex: is not the JSON text of a samplex"):
        document = json.loads(text)
        table = json.loads(document["attrs"]["param_table"])
        _check_version(base64.b64decode(table["circuit_base64"][:64], validate=True))
        version = int(document["attrs"]["ssv"])
        ids = {node["id"] for node in document["nodes"]}
        ends = {link[end] for link in document["links"] for end in ("source", "target")}
    if version > newest:
        raise _invalid(
            f"randomization.samplex: its version (ssv) must be at most {newest}, which the "
            f"samplomatic of this service reads; got {version}: write it with `ssv={newest}`"
        )
    if document.get("directed") is not True or not ends <= ids:
        raise _invalid("randomization.samplex: must be a directed graph whose links have nodes")
    if not all(type(each) is int and 0 <= each <= MAX_NODES for each in ids):
        raise _invalid(
            f"randomization.samplex: each id of a node must be an integer, 0 to {MAX_NODES:,}"
        )


def _check_version(head: bytes) -> None:
    """Check the version of the QPY with the expressions: the library reads every version."""
    if head[:6] != b"QISKIT" or len(head) < 7 or head[6] < MIN_QPY_VERSION:
        raise _invalid(
            f"randomization.samplex: its expressions must be QPY of version {MIN_QPY_VERSION} or "
            "later"
        )


def _check_specifications(samplex: Any) -> None:
    """Check the sizes and the dtypes that the text of a samplex promises."""
    for each in (*samplex.inputs().specs, *samplex.outputs().specs):
        if not isinstance(each.name, str) or not 0 < len(each.name) <= 256:
            raise _invalid("randomization.samplex: each name must have 1 to 256 characters")
        shape = getattr(each, "shape", ())
        sizes = [size for size in shape if not isinstance(size, str)]
        if any(size < 0 for size in sizes) or prod(sizes) > MAX_ARRAY_ELEMENTS:
            raise _invalid(
                f"randomization.samplex: the array {each.name[:60]!r} must have at most "
                f"{MAX_ARRAY_ELEMENTS:,} elements; got the shape {shape!s:.60}"
            )
        if getattr(each, "dtype", np.dtype(float)).kind not in NUMERIC_KINDS:
            raise _invalid(
                f"randomization.samplex: the array {each.name[:60]!r} must hold numbers; got "
                f"{each.dtype!s:.20}"
            )
    for each in samplex.outputs().specs:
        if each.shape[:1] != (RANDOMIZATIONS,) or any(isinstance(n, str) for n in each.shape[1:]):
            raise _invalid(
                f"randomization.samplex: the array {each.name[:60]!r} must have the dimension "
                f"{RANDOMIZATIONS} first, and numbers after it; got {each.shape!s:.60}"
            )


def _decode_argument(value: Any) -> Any:
    """Return the number, the array or the map of an argument."""
    if not isinstance(value, dict):
        return value
    if "terms" in value:
        from qiskit.quantum_info import PauliLindbladMap

        terms = [(letters, places, rate) for letters, places, rate in value["terms"]]
        return PauliLindbladMap.from_sparse_list(terms, value["num_qubits"])
    return decode_array(value)


@contextmanager
def _naming(place: str) -> Iterator[None]:
    """Raise any error of samplomatic about its input as ResourceError, with the place."""
    try:
        yield
    except (ResourceError, MemoryError):
        raise
    except RecursionError:
        raise _invalid(f"{place}: it is nested too deeply") from None
    except (ArrayFormatError, binascii.Error) as error:
        raise _invalid(f"{place}: {error}") from None
    except Exception as error:  # the library has no common root of its errors
        text = " ".join(str(error).split())
        detail = f"{type(error).__name__}: {text}" if text else type(error).__name__
        raise _invalid(f"{place}: {detail[:300]}") from None


def _invalid(message: str) -> ResourceError:
    return ResourceError(FailureCode.BAD_OPTIONS, message)
