"""Export of arguments of gates: numbers and expressions of parameters."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression

_PROBE = 0.7071
"""Point at which a sum is compared with the expression that it replaces."""


def number(value: Any) -> str:
    """Return a real number with all its digits. Raise ValueError for other numbers."""
    if type(value) is float and math.isfinite(value):
        return repr(value)
    real, imaginary = complex(value).real, complex(value).imag
    if imaginary or not math.isfinite(real):
        raise ValueError(f"{value} is not a finite real number")
    return repr(real)


def linear_weights(expression: ParameterExpression) -> tuple[dict[Parameter, float], float] | None:
    """Return the weight of each parameter, and a constant; None if it is no weighted sum."""
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
    """Return a weighted sum of named values."""
    terms = [name if w == 1 else f"{number(w)}*{name}" for name, w in weights.items()]
    if constant or not terms:
        terms.append(number(constant))
    return " + ".join(terms)


def values(
    expression: ParameterExpression, points: Mapping[Parameter, np.ndarray[Any, Any]]
) -> np.ndarray[Any, Any]:
    """Return the expression at each point of arrays of one shape, as float64.

    Raises:
        ValueError: A value is not real.
    """
    if isinstance(expression, Parameter):
        return np.asarray(points[expression], dtype=np.float64)
    used = [(p, np.asarray(points[p], dtype=np.float64)) for p in expression.parameters]
    shape = np.broadcast_shapes(*(array.shape for _, array in used))
    result = np.empty(shape, dtype=np.float64)
    for index in np.ndindex(*shape):
        result[index] = _at(expression, {p: float(array[index]) for p, array in used})
    return result


def _at(expression: ParameterExpression, point: Mapping[Parameter, float]) -> float:
    return _real(expression.bind(point))


def _real(value: Any) -> float:
    """Return a float. Raise ValueError for an expression with parameters or a complex value."""
    if isinstance(value, ParameterExpression):
        if value.parameters:
            raise ValueError("not a number")
        value = value.numeric()
    if complex(value).imag:
        raise ValueError(f"{value} is not a real number")
    return float(complex(value).real)
