"""Options of a task: its outputs, observables, precision and compilation.

The API parses them when a task is submitted, and the slot parses the stored text again: both
accept the same values. The names of backends and the errors of a noise model pass through: only the
worker knows backends and gates.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quantumtask.shared.approximation import (
    PAULI_PROPAGATION,
    Approximation,
    check_approximation,
    parse_approximation,
)
from quantumtask.shared.error_rates import RatesOption, parse_error_rates
from quantumtask.shared.errors import OptionError
from quantumtask.shared.output_kinds import (
    CIRCUIT_FORMATS,
    COMPILE_AUTO,
    COMPILE_MODES,
    COUNTS,
    EXPECTATION_VALUES,
    GRADIENTS,
    MAX_OBSERVABLE_TERMS,
    OBSERVABLE_LETTERS,
    OPENQASM,
    OUTPUT_KINDS,
    QPY,
)
from quantumtask.shared.randomization import Randomization, parse_randomization
from quantumtask.shared.task import SIMULATOR, FailureCode

MIN_PRECISION = 1e-4
"""Smallest precision but 0: it needs 1 / precision**2 = 1e8 shots."""

MAX_DIMENSIONS = 8
"""Limit of the dimensions of an array of observables."""

NoiseOption = str | RatesOption | Mapping[str, Any] | None
"""The name of a backend, rates, or the errors of a noise model."""

Term = Sequence[Any]
"""A Pauli word and its coefficient."""


@dataclass(frozen=True)
class ObservableArray:
    """An array of observables.

    Attributes:
        shape: Shape of the array; () for a single observable.
        observables: The terms of each observable, the last index varying fastest. A term is a Pauli
            word, whose last letter belongs to the first declared qubit, and a finite coefficient.
    """

    shape: tuple[int, ...]
    observables: Sequence[Sequence[Term]]


@dataclass(frozen=True)
class TaskOptions:
    """The options of a task.

    Attributes:
        outputs: The `return` option; some of OUTPUT_KINDS.
        observables: The observables of expectation values.
        precision: Standard error of sampled expectation values; 0: exact values.
        noise: The name of a backend, rates, or errors as in the request; None: that of the backend.
        backend: The name of the backend.
        compile_mode: The `compile` option; one of COMPILE_MODES.
        approximation: Limits of an approximate method; None: the method is exact.
        circuit_format: One of CIRCUIT_FORMATS.
        randomization: The samplex that draws the inputs of the circuit.
    """

    outputs: Sequence[str] = (COUNTS,)
    observables: ObservableArray | None = None
    precision: float = 0.0
    noise: NoiseOption = None
    backend: str = SIMULATOR
    compile_mode: str = COMPILE_AUTO
    approximation: Approximation | None = None
    circuit_format: str = OPENQASM
    randomization: Randomization | None = None

    def check_gradients(self) -> None:
        """Check that a task with gradients has no option that excludes gradients.

        Raises:
            OptionError: the task has noise, a device or a precision, or its circuit has no `input`.
        """
        if GRADIENTS in self.outputs and self.circuit_format != OPENQASM:
            raise _invalid_option(
                f"circuit_format: `{GRADIENTS}` are by the `input` variables of OpenQASM; send the "
                "circuit as OpenQASM"
            )
        device = None if self.backend == SIMULATOR else self.backend
        others = {"precision": self.precision, "noise": self.noise, "backend": device}
        if GRADIENTS in self.outputs and (other := next((o for o in others if others[o]), None)):
            raise _invalid_option(
                f"{other}: not together with `{GRADIENTS}`, which are exact and without noise"
            )

    def check_parameters(self, parameters: object) -> None:
        """Raise OptionError if a circuit has two sources of values for its parameters."""
        if self.randomization and parameters is not None:
            raise _invalid_option("parameters: not together with `randomization`, which draws them")

    def check_method(self, engine: str, method: str | None, memory: bool) -> None:
        """Check the engine, the method and the `memory` of the task against its options.

        Raises:
            OptionError: an option would be ignored, or the method lacks one.
        """
        device = "" if self.backend == SIMULATOR else self.backend
        no_shots = memory and method == PAULI_PROPAGATION
        others = {
            "precision": self.precision, "noise": self.noise, "backend": device, "memory": no_shots,
        }  # fmt: skip
        check_approximation(self.approximation, engine, method, self.outputs, others)


def parse_task_options(options: Mapping[str, Any]) -> TaskOptions:
    """Parse the options of a task; an option that is None is absent.

    Args:
        options: JSON values of `observables`, `precision`, `return`, `noise`, `backend`,
            `compile`, `circuit_format`, `max_bond`, `truncation`, `max_terms` and
            `min_coefficient`, and `randomization`.

    Raises:
        OptionError: an option is not valid.
    """
    present = {name: value for name, value in options.items() if value is not None}
    observables = None
    if "observables" in present:
        observables = parse_observables(present["observables"])
    parsed = TaskOptions(
        _parse_outputs(present.get("return"), observables is not None),
        observables,
        _parse_precision(present.get("precision"), observables is not None),
        parse_noise(present.get("noise")),
        present.get("backend", SIMULATOR),
        _parse_compile_mode(present.get("compile", COMPILE_AUTO)),
        parse_approximation(present),
        _parse_circuit_format(present.get("circuit_format", OPENQASM)),
        _parse_randomization(present),
    )
    parsed.check_gradients()
    if parsed.randomization and parsed.circuit_format != QPY:
        raise _invalid_option(
            f"randomization: needs a circuit in QPY, with `circuit_format` {QPY!r}"
        )
    return parsed


def _parse_outputs(value: Any, has_observables: bool) -> Sequence[str]:
    if value is None:
        return (EXPECTATION_VALUES,) if has_observables else (COUNTS,)
    if not isinstance(value, list) or not 1 <= len(value) <= len(OUTPUT_KINDS):
        raise _invalid_option(f"return: must be a list of any of {', '.join(OUTPUT_KINDS)}")
    unknown = next((kind for kind in value if kind not in OUTPUT_KINDS), None)
    if unknown is not None:
        shown = str(unknown)[:40]
        raise _invalid_option(
            f"return: must be a list of any of {', '.join(OUTPUT_KINDS)}; got {shown!r}"
        )
    of_observables = next((kind for kind in (EXPECTATION_VALUES, GRADIENTS) if kind in value), None)
    if of_observables and not has_observables:
        raise _invalid_option(f"return: `{of_observables}` requires `observables`")
    if has_observables and not of_observables:
        raise _invalid_option(
            f"return: `observables` require `{EXPECTATION_VALUES}` or `{GRADIENTS}`"
        )
    return value


def _parse_precision(value: Any, has_observables: bool) -> float:
    if value is None:
        return 0.0
    if not has_observables:
        raise _invalid_option("precision: only allowed together with `observables`")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not _is_finite(value) or 0 != value < MIN_PRECISION:
        raise _invalid_option(
            f"precision: must be 0 (exact), or at least {MIN_PRECISION:g}; got {_shorten(value)}"
        )
    return float(value)


def parse_noise(value: Any) -> NoiseOption:
    """Parse the `noise` option; raise OptionError for wrong rates."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict) and "errors" in value:
        return value
    return parse_error_rates(value)


