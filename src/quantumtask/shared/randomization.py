"""The option `randomization`: a samplex, which draws the inputs of a circuit, and its arguments.

A samplex is the distribution that twirls a circuit, as the library samplomatic writes it. The API
checks the form of the option. Only a slot reads the samplex and the arrays.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

from quantumtask.shared.errors import OptionError
from quantumtask.shared.task import FailureCode

MAX_ARGUMENTS = 10_000
"""Most arguments of a samplex."""

MAX_MAP_TERMS = 200_000
"""Most terms of all Pauli-Lindblad maps of a task."""

MAX_ARGUMENT_CHARACTERS = 256

MAX_RANDOMIZATION_DIMENSIONS = 16
"""Most dimensions of the shape of a randomization."""

MAX_RANDOMIZATIONS = 2**31
"""Largest product of a shape; `max_sweep` is less."""

_FIELDS = ("samplex", "arguments", "shape")
_ARRAY_FIELDS = {"dtype", "shape", "data"}
_MAP_FIELDS = {"num_qubits", "terms"}


@dataclass(frozen=True)
class Randomization:
    """A samplex with its arguments, and the shape of the sweep that it draws.

    Attributes:
        samplex: Text of JSON, as samplomatic writes it.
        arguments: By name: a number, an encoded array, or a Pauli-Lindblad map as `num_qubits` and
            `terms`, each of which is letters, their qubits and a rate.
        shape: The shape of the sweep. The shapes of the arguments are broadcast to it; the other
            dimensions are randomizations.
    """

    samplex: str
    arguments: Mapping[str, Any]
    shape: tuple[int, ...]


def parse_randomization(value: Any) -> Randomization:
    """Parse the `randomization` option.

    Raises:
        OptionError: a field is not valid; the message names it.
    """
    if not isinstance(value, dict) or not value.keys() <= set(_FIELDS):
        raise _invalid("", f"must be an object with {', '.join(_FIELDS)} and nothing else")
    samplex = value.get("samplex")
    if not isinstance(samplex, str) or not samplex.strip():
        raise _invalid(".samplex", "must be the JSON text of a samplex")
    arguments = value.get("arguments", {})
    if not isinstance(arguments, dict):
        raise _invalid(".arguments", "must be an object with a value for each name")
    _check_arguments(arguments)
    return Randomization(samplex, arguments, _parse_shape(value.get("shape")))


def _parse_shape(shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, list) or not all(type(size) is int and size >= 1 for size in shape):
        raise _invalid(".shape", f"must be a list of integers, 1 or more; got {shape!s:.60}")
    if len(shape) > MAX_RANDOMIZATION_DIMENSIONS:
        raise _invalid(
            ".shape",
            f"must have at most {MAX_RANDOMIZATION_DIMENSIONS} dimensions; got {len(shape):,}",
        )
    product = 1
    for size in shape:
        product *= min(size, MAX_RANDOMIZATIONS + 1)
        if product > MAX_RANDOMIZATIONS:
            raise _invalid(
                ".shape",
                f"must have a product of at most {MAX_RANDOMIZATIONS:,}; got {shape!s:.60}",
            )
    return tuple(shape)


def _check_arguments(arguments: Mapping[str, Any]) -> None:
    if len(arguments) > MAX_ARGUMENTS:
        raise _invalid(
            ".arguments", f"must be at most {MAX_ARGUMENTS:,} values; got {len(arguments):,}"
        )
    terms = 0
    for name, value in arguments.items():
        if not 0 < len(name) <= MAX_ARGUMENT_CHARACTERS:
            raise _invalid(
                ".arguments", f"each name must have 1 to {MAX_ARGUMENT_CHARACTERS} characters"
            )
        if isinstance(value, dict) and value.keys() == _MAP_FIELDS:
            terms += _check_map(name, value)
        elif isinstance(value, dict):
            _check_array(name, value)
        elif not isinstance(value, bool | int | float) or not _is_finite(value):
            raise _invalid_argument(
                name, "must be a finite number, an encoded array or a Pauli-Lindblad map"
            )
    if terms > MAX_MAP_TERMS:
        raise _invalid(
            ".arguments",
            f"all Pauli-Lindblad maps must have at most {MAX_MAP_TERMS:,} terms; got {terms:,}",
        )


def _is_finite(number: float) -> bool:
    try:
        return isfinite(number)
    except OverflowError:  # an integer beyond the range of float
        return False


def _check_array(name: str, value: Mapping[str, Any]) -> None:
    """Check the fields of an encoded array without decoding it: the slot does that."""
    if value.keys() != _ARRAY_FIELDS:
        raise _invalid_argument(
            name,
            "must have dtype, shape and data (an encoded array), or num_qubits and terms (a "
            "Pauli-Lindblad map)",
        )
    if not all(isinstance(value[field], str) for field in ("dtype", "data")):
        raise _invalid_argument(name, "dtype and data must be texts")


def _check_map(name: str, value: Mapping[str, Any]) -> int:
    """Check a Pauli-Lindblad map, and return the number of its terms."""
    qubits, terms = value["num_qubits"], value["terms"]
    if type(qubits) is not int or not 0 <= qubits <= 1_000_000:
        raise _invalid_argument(name, "num_qubits must be an integer, 0 to 1,000,000")
    if not isinstance(terms, list) or len(terms) > MAX_MAP_TERMS:
        raise _invalid_argument(name, f"terms must be a list of at most {MAX_MAP_TERMS:,}")
    wrong = next((number for number, term in enumerate(terms) if not _is_term(term, qubits)), None)
    if wrong is not None:
        raise _invalid_argument(
            name,
            f"term {wrong:,} must be letters of X Y Z, as many different qubits below {qubits:,}, "
            "and a finite rate",
        )
    return len(terms)


def _is_term(term: Any, qubits: int) -> bool:
    if not isinstance(term, list) or len(term) != 3:
        return False
    letters, places, rate = term
    return (
        isinstance(letters, str)
        and {"X", "Y", "Z"}.issuperset(letters)
        and isinstance(places, list)
        and all(type(place) is int and 0 <= place < qubits for place in places)
        and len(letters) == len(places) == len(set(places))
        and isinstance(rate, int | float)
        and not isinstance(rate, bool)
        and _is_finite(rate)
    )


def _invalid_argument(name: str, message: str) -> OptionError:
    return _invalid(f".arguments: {name[:60]!r}", message)


def _invalid(place: str, message: str) -> OptionError:
    separator = " " if ": " in place else ": "
    return OptionError(FailureCode.BAD_OPTIONS, f"randomization{place}{separator}{message}")
