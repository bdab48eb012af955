"""Derivatives of the angles of a circuit's gates by the inputs of its program.

The compiler traces the gates of a program for values of its inputs. If the angles are linear
functions of the inputs, their differences between two traces are exact derivatives; another trace
checks that they are.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from quantumtask.engines.observables.observable import FloatArray
from quantumtask.openqasm.program.operations import MatrixGate, Operation
from quantumtask.openqasm.program.program import BoundInputs, Circuit, Program
from quantumtask.shared.errors import ResourceError
from quantumtask.shared.task import FailureCode

GOLDEN_RATIO = (5**0.5 - 1) / 2
"""Its multiples, modulo 1, have no common pattern."""

TOLERANCE = 1e-9
"""Largest distance of an angle from a linear function, relative to the angle."""

MIN_SLOPE = 1e-14
"""Smallest derivative, relative to the angle; smaller ones are differences of rounded angles."""

MAX_INPUT = 1e6
"""Largest input: beyond, the differences of angles lose digits."""


@dataclass(frozen=True, eq=False)
class AngleJacobian:
    """Derivatives of all angles of a circuit by the `float` inputs of its program.

    Attributes:
        inputs: Names of the inputs.
        matrix: [angles, inputs]; the angles are in the order of the operations.
    """

    inputs: tuple[str, ...]
    matrix: FloatArray


def angle_jacobian(program: Program) -> AngleJacobian:
    """Return the derivatives of the angles of a program's circuit.

    Raises:
        ResourceError: The program has no `float` input, or inputs of other types that may have
            derivatives (`bad_options`); its angles or its gates are no linear functions of the
            inputs (`not_exact`).
    """
    inputs = program.inputs() if program.inputs else None
    numbers = _float_inputs(inputs)
    assert inputs is not None
    values = np.array([float(inputs.values[k]) for k in numbers])
    if np.any(np.abs(values) > MAX_INPUT):
        raise _not_linear(f"an input is larger than {MAX_INPUT:,.0f}")
    base = _angles(program.circuit, program)
    matrix = np.empty((len(base), len(numbers)))
    for column, point in enumerate(values + np.eye(len(values))):
        matrix[:, column] = _angles_at(inputs, numbers, point, program) - base
    matrix[np.abs(matrix) <= MIN_SLOPE * (1 + np.abs(base[:, np.newaxis]))] = 0
    _check_linear(inputs, numbers, values, program, base, matrix)
    return AngleJacobian(tuple(inputs.names[k] for k in numbers), matrix)


def _float_inputs(inputs: BoundInputs | None) -> list[int]:
    """Return the numbers of the `float` inputs."""
    types = () if inputs is None else inputs.types
    for name, kind in zip(() if inputs is None else inputs.names, types, strict=True):
        if kind.startswith(("array[float", "array[angle", "array[complex", "angle", "complex")):
            raise ResourceError(
                FailureCode.BAD_OPTIONS,
                f"return: gradients are by inputs of type float, and `{name}` is of type {kind}: "
                "declare an `input float` for each number",
            )
    numbers = [k for k, kind in enumerate(types) if kind.startswith("float")]
    if not numbers:
        raise ResourceError(
            FailureCode.BAD_OPTIONS,
            "return: gradients need an input of type float: declare an `input float` for each "
            "angle to differentiate by",
        )
    return numbers


def _angles_at(
    inputs: BoundInputs, numbers: list[int], point: FloatArray, program: Program
) -> FloatArray:
    values = list(inputs.values)
    for number, value in zip(numbers, point.tolist(), strict=True):
        values[number] = value
    return _angles(inputs.rebind(values).circuit, program)


def _angles(circuit: Circuit | None, program: Program) -> FloatArray:
    """Return the angles of a circuit that has the same gates as that of a program."""
    assert program.circuit is not None
    if circuit is not program.circuit and not _has_equal_gates(circuit, program.circuit):
        raise _not_linear("the gates depend on an input")
    angles: list[float] = []
    for step in program.circuit.steps if circuit is None else circuit.steps:
        if isinstance(step, Operation):
            angles += step.params
    return np.array(angles)


def _has_equal_gates(one: Circuit | None, other: Circuit) -> bool:
    return (
        one is not None
        and len(one.steps) == len(other.steps)
        and all(map(_is_equal_step, one.steps, other.steps))
    )


def _is_equal_step(one: Any, other: Any) -> bool:
    if not (isinstance(one, Operation) and isinstance(other, Operation)):
        return bool(one == other)
    if (one.qubits, one.controls) != (other.qubits, other.controls):
        return False
    if isinstance(one.gate, MatrixGate) and isinstance(other.gate, MatrixGate):
        return np.array_equal(one.gate.entries, other.gate.entries)
    return one.gate is other.gate


def _check_linear(
    inputs: BoundInputs,
    numbers: list[int],
    values: FloatArray,
    program: Program,
    base: FloatArray,
    matrix: FloatArray,
) -> None:
    """Compare the angles at another point with those of the linear function."""
    shift = 0.25 + 0.5 * (GOLDEN_RATIO * np.arange(1, len(values) + 1) % 1)
    expected = base + matrix @ shift
    angles = _angles_at(inputs, numbers, values - shift, program)
    other = _angles_at(inputs, numbers, values + shift, program)
    limit = TOLERANCE * (1 + np.abs(expected))
    if np.any(np.abs(other - expected) > limit) or np.any(
        np.abs(2 * base - angles - expected) > limit
    ):
        raise _not_linear("an angle is not a linear function of the inputs")


def _not_linear(reason: str) -> ResourceError:
    return ResourceError(
        FailureCode.NOT_EXACT,
        f"there are no exact gradients: {reason}: compute it before, and send its value",
    )
