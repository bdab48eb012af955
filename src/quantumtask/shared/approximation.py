"""Options of approximate methods: `max_bond`, `truncation`, `max_terms` and `min_coefficient`.

A method is approximate only if a task asks for it by its name and by one of these options. The API
checks them when a task is submitted, and the slot checks them again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from quantumtask.shared.errors import OptionError
from quantumtask.shared.output_kinds import COUNTS, EXPECTATION_VALUES, MEMORY, REGISTER_MEMORY
from quantumtask.shared.task import AUTO, FailureCode

MATRIX_PRODUCT_STATE, PAULI_PROPAGATION = "matrix_product_state", "pauli_propagation"
"""The approximate methods."""

APPROXIMATION_OPTIONS = {
    "max_bond": MATRIX_PRODUCT_STATE,
    "truncation": MATRIX_PRODUCT_STATE,
    "max_terms": PAULI_PROPAGATION,
    "min_coefficient": PAULI_PROPAGATION,
}
"""The method of each option."""

APPROXIMATE_ENGINES = {MATRIX_PRODUCT_STATE: "quantumtask", PAULI_PROPAGATION: "pauli_prop"}
"""The engine of each approximate method."""

OUTPUTS = {
    MATRIX_PRODUCT_STATE: (COUNTS, MEMORY, REGISTER_MEMORY, EXPECTATION_VALUES),
    PAULI_PROPAGATION: (EXPECTATION_VALUES,),
}
"""The outputs of each approximate method."""

MAX_BOND, MAX_TERMS = 4_096, 100_000_000
"""Largest values of `max_bond` and of `max_terms`."""


@dataclass(frozen=True)
class Approximation:
    """Limits of the terms that an approximate method keeps; None where an option is absent.

    Attributes:
        method: One of APPROXIMATE_ENGINES.
        max_bond: Largest bond dimension of a matrix product state.
        truncation: Largest weight that one gate may drop: the sum of the squares of the dropped
            Schmidt coefficients, of a total of 1.
        max_terms: Largest number of Pauli words of an observable.
        min_coefficient: Words with a smaller coefficient are dropped.
    """

    method: str
    max_bond: int | None = None
    truncation: float | None = None
    max_terms: int | None = None
    min_coefficient: float | None = None


def parse_approximation(options: Mapping[str, Any]) -> Approximation | None:
    """Parse the options of an approximate method; None if there are none.

    Raises:
        OptionError: a value is not valid, or two options belong to different methods.
    """
    present = {name: options[name] for name in APPROXIMATION_OPTIONS if name in options}
    if not present:
        return None
    methods = {APPROXIMATION_OPTIONS[name]: name for name in present}
    if len(methods) > 1:
        first, second = methods.values()
        raise _invalid(f"{second}: not together with `{first}`, which belongs to another method")
    for name, largest in (("max_bond", MAX_BOND), ("max_terms", MAX_TERMS)):
        if name in present and not _is_count(present[name], largest):
            raise _invalid(
                f"{name}: must be an integer, 1 to {largest:,}; got {str(present[name])[:40]}"
            )
    for name in ("truncation", "min_coefficient"):
        if name in present and not _is_fraction(present[name]):
            raise _invalid(
                f"{name}: must be at least 0 and less than 1; got {str(present[name])[:40]}"
            )
    return Approximation(next(iter(methods)), **present)


def check_approximation(
    approximation: Approximation | None,
    engine: str,
    method: str | None,
    outputs: Sequence[str],
    others: Mapping[str, Any],
) -> None:
    """Check that a task and its options of an approximate method fit each other.

    Args:
        engine: The engine that the task names, or AUTO.
        method: The method that the task names.
        outputs: The outputs of the task.
        others: Values of options that approximate methods do not have, by name; a value that is
            not true is absent.

    Raises:
        OptionError: an option would be ignored, or is missing.
    """
    if approximation is None:
        _check_exact(engine, method)
        return
    name = _first_option(approximation)
    if method != approximation.method:
        raise _invalid(f"{name}: requires the method {approximation.method}; got {method or AUTO}")
    own = APPROXIMATE_ENGINES[method]
    if engine not in (AUTO, own):
        raise _invalid(
            f"{name}: only the engine {own} bounds the error; got {engine}; omit `engine`"
        )
    if wrong := [kind for kind in outputs if kind not in OUTPUTS[method]]:
        allowed = ", ".join(OUTPUTS[method])
        raise _invalid(f"return: with `{name}`, any of {allowed}; got {wrong[0]}")
    if other := next((each for each, value in others.items() if value), None):
        raise _invalid(f"{other}: not together with `{name}`; omit one of them")


def _check_exact(engine: str, method: str | None) -> None:
    """Raise OptionError if a task without options of an approximate method names one."""
    if method == PAULI_PROPAGATION or engine == APPROXIMATE_ENGINES[PAULI_PROPAGATION]:
        raise _missing_option(PAULI_PROPAGATION)
    if method == MATRIX_PRODUCT_STATE and engine == APPROXIMATE_ENGINES[MATRIX_PRODUCT_STATE]:
        raise _missing_option(MATRIX_PRODUCT_STATE)


def _missing_option(method: str) -> OptionError:
    names = [f"`{name}`" for name, of in APPROXIMATION_OPTIONS.items() if of == method]
    return _invalid(
        f"method: {method} of {APPROXIMATE_ENGINES[method]} is approximate: "
        f"give {' or '.join(names)}"
    )


def _first_option(approximation: Approximation) -> str:
    names = APPROXIMATION_OPTIONS
    return next(name for name in names if getattr(approximation, name) is not None)


def _is_count(value: Any, largest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= largest


def _is_fraction(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1


def _invalid(message: str) -> OptionError:
    return OptionError(FailureCode.BAD_OPTIONS, message)
