"""Request models of a noise model: errors by instruction and qubits, readout errors.

The form is that of `qiskit_aer.noise.NoiseModel.to_dict(serializable=True)`.
"""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    FailFast,
    Field,
    Tag,
)
from typing_extensions import TypedDict

from quantumtask.api.schemas.body_part import BodyPart

QUANTUM_TAG, READOUT_TAG = "qerror", "roerror"

MAX_ERRORS = 20_000
MAX_ERROR_TERMS = 4_096
MAX_ERROR_QUBITS = 4
"""Limits of errors in a model, of terms in an error, and of qubits of an error."""

SUM_TOLERANCE = 1e-6

Probability = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
InstructionName = Annotated[str, Field(min_length=1, max_length=100)]
Qubit = Annotated[int, Field(ge=0, le=1_000_000)]
QubitLists = Annotated[
    list[Annotated[list[Qubit], Field(min_length=1, max_length=MAX_ERROR_QUBITS)]],
    FailFast(),
    Field(min_length=1, max_length=MAX_ERRORS, description="Lists of qubits; default: all qubits."),
]


CONFIG = ConfigDict(strict=True, extra="forbid")


class ErrorStep(TypedDict):
    """One step of an error: a gate, `reset`, `pauli`, `unitary` or `kraus`.

    `qubits` count from 0 within the error. `params` has the angles of a gate, one word for `pauli`
    (the last letter belongs to the first qubit), one matrix for `unitary`, or all operators for
    `kraus`; a matrix is a list of rows of [re, im].
    """

    __pydantic_config__ = CONFIG  # type: ignore[misc]
    name: InstructionName
    qubits: Annotated[
        list[Annotated[int, Field(ge=0, lt=MAX_ERROR_QUBITS)]],
        Field(min_length=1, max_length=MAX_ERROR_QUBITS),
    ]
    params: NotRequired[Annotated[list[Any], Field(max_length=4**MAX_ERROR_QUBITS)]]
    label: NotRequired[Annotated[str, Field(max_length=100)]]


class QuantumError(TypedDict):
    """An error: steps with probabilities, applied after the operations, and before `measure`."""

    __pydantic_config__ = CONFIG  # type: ignore[misc]
    type: Literal["qerror"]
    operations: Annotated[
        list[InstructionName],
        FailFast(),
        Field(min_length=1, max_length=1_000, description="Names of gates, `measure`, `reset`."),
    ]
    instructions: Annotated[
        list[list[ErrorStep]], FailFast(), Field(min_length=1, max_length=MAX_ERROR_TERMS)
    ]
    probabilities: Annotated[list[Probability], FailFast(), Field(max_length=MAX_ERROR_TERMS)]
    gate_qubits: NotRequired[QubitLists]
    id: NotRequired[Annotated[str, Field(max_length=100)]]


class ReadoutError(TypedDict):
    """Readout error: row m has the probabilities that a measured m is read as 0 and as 1."""

    __pydantic_config__ = CONFIG  # type: ignore[misc]
    type: Literal["roerror"]
    operations: NotRequired[Annotated[list[Literal["measure"]], Field(max_length=1)]]
    probabilities: Annotated[
        list[Annotated[list[Probability], Field(min_length=2, max_length=2)]],
        Field(min_length=2, max_length=2),
    ]
    gate_qubits: NotRequired[QubitLists]


def _validate_quantum_error(error: QuantumError) -> QuantumError:
    terms, probabilities = len(error["instructions"]), error["probabilities"]
    if len(probabilities) != terms:
        raise ValueError(
            f"probabilities: must be {terms}, one for each of `instructions`; "
            f"got {len(probabilities)}"
        )
    _check_sum(probabilities)
    return error


def _validate_readout_error(error: ReadoutError) -> ReadoutError:
    for row in error["probabilities"]:
        _check_sum(row)
    if any(len(qubits) > 1 for qubits in error.get("gate_qubits") or ()):
        raise ValueError(
            "gate_qubits: a readout error must have one qubit; send one error for each qubit"
        )
    return error


def _check_sum(probabilities: Sequence[float]) -> None:
    total = math.fsum(probabilities)
    if abs(total - 1) > SUM_TOLERANCE:
        raise ValueError(f"probabilities: must sum to 1; the sum is {total:.9g}")


def _error_tag(value: Any) -> str:
    return (
        READOUT_TAG if isinstance(value, dict) and value.get("type") == READOUT_TAG else QUANTUM_TAG
    )


Error = Annotated[
    Annotated[QuantumError, AfterValidator(_validate_quantum_error), Tag(QUANTUM_TAG)]
    | Annotated[ReadoutError, AfterValidator(_validate_readout_error), Tag(READOUT_TAG)],
    Discriminator(_error_tag),
]


class NoiseErrors(BodyPart):
    """A noise model: errors by instruction and qubits, in the form of Aer's NoiseModel."""

    errors: Annotated[list[Error], FailFast(), Field(max_length=MAX_ERRORS)]
    basis_gates: Annotated[list[InstructionName], FailFast()] = Field(
        default=[],
        max_length=10_000,
        description="Gates that are one instruction each and have no error.",
    )
