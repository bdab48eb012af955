"""Arguments of gates: numbers and expressions of parameters as OpenQASM."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression

_PROBE = 0.7071
"""Where a sum is compared with the expression that it stands for."""


def number(value: Any) -> str:
    """A real number, written so that exactly it is read. Raises ValueError for others."""
    real, imaginary = complex(value).real, complex(value).imag
    if imaginary or not math.isfinite(real):
        raise ValueError(f"{value} is no finite real number")
    return repr(real)


def weighted(expression: ParameterExpression) -> tuple[dict[Parameter, float], float] | None:
    """The weight of each parameter, and a constant; None where it is no weighted sum of them."""
    if isinstance(expression, Parameter):
        return {expression: 1.0}, 0.0
    try:
        weights = {p: _real(expression.gradient(p)) for p in expression.parameters}
        constant = _at(expression, dict.fromkeys(weights, 0.0))
        probe = {p: _PROBE * (k + 1) for k, p in enumerate(weights)}
        expected = constant + sum(w * probe[p] for p, w in weights.items())
        agrees = math.isclose(_at(expression, probe), expected, rel_tol=1e-9, abs_tol=1e-12)
    except (TypeError, ValueError, ArithmeticError, RuntimeError):
        return None
    return (weights, constant) if agrees else None


def total(weights: Mapping[str, float], constant: float) -> str:
    """A weighted sum of named values."""
    terms = [name if w == 1 else f"{number(w)}*{name}" for name, w in weights.items()]
    if constant or not terms:
        terms.append(number(constant))
    return " + ".join(terms)


def values(
    expression: ParameterExpression, given: Mapping[Parameter, np.ndarray[Any, Any]]
) -> np.ndarray[Any, Any]:
    """The expression at each point of arrays of one shape, as float64.

    Raises ValueError where it is not real.
    """
    if isinstance(expression, Parameter):
        return np.asarray(given[expression], dtype=np.float64)
    used = [(p, np.asarray(given[p], dtype=np.float64)) for p in expression.parameters]
    shape = np.broadcast_shapes(*(array.shape for _, array in used))
    result = np.empty(shape, dtype=np.float64)
    for index in np.ndindex(*shape):
        result[index] = _at(expression, {p: float(array[index]) for p, array in used})
    return result


def _at(expression: ParameterExpression, point: Mapping[Parameter, float]) -> float:
    return _real(expression.bind(point))


def _real(value: Any) -> float:
    """A number as float; ValueError for an expression that still has parameters, or is complex."""
    if isinstance(value, ParameterExpression):
        if value.parameters:
            raise ValueError("not a number")
        value = value.numeric()
    if complex(value).imag:
        raise ValueError(f"{value} is no real number")
    return float(complex(value).real)