def _parse_randomization(present: Mapping[str, Any]) -> Randomization | None:
    return parse_randomization(present["randomization"]) if "randomization" in present else None


def _parse_compile_mode(value: Any) -> str:
    if value not in COMPILE_MODES:
        raise _invalid_option(
            f"compile: must be one of {', '.join(COMPILE_MODES)}; got {_shorten(value)}"
        )
    return str(value)


def circuit_format(options: str | None) -> str:
    """Return the format of the circuit of a task, whose options the API has checked."""
    if options is None or '"circuit_format"' not in options:  # megabytes, which need no parser
        return OPENQASM
    value: str = json.loads(options).get("circuit_format", OPENQASM)
    return value


def _parse_circuit_format(value: Any) -> str:
    if value not in CIRCUIT_FORMATS:
        raise _invalid_option(
            f"circuit_format: must be one of {', '.join(CIRCUIT_FORMATS)}; got {_shorten(value)}"
        )
    return str(value)


def parse_observables(value: Any) -> ObservableArray:
    """Parse an observable, or nested lists of observables.

    An observable is a Pauli word or a list of terms `[word, coefficient]`.

    Raises:
        OptionError: the value is neither; the lists are no array; there are too many dimensions or
            terms.
    """
    shape, observables = _parse_array(value, MAX_DIMENSIONS)
    terms = sum(map(len, observables))
    if terms > MAX_OBSERVABLE_TERMS:
        raise _invalid_observable(
            f"must have at most {MAX_OBSERVABLE_TERMS:,} terms; got {terms:,}"
        )
    for observable in observables:
        _check_terms(observable)
    return ObservableArray(shape, observables)


def _parse_array(value: Any, dimensions: int) -> tuple[tuple[int, ...], list[Sequence[Term]]]:
    """Return the shape of an array, and its observables, the last index varying fastest."""
    if isinstance(value, str):
        return (), [[(value, 1.0)]]
    if not isinstance(value, list) or not value:
        raise _invalid_observable(
            'each must be a Pauli word such as "ZZ", or a list of terms such as [["ZZ", 0.5]]'
        )
    if all(map(_is_term, value)):
        return (), [value]
    if not dimensions:
        raise _invalid_observable(f"must have at most {MAX_DIMENSIONS} dimensions")
    parts = [_parse_array(item, dimensions - 1) for item in value]
    shapes = {shape for shape, _ in parts}
    if len(shapes) > 1:
        first, second = sorted(shapes)[:2]
        raise _invalid_observable(
            f"must be an array; got items of the shapes {first} and {second} in one list"
        )
    return (len(value), *shapes.pop()), [each for _, items in parts for each in items]


def _is_term(value: Any) -> bool:
    if not isinstance(value, list) or len(value) != 2 or not isinstance(value[0], str):
        return False
    return isinstance(value[1], int | float) and not isinstance(value[1], bool)


def _check_terms(terms: Sequence[Term]) -> None:
    for word, coefficient in terms:
        if not word or not OBSERVABLE_LETTERS.issuperset(word):
            raise _invalid_observable(
                f"{_shorten(word)} must be letters of I X Y Z 0 1 + - r l, one for each qubit"
            )
        if not _is_finite(coefficient):
            raise _invalid_observable(f"the coefficient of {_shorten(word)} must be finite")


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # an integer beyond the range of float
        return False


def _shorten(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 42 else f"{text[:40]}…"


def _invalid_option(message: str) -> OptionError:
    return OptionError(FailureCode.BAD_OPTIONS, message)


def _invalid_observable(message: str) -> OptionError:
    return OptionError(FailureCode.BAD_OBSERVABLE, f"observables: {message}")
